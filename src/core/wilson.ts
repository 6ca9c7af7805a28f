/** Wilson's score interval of a share: honest at small samples, where p +/- 2 sd is not (Wilson 1927). Pure. */

export interface Interval {
  low: number;
  high: number;
}

/** 95 % two-sided. */
const Z = 1.959964;

/** Interval of the share `hits / trials`; without trials it is everything from 0 to 1. */
export function wilsonInterval(hits: number, trials: number): Interval {
  if (trials <= 0) return { low: 0, high: 1 };
  const share = Math.min(1, Math.max(0, hits / trials));
  const z2 = (Z * Z) / trials;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials));
  return {
    low: hits <= 0 ? 0 : Math.max(0, middle - half),
    high: hits >= trials ? 1 : Math.min(1, middle + half),
  };
}
