import { expect, it } from "vitest";
import { FRESH_BUDGET, takeFrom } from "../../../src/core/fleet/minute-budget.ts";
import { T0 } from "../../builders/heartbeat.ts";

it("grants its limit in each minute, and no more", () => {
  const minute = Math.floor(T0 / 60_000) * 60_000;
  let budget = FRESH_BUDGET;
  const ask = (now: number) => {
    const { granted, next } = takeFrom(budget, 2, now);
    budget = next;
    return granted;
  };
  expect([ask(minute), ask(minute + 59_999), ask(minute + 59_999)]).toEqual([true, true, false]);
  expect([ask(minute + 60_000), ask(minute + 60_000), ask(minute + 60_000)]).toEqual([true, true, false]);
});
