/** When a message that was not taken is sent again, and when it is given up. Pure. */

const FIRST_MS = 2_000;
const CAP_MS = 15 * 60_000;
/** A receiver that is down deserves at least this much rest. */
const FLOOR_MS = 500;
/** Longer than a night; older news misleads more than it helps, and the record of it stays. */
export const GIVE_UP_MS = 24 * 3_600_000;

/**
 * Back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 *
 * @param tries that have failed, this one included
 * @param random in [0, 1)
 */
export function retryMs(tries: number, random: number): number {
  const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(tries - 1, 16));
  return Math.max(FLOOR_MS, Math.floor(random * ceiling));
}
