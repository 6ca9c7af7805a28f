/**
 * Does an incident come and go? Counts its returns in a day, with separate levels to enter and to leave, as Nagios does with
 * state changes (its manual, "Detection and Handling of State Flapping"). Pure.
 */

/** Returns older than this no longer count. */
export const FLAP_WINDOW_MS = 86_400_000;
/** So many returns make it flapping; at this few it is calm again. Between the two it stays what it was. */
export const FLAP_ENTER = 3;
export const FLAP_LEAVE = 1;
/** Moments that need to be remembered. */
export const FLAP_MEMORY = 8;

/** The returns that count, this one with them. */
export function withReturn(returns: readonly number[], now: number): number[] {
  return [...returns.filter((at) => now - at < FLAP_WINDOW_MS), now].slice(-FLAP_MEMORY);
}

export function isFlapping(returns: readonly number[], was: boolean, now: number): boolean {
  const recent = returns.filter((at) => now - at < FLAP_WINDOW_MS).length;
  return was ? recent > FLAP_LEAVE : recent >= FLAP_ENTER;
}
