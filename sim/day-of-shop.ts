/** How busy a shop is over a day and a week, as a factor on its daily mean. Times are UTC, the shop's midnight is `shiftHours` away. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A smooth day: `1 + depth * sin`, with its trough at night. Its mean is 1; `depth` below 1. */
export function smoothDay(atMs: number, depth: number, shiftHours: number): number {
  const hour = hourOfShop(atMs, shiftHours);
  return 1 + depth * Math.sin(((hour - 10) / 24) * 2 * Math.PI);
}

/**
 * Visitors of a shop that sleeps: `night` of the day's rate from midnight to six, a ramp of an hour on either side, the full rate in
 * between; `weekend` times that on Saturdays and Sundays.
 */
export function visitorsOfDay(
  atMs: number,
  { night, weekend, shiftHours }: { night: number; weekend: number; shiftHours: number },
): number {
  const hour = hourOfShop(atMs, shiftHours);
  const awake = hour < 6 ? 0 : hour < 7 ? hour - 6 : hour < 23 ? 1 : 24 - hour;
  // The epoch was a Thursday.
  const day = (Math.floor((atMs + shiftHours * HOUR_MS) / DAY_MS) + 4) % 7;
  return (night + (1 - night) * awake) * (day === 0 || day === 6 ? weekend : 1);
}

function hourOfShop(atMs: number, shiftHours: number): number {
  return (((atMs / HOUR_MS + shiftHours) % 24) + 24) % 24;
}
