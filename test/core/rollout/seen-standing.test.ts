import { expect, it } from "vitest";
import { stillAsSeen } from "../../../src/core/rollout/seen-standing.ts";

const AT = "2026-11-22T10:00:00.000Z";
const halted = { status: "halted", standing: { by: "vigie", at: AT, reason: "abort rule" } } as const;

it.each([
  ["that status", { from: "halted" }],
  ["that status since then", { from: "halted", since: AT }],
  ["that moment in another zone", { from: "halted", since: "2026-11-22T11:00:00+01:00" }],
  ["nothing of it", {}],
] as const)("is as seen by whoever saw %s", (_, seen) => {
  expect(stillAsSeen(halted, seen)).toEqual({ ok: true, value: null });
});

it.each([
  ["another status", { from: "paused" }, "it is halted by now, not paused"],
  [
    "the same status, but earlier",
    { from: "halted", since: "2026-11-22T09:00:00.000Z" },
    "it is halted anew",
  ],
  ["it before it ever had a standing", { from: "halted", since: null }, "it is halted anew"],
] as const)("is not as seen by whoever saw %s, who is told by whom and why", (_, seen, how) => {
  expect(stillAsSeen(halted, seen)).toEqual({
    ok: false,
    refusal: {
      reason: "conflict",
      message: `${how} (vigie, ${AT}: abort rule): look at it again before you let it go on`,
    },
  });
});

it("is as seen when it never had another standing, then and now", () => {
  expect(stillAsSeen({ status: "active", standing: null }, { from: "active", since: null }).ok).toBe(true);
});
