/** One core's share: a fleet comes in, what was seen of it goes out. A thread for each: its globals are the simulation's. */
import { parentPort, workerData } from "node:worker_threads";
import { installModules } from "../../sim/virtual-realm.ts";
import type { Part } from "./parts.ts";

// What the objects log is their affair; the benchmark reports what they did.
console.warn = () => {};
console.error = () => {};
installModules();
const { Fleet } = await import("./fleet.ts");
const part = workerData as Part; // given by run.ts
parentPort?.postMessage(await new Fleet(part).run());
