import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/contract/decision.ts";
import { judgeAutonomy } from "../../src/core/autonomy.ts";

const outcomes = (counts: Partial<Record<Outcome, number>>): Outcome[] =>
  Object.entries(counts).flatMap(([outcome, n]) => new Array<Outcome>(n).fill(outcome as Outcome));

describe("autonomy budget", () => {
  it.each([
    ["nothing has finished", {}, "normal"],
    ["too few have finished to judge", { rolled_back: 19 }, "normal"],
    ["all went well", { success: 20 }, "normal"],
    ["exactly 2 % were rolled back", { success: 98, rolled_back: 2 }, "normal"],
    ["more than 2 % were rolled back", { success: 97, rolled_back: 3 }, "degraded"],
    ["exactly 95 % succeeded", { success: 95, failed: 5 }, "normal"],
    ["less than 95 % succeeded", { success: 94, failed: 6 }, "degraded"],
    ["inconclusive ones are no successes", { success: 90, inconclusive: 10 }, "degraded"],
  ] as const)("is judged when %s", (_, counts, state) => {
    expect(judgeAutonomy(outcomes(counts)).state).toBe(state);
  });

  it("explains itself with figures", () => {
    expect(judgeAutonomy(outcomes({ success: 19, rolled_back: 1 })).explanation).toBe(
      "95.0 % success and 5.0 % rolled back of 20; the budget allows 2.0 % rolled back and asks for 95.0 % success",
    );
  });
});
