/** Pure: so many per minute of the clock, and not one more. A memory only: who forgets it grants a minute's worth twice. */

export interface MinuteBudget {
  minute: number;
  taken: number;
}

export const FRESH_BUDGET: MinuteBudget = { minute: 0, taken: 0 };

/** Looks at shops from outside, in the whole fleet: enough for every shop of a large host, no flood from one address of ours. */
export const PROBES_PER_MINUTE = 300;

export function takeFrom(
  budget: MinuteBudget,
  limit: number,
  now: number,
): { granted: boolean; next: MinuteBudget } {
  const minute = Math.floor(now / 60_000);
  const taken = budget.minute === minute ? budget.taken : 0;
  return taken >= limit
    ? { granted: false, next: { minute, taken } }
    : { granted: true, next: { minute, taken: taken + 1 } };
}
