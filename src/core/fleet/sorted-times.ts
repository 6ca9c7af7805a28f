/** Pure: counting in a sorted list of instants. */

/** How many of the rising `times` lie at or before `cutoff`. */
export function countUpTo(times: readonly number[], cutoff: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= cutoff) low = middle + 1;
    else high = middle;
  }
  return low;
}
