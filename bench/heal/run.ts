/** Runs the parts, each in a thread of its own, as many at a time as there are cores for. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { WeekSeen } from "./observe.ts";
import type { Part } from "./parts.ts";

/** Two are what the time limits are promised for. */
const MAX_WORKERS = 2;
/** Young objects die in the young generation: a third less time than with the default. */
const YOUNG_MB = 192;

/** `onDone`: called after each part. Rejects when a part throws. */
export async function runParts(parts: readonly Part[], onDone: (done: number) => void): Promise<WeekSeen[]> {
  const results = new Array<WeekSeen>(parts.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < parts.length) {
      const at = next++;
      const part = parts[at];
      if (part === undefined) return;
      results[at] = await simulate(part);
      onDone(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(MAX_WORKERS, availableParallelism())) }, work));
  return results;
}

function simulate(part: Part): Promise<WeekSeen> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: part,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: 3000 },
    });
    worker.once("message", (seen: WeekSeen) => {
      resolve(seen);
      void worker.terminate();
    });
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`worker ended with code ${code}`)));
  });
}
