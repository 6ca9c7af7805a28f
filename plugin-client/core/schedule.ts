/** When to beat. Pure. */

export const DEFAULT_INTERVAL_S = 120;
/** In probation, until the control plane asks for something else. */
export const PROBATION_INTERVAL_S = 15;
/** Urgent beats on failures are no closer together than this. */
const URGENT_GAP_MS = 15_000;

/** The interval asked for, held to the contract's bounds. */
export function boundedIntervalS(seconds: number): number {
  return Math.min(3600, Math.max(5, seconds));
}

/** Up to a tenth early, never late: the control plane's deadline counts from the interval it asked for. */
export function nextBeatDelayMs(intervalS: number, random: number): number {
  return Math.round(intervalS * 1000 * (1 - random * 0.1));
}

/** How long an urgent beat has to wait, after the last urgent one. */
export function urgentDelayMs(lastUrgentAt: number | null, now: number): number {
  return lastUrgentAt === null ? 0 : Math.max(0, lastUrgentAt + URGENT_GAP_MS - now);
}
