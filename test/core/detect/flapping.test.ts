import { describe, expect, it } from "vitest";
import { FLAP_MEMORY, FLAP_WINDOW_MS, isFlapping, withReturn } from "../../../src/core/detect/flapping.ts";

const NOW = Date.UTC(2026, 2, 3);
const hoursAgo = (...hours: number[]) => hours.map((h) => NOW - h * 3_600_000);

describe("flapping", () => {
  it.each([
    { returns: [], was: false, is: false },
    { returns: hoursAgo(2, 1), was: false, is: false },
    { returns: hoursAgo(3, 2, 1), was: false, is: true },
    { returns: hoursAgo(30, 2, 1), was: false, is: false },
    { returns: hoursAgo(2, 1), was: true, is: true },
    { returns: hoursAgo(30, 25, 1), was: true, is: false },
    { returns: hoursAgo(30), was: true, is: false },
  ])("with returns at $returns, and before $was, is $is", ({ returns, was, is }) => {
    expect(isFlapping(returns, was, NOW)).toBe(is);
  });

  it("remembers the returns of a day, and a few of them at most", () => {
    expect(withReturn([NOW - FLAP_WINDOW_MS, NOW - 5], NOW)).toEqual([NOW - 5, NOW]);
    expect(withReturn(hoursAgo(9, 8, 7, 6, 5, 4, 3, 2), NOW)).toHaveLength(FLAP_MEMORY);
  });
});
