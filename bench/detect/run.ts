/** Runs the parts of all sections on the cores there are; the figures do not depend on how many that is. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Sample } from "../sample.ts";
import type { Figures, Part, Section } from "./section.ts";

export interface Job {
  section: string;
  part: Part;
}

export interface SectionResults {
  section: Section;
  results: { part: Part; figures: Figures }[];
}

/** Two are what the time limits are promised for. */
const MAX_WORKERS = 2;

/** `onDone`: called after each part. Rejects when a part throws. */
export async function runSections(
  sections: readonly Section[],
  options: Sample,
  onDone: (done: number, all: number) => void,
): Promise<SectionResults[]> {
  const jobs: Job[] = sections.flatMap((section) =>
    section.parts(options).map((part) => ({ section: section.name, part })),
  );
  const figures = new Array<Figures>(jobs.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: options });
    try {
      while (next < jobs.length) {
        const at = next++;
        figures[at] = await ask(worker, jobs[at]);
        onDone(++done, jobs.length);
      }
    } finally {
      await worker.terminate();
    }
  };
  const workers = Math.max(1, Math.min(MAX_WORKERS, availableParallelism(), jobs.length));
  await Promise.all(Array.from({ length: workers }, work));
  return sections.map((section) => ({
    section,
    results: jobs.flatMap((job, at) =>
      job.section === section.name ? [{ part: job.part, figures: figures[at] ?? {} }] : [],
    ),
  }));
}

function ask(worker: Worker, job: Job | undefined): Promise<Figures> {
  const { promise, resolve, reject } = Promise.withResolvers<Figures>();
  const ended = (code: number): void => reject(new Error(`worker ended with code ${code}`));
  worker.once("message", resolve).once("error", reject).once("exit", ended);
  worker.postMessage(job);
  return promise.finally(() => worker.off("message", resolve).off("error", reject).off("exit", ended));
}
