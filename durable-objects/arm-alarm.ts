/** The only caller of `setAlarm` for the small objects: one platform alarm over all deadlines of an object. */

/** An alarm set to this very moment inside `alarm()` breaks the chain (observed in workerd): keep a little distance. */
const MIN_DISTANCE_MS = 50;
/** Armed before fallible work: whatever that work does to the object, it wakes again. */
export const SAFETY_MS = 15_000;

/** Arms the alarm for `at` (ms since epoch, at once when past); null switches it off. Works inside `transactionSync`. */
export function armAlarm(
  storage: Pick<DurableObjectStorage, "setAlarm" | "deleteAlarm">,
  at: number | null,
  now: number,
): void {
  // Not awaited: writes are ordered, and the output gate holds every answer back until they are durable.
  if (at === null) void storage.deleteAlarm();
  else void storage.setAlarm(Math.max(at, now + MIN_DISTANCE_MS));
}
