/** Pure. Reconnection delays: exponential with full jitter, so that a restart is not met by every browser at once. */

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * @param tries attempts that have failed before this one
 * @param random in [0, 1)
 * @returns milliseconds to wait, at least 250
 */
export function backoffMs(tries: number, random: number): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(tries, 16));
  return Math.max(250, Math.round(ceiling * random));
}
