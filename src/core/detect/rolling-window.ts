/**
 * A ring of time slots, each holding four sums. Slots are aligned to the epoch; time never runs backwards inside a window.
 * Stored flat, so that a day of hours costs a few hundred bytes. Pure.
 */

export const SUM_NAMES = ["errors", "requests", "webhooks_sent", "webhooks_failed"] as const;
export type Sums = { [name in (typeof SUM_NAMES)[number]]: number };

export interface WindowShape {
  readonly slots: number;
  readonly slotMs: number;
}

export interface RollingWindow {
  /** Newest slot: its start divided by the slot's length. */
  slot: number;
  /** `SUM_NAMES.length` numbers per slot; slot s is at position s modulo the number of slots. */
  sums: number[];
}

export const NO_SUMS: Sums = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };

const WIDTH = SUM_NAMES.length;

export function newWindow(shape: WindowShape, now: number): RollingWindow {
  return { slot: Math.floor(now / shape.slotMs), sums: new Array<number>(shape.slots * WIDTH).fill(0) };
}

/**
 * Adds sums that came about between `fromMs` and `toMs` (ms since epoch), spread evenly over the slots in between, in whole
 * numbers. What lies before the oldest slot is left out: it is older than the window.
 */
export function addToWindow(
  window: RollingWindow,
  shape: WindowShape,
  added: Sums,
  fromMs: number,
  toMs: number,
): RollingWindow {
  const next = advance(window, shape, toMs);
  if (SUM_NAMES.every((name) => added[name] === 0)) return next;
  const end = Math.max(toMs, next.slot * shape.slotMs);
  const start = Math.min(fromMs, end);
  const oldest = next.slot - shape.slots + 1;
  const first = Math.max(oldest, Math.floor(start / shape.slotMs));
  const partBefore = (atMs: number): number => (end === start ? 1 : clamp01((atMs - start) / (end - start)));
  const sums = next.sums.slice();
  SUM_NAMES.forEach((name, i) => {
    const total = added[name];
    if (total === 0) return;
    let given = first * shape.slotMs <= start ? 0 : Math.round(total * partBefore(first * shape.slotMs));
    for (let slot = first; slot <= next.slot; slot++) {
      const due = slot === next.slot ? total : Math.round(total * partBefore((slot + 1) * shape.slotMs));
      const at = position(slot, shape) + i;
      sums[at] = (sums[at] ?? 0) + due - given;
      given = due;
    }
  });
  return { slot: next.slot, sums };
}

/** Sums over the newest `slots` slots as of `now`, the one under way included. */
export function windowTotals(window: RollingWindow, shape: WindowShape, slots: number, now: number): Sums {
  const current = Math.max(window.slot, Math.floor(now / shape.slotMs));
  const totals = { ...NO_SUMS };
  // What lies after the newest slot, and before the oldest, is empty.
  const first = Math.max(current - Math.min(slots, shape.slots), window.slot - shape.slots) + 1;
  for (let slot = first; slot <= window.slot; slot++) {
    const sums = sumsAt(window, shape, slot);
    for (const name of SUM_NAMES) totals[name] += sums[name];
  }
  return totals;
}

/** Every slot as of `now`, oldest first, with its start in ms since epoch. */
export function windowBuckets(
  window: RollingWindow,
  shape: WindowShape,
  now: number,
): Array<Sums & { startMs: number }> {
  const current = advance(window, shape, now);
  return Array.from({ length: shape.slots }, (_, i) => {
    const slot = current.slot - shape.slots + 1 + i;
    return { startMs: slot * shape.slotMs, ...sumsAt(current, shape, slot) };
  });
}

function sumsAt(window: RollingWindow, shape: WindowShape, slot: number): Sums {
  const at = position(slot, shape);
  return {
    errors: window.sums[at] ?? 0,
    requests: window.sums[at + 1] ?? 0,
    webhooks_sent: window.sums[at + 2] ?? 0,
    webhooks_failed: window.sums[at + 3] ?? 0,
  };
}

function advance(window: RollingWindow, shape: WindowShape, now: number): RollingWindow {
  const slot = Math.floor(now / shape.slotMs);
  if (slot <= window.slot) return window;
  if (slot - window.slot >= shape.slots) return newWindow(shape, now);
  const sums = window.sums.slice();
  for (let passed = window.slot + 1; passed <= slot; passed++) {
    const at = position(passed, shape);
    sums.fill(0, at, at + WIDTH);
  }
  return { slot, sums };
}

function position(slot: number, shape: WindowShape): number {
  return (((slot % shape.slots) + shape.slots) % shape.slots) * WIDTH;
}

function clamp01(x: number): number {
  return Math.min(1, Math.max(0, x));
}
