/**
 * Admits smoke tests: a few at a time, a bounded number waiting, each distinct request once. A request repeated while
 * it runs joins it; one repeated soon after gets the same answer.
 */
import { CACHE_ENTRIES, CACHE_MS, CONCURRENCY, MAX_WAITING } from "./limits.ts";

export interface QueueLimits {
  concurrency: number;
  maxWaiting: number;
  cacheEntries: number;
  cacheMs: number;
}

const DEFAULT_LIMITS: QueueLimits = {
  concurrency: CONCURRENCY,
  maxWaiting: MAX_WAITING,
  cacheEntries: CACHE_ENTRIES,
  cacheMs: CACHE_MS,
};

export interface SmokeQueue<T> {
  /** The answer to come, or null when too many are waiting. */
  submit(key: string, work: () => Promise<T>, isFinal: (answer: T) => boolean): Promise<T> | null;
  running(): number;
  waiting(): number;
}

/** `isFinal` of a job tells whether its answer may be kept: an outage on the way says nothing about the release. */
export function createSmokeQueue<T>(limits: QueueLimits = DEFAULT_LIMITS, now = Date.now): SmokeQueue<T> {
  const open = new Map<string, Promise<T>>();
  const finished = new Map<string, { answer: T; until: number }>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const keep = (key: string, answer: T) => {
    finished.set(key, { answer, until: now() + limits.cacheMs });
    // A Map lists its oldest entry first.
    const [oldest] = finished.keys();
    if (finished.size > limits.cacheEntries && oldest !== undefined) finished.delete(oldest);
  };
  const perform = async (work: () => Promise<T>): Promise<T> => {
    // The one that ends hands its place over, so that nobody slips in between.
    if (running >= limits.concurrency) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };

  return {
    submit(key, work, isFinal) {
      const known = finished.get(key);
      if (known && known.until > now()) return Promise.resolve(known.answer);
      finished.delete(key);
      const joined = open.get(key);
      if (joined) return joined;
      if (running >= limits.concurrency && waiting.length >= limits.maxWaiting) return null;
      const job = perform(work)
        .then((answer) => {
          if (isFinal(answer)) keep(key, answer);
          return answer;
        })
        .finally(() => open.delete(key));
      open.set(key, job);
      return job;
    },
    running: () => running,
    waiting: () => waiting.length,
  };
}
