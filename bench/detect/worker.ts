/** One core's share of the benchmark: a job comes in, its figures go out. */
import { parentPort, workerData } from "node:worker_threads";
import type { Sample } from "../sample.ts";
import type { Job } from "./run.ts";
import { SECTIONS } from "./sections.ts";

const options = workerData as Sample; // given by run.ts

parentPort?.on("message", ({ section, part }: Job) => {
  const owner = SECTIONS.find(({ name }) => name === section);
  if (owner === undefined) throw new Error(`no section ${section}`);
  parentPort?.postMessage(owner.run(part, options));
});
