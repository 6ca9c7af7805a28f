import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wilsonInterval } from "../../src/core/wilson.ts";

describe("Wilson interval", () => {
  it.each([
    [0, 0, 0, 1],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [5, 10, 0.2366, 0.7634],
    [1, 100, 0.0018, 0.0545],
  ])("%i of %i lies between %d and %d", (hits, trials, low, high) => {
    const interval = wilsonInterval(hits, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it("always holds the share itself, inside 0 and 1", () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), (a, b) => {
        const [hits, trials] = a < b ? [a, b] : [b, a];
        const { low, high } = wilsonInterval(hits, trials);
        const share = trials === 0 ? 0 : hits / trials;
        return low >= 0 && high <= 1 && low <= share && share <= high;
      }),
    );
  });
});
