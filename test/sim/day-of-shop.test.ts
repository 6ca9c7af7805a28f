import { expect, it } from "vitest";
import { smoothDay, visitorsOfDay } from "../../sim/day-of-shop.ts";

const HOUR = 3_600_000;
/** A Monday, 00:00 UTC. */
const T0 = Date.UTC(2026, 2, 2);
const shop = { night: 0.03, weekend: 0.7, shiftHours: 0 };

it("has a mean of one over a smooth day", () => {
  let sum = 0;
  for (let hour = 0; hour < 24; hour++) sum += smoothDay(T0 + hour * HOUR, 0.8, 5);
  expect(sum / 24).toBeCloseTo(1, 6);
});

it("sleeps at night, ramps for an hour, and has fewer visitors at weekends", () => {
  expect(visitorsOfDay(T0 + 3 * HOUR, shop)).toBeCloseTo(0.03);
  expect(visitorsOfDay(T0 + 6.5 * HOUR, shop)).toBeCloseTo(0.515);
  expect(visitorsOfDay(T0 + 12 * HOUR, shop)).toBe(1);
  expect(visitorsOfDay(T0 + (5 * 24 + 12) * HOUR, shop)).toBe(0.7);
  expect(visitorsOfDay(T0 + (6 * 24 + 12) * HOUR, shop)).toBe(0.7);
  expect(visitorsOfDay(T0 + 12 * HOUR, { ...shop, shiftHours: 15 })).toBeCloseTo(0.03);
});
