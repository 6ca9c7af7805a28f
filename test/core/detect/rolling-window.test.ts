import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RECENT_WINDOW } from "../../../src/core/detect/detection-tuning.ts";
import {
  addToWindow,
  NO_SUMS,
  newWindow,
  type Sums,
  windowBuckets,
  windowTotals,
} from "../../../src/core/detect/rolling-window.ts";
import { T0 } from "../../builders/heartbeat.ts";

const MINUTE = 60_000;
const SHAPE = RECENT_WINDOW;
const errors = (n: number): Sums => ({ ...NO_SUMS, errors: n });
const total = (window: ReturnType<typeof newWindow>, now: number) =>
  windowTotals(window, SHAPE, SHAPE.slots, now).errors;

describe("rolling window", () => {
  it("adds up what happened in the last hour and forgets what came before", () => {
    let window = newWindow(SHAPE, T0);
    window = addToWindow(window, SHAPE, errors(3), T0, T0);
    window = addToWindow(window, SHAPE, errors(4), T0 + 30 * MINUTE, T0 + 30 * MINUTE);
    expect(total(window, T0 + 59 * MINUTE)).toBe(7);
    expect(total(window, T0 + 60 * MINUTE)).toBe(4);
    expect(total(window, T0 + 90 * MINUTE)).toBe(0);
    expect(total(window, T0 + 1e9 * MINUTE)).toBe(0);
  });

  it("spreads a count over the slots in which it came about", () => {
    const window = addToWindow(newWindow(SHAPE, T0), SHAPE, errors(10), T0 + 4 * MINUTE, T0 + 14 * MINUTE);
    const counts = windowBuckets(window, SHAPE, T0 + 14 * MINUTE).map((bucket) => bucket.errors);
    expect(counts.slice(-3)).toEqual([1, 5, 4]);
    expect(counts.slice(0, -3)).toEqual(new Array(9).fill(0));
  });

  it("leaves out the part that is older than the window", () => {
    const window = addToWindow(
      newWindow(SHAPE, T0),
      SHAPE,
      errors(300),
      T0 - 240 * MINUTE,
      T0 + 60 * MINUTE - 1,
    );
    expect(total(window, T0 + 60 * MINUTE - 1)).toBe(60);
  });

  it("gives its slots oldest first, each with its start", () => {
    const buckets = windowBuckets(newWindow(SHAPE, T0), SHAPE, T0 + 7 * MINUTE);
    expect(buckets.map(({ startMs }) => (startMs - T0) / MINUTE)).toEqual([
      -50, -45, -40, -35, -30, -25, -20, -15, -10, -5, 0, 5,
    ]);
  });

  it("never loses or invents a count inside its span, even when the clock steps back", () => {
    const adds = fc.array(fc.record({ n: fc.nat(1000), at: fc.nat(4 * MINUTE), took: fc.nat(5 * MINUTE) }), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(adds, (list) => {
        let window = newWindow(SHAPE, T0 + 10 * MINUTE);
        for (const { n, at, took } of list) {
          const to = T0 + 20 * MINUTE + at;
          window = addToWindow(window, SHAPE, errors(n), to - took, to);
        }
        const due = list.reduce((sum, { n }) => sum + n, 0);
        return total(window, T0 + 25 * MINUTE) === due && window.sums.every((x) => x >= 0);
      }),
    );
  });
});
