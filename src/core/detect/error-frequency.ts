/** The most frequent error fingerprints with their counts, in bounded space (Metwally et al. 2005, "space saving"). Pure. */
import { NEW_ERROR } from "./detection-tuning.ts";

/** Fingerprint, count so far (an upper bound once the list has been full), and count that halves every hour. */
export type FrequentError = [fingerprint: string, total: number, recent: number];

/** Adds one report. When the list is full, the entry that matters least gives way. */
export function countError(
  list: readonly FrequentError[],
  fingerprint: string,
  count: number,
): FrequentError[] {
  const at = list.findIndex(([known]) => known === fingerprint);
  const entry = list[at];
  if (entry !== undefined) {
    return list.with(at, [
      fingerprint,
      Math.min(entry[1] + count, 1e12),
      round(Math.min(entry[2] + count, 1e9)),
    ]);
  }
  const added: FrequentError = [fingerprint, count, count];
  if (list.length < NEW_ERROR.maxFrequent) return [...list, added];
  const least = leastFrequent(list);
  return list.with(least, [fingerprint, (list[least]?.[1] ?? 0) + count, count]);
}

/** Lets the recent counts fade by `elapsedMs`. */
export function fadeErrors(list: readonly FrequentError[], elapsedMs: number): FrequentError[] {
  const factor = 0.5 ** (Math.max(0, elapsedMs) / NEW_ERROR.recentHalfLifeMs);
  return list.map(([fingerprint, total, recent]) => [fingerprint, total, round(recent * factor)]);
}

/** The fingerprint reported most in about the last hour; "" when there is none. */
export function dominantError(list: readonly FrequentError[]): string {
  let best: FrequentError | null = null;
  for (const entry of list) if (entry[2] > 0 && (best === null || entry[2] > best[2])) best = entry;
  return best?.[0] ?? "";
}

function leastFrequent(list: readonly FrequentError[]): number {
  let least = 0;
  for (const [i, entry] of list.entries()) if (entry[1] < (list[least]?.[1] ?? 0)) least = i;
  return least;
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
