import { expect, it } from "vitest";
import {
  type BreakerState,
  CLOSED,
  createBreaker,
  permit,
  settled,
} from "../../src/services/circuit-breaker.ts";

const TUNING = { threshold: 2, openMs: 1000 };
const T0 = 1_000_000;

it.each<[string, BreakerState, number, boolean, BreakerState]>([
  ["closed lets calls through", CLOSED, T0, true, CLOSED],
  [
    "open refuses until its time",
    { kind: "open", until: T0 + 1 },
    T0,
    false,
    { kind: "open", until: T0 + 1 },
  ],
  [
    "open lets one trial through at its time",
    { kind: "open", until: T0 },
    T0,
    true,
    { kind: "half-open", until: T0 + 1000 },
  ],
  [
    "half-open refuses a second call",
    { kind: "half-open", until: T0 + 1 },
    T0,
    false,
    { kind: "half-open", until: T0 + 1 },
  ],
  [
    "half-open replaces a trial that never ended",
    { kind: "half-open", until: T0 },
    T0,
    true,
    { kind: "half-open", until: T0 + 1000 },
  ],
])("%s", (_, state, now, allowed, next) => {
  expect(permit(state, now, TUNING)).toEqual({ allowed, next });
});

it.each<[string, BreakerState, boolean, BreakerState]>([
  ["a failure counts", CLOSED, false, { kind: "closed", failures: 1 }],
  ["the threshold opens", { kind: "closed", failures: 1 }, false, { kind: "open", until: T0 + 1000 }],
  ["a success forgets failures", { kind: "closed", failures: 1 }, true, CLOSED],
  ["a failed trial opens again", { kind: "half-open", until: T0 }, false, { kind: "open", until: T0 + 1000 }],
  ["a good trial closes", { kind: "half-open", until: T0 }, true, CLOSED],
  ["a straggler changes nothing", { kind: "open", until: T0 + 5 }, false, { kind: "open", until: T0 + 5 }],
])("%s", (_, state, success, next) => {
  expect(settled(state, success, T0, TUNING)).toEqual(next);
});

it("goes round: fails, opens, tries one, closes", () => {
  const breaker = createBreaker(TUNING);
  for (let i = 0; i < 2; i++) {
    expect(breaker.permit(T0)).toBe(true);
    breaker.settle(false, T0);
  }
  expect(breaker.permit(T0 + 999)).toBe(false);
  expect(breaker.permit(T0 + 1000)).toBe(true);
  expect(breaker.permit(T0 + 1000)).toBe(false);
  breaker.settle(true, T0 + 1000);
  expect(breaker.permit(T0 + 1001)).toBe(true);
});
