import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/contract/decision.ts";
import {
  type AutonomyRecord,
  countsAfter,
  FRESH_AUTONOMY,
  followAutonomy,
  judgeAutonomy,
  MAX_ROLLBACK_SHARE,
  MIN_FINISHED,
  MIN_SUCCESS_SHARE,
  restoreAutonomy,
  WINDOW_MS,
} from "../../../src/core/fleet/autonomy.ts";

const T0 = Date.parse("2026-11-20T12:00:00Z");
const outcomes = (counts: Partial<Record<Outcome, number>>): Outcome[] =>
  Object.entries(counts).flatMap(([outcome, n]) => new Array<Outcome>(n).fill(outcome as Outcome));

describe("the autonomy budget", () => {
  it.each([
    ["nothing has finished", {}, "normal"],
    ["all went well", { success: 20 }, "normal"],
    ["one of few was rolled back: chance alone does that", { success: 2, rolled_back: 1 }, "normal"],
    ["two of the first three were rolled back", { success: 1, rolled_back: 2 }, "degraded"],
    ["two of the first fifty failed", { success: 48, failed: 2 }, "normal"],
    ["three of the first fifty failed", { success: 47, failed: 3 }, "degraded"],
    ["exactly 2 % were rolled back", { success: 98, rolled_back: 2 }, "normal"],
    ["more than 2 % were rolled back", { success: 97, rolled_back: 3 }, "degraded"],
    ["exactly 95 % succeeded", { success: 95, failed: 5 }, "normal"],
    ["less than 95 % succeeded", { success: 94, failed: 6 }, "degraded"],
    ["inconclusive ones are no successes", { success: 90, inconclusive: 10 }, "degraded"],
  ] as const)("is judged when %s", (_, counts, state) => {
    expect(judgeAutonomy(outcomes(counts)).state).toBe(state);
  });

  it("is, from the minimum on, the plain share of the issue's thresholds", () => {
    const counts = fc.record({
      success: fc.nat(200),
      rolled_back: fc.nat(8),
      failed: fc.nat(12),
      inconclusive: fc.nat(5),
    });
    fc.assert(
      fc.property(counts, (drawn) => {
        const all = outcomes(drawn);
        fc.pre(all.length >= MIN_FINISHED);
        const spent =
          drawn.rolled_back / all.length > MAX_ROLLBACK_SHARE ||
          drawn.success / all.length < MIN_SUCCESS_SHARE;
        expect(judgeAutonomy(all).state).toBe(spent ? "degraded" : "normal");
      }),
    );
  });

  it("explains itself with figures", () => {
    expect(judgeAutonomy(outcomes({ success: 19, rolled_back: 2 })).explanation).toBe(
      "19 of 21 automatic attempts succeeded, 2 rolled back; the budget is 2 % rolled back and 5 % without success, of at least 50",
    );
  });
});

describe("a spent budget", () => {
  const spent = judgeAutonomy(outcomes({ rolled_back: 3 }));
  const fine = judgeAutonomy(outcomes({ success: 60 }));

  it("stays so when better outcomes come, and keeps why it was", () => {
    const record = followAutonomy(FRESH_AUTONOMY, spent, T0);
    expect(record.downgraded).toEqual({ at: T0, explanation: spent.explanation });
    expect(followAutonomy(record, fine, T0 + 1)).toBe(record);
    expect(followAutonomy(record, judgeAutonomy(outcomes({ failed: 50 })), T0 + 2)).toBe(record);
  });

  it("is restored by a person, whose look acknowledges what had finished by then", () => {
    const record = followAutonomy(FRESH_AUTONOMY, spent, T0);
    const restored = restoreAutonomy(record, "anna", "the release is out", T0 + 5000);
    expect(restored).toEqual({
      ok: true,
      value: { downgraded: null, restored: { at: T0 + 5000, by: "anna", reason: "the release is out" } },
    });
    const after = restored.ok ? restored.value : FRESH_AUTONOMY;
    expect(countsAfter(after, T0 + 6000)).toBe(T0 + 5000);
    expect(countsAfter(after, T0 + 5000 + WINDOW_MS + 1)).toBe(T0 + 5001);
    expect(followAutonomy(after, spent, T0 + 9000).downgraded?.at).toBe(T0 + 9000);
  });

  it("is not restored where it is not spent", () => {
    const record: AutonomyRecord = { downgraded: null, restored: { at: T0, by: "anna", reason: "earlier" } };
    for (const normal of [FRESH_AUTONOMY, record])
      expect(restoreAutonomy(normal, "anna", "just in case", T0)).toMatchObject({
        ok: false,
        refusal: { reason: "conflict" },
      });
  });
});
