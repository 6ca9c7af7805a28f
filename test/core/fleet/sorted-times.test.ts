import fc from "fast-check";
import { expect, it } from "vitest";
import { countUpTo } from "../../../src/core/fleet/sorted-times.ts";

it("counts the instants up to a cutoff, that one included", () => {
  expect([0, 1, 2, 3, 4].map((cutoff) => countUpTo([1, 2, 2, 4], cutoff))).toEqual([0, 1, 3, 3, 4]);
  expect(countUpTo([], 9)).toBe(0);
});

it("agrees with looking at every one", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 50 })), fc.nat({ max: 60 }), (times, cutoff) => {
      const sorted = times.toSorted((a, b) => a - b);
      expect(countUpTo(sorted, cutoff)).toBe(times.filter((time) => time <= cutoff).length);
    }),
  );
});
