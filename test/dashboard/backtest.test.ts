/** The figures of a back-test as they are read: no browser. */
import { describe, expect, test } from "vitest";
import { busyRules, courseRows, endedWords } from "../../dashboard/src/view/backtest.ts";

describe("a back-test", () => {
  test("shows every course that was or would be taken, with both counts, and no other", () => {
    const rows = courseRows({ was: { shadow: 4, approval: 2 }, would: { automatic: 5, approval: 1 } });
    expect(rows).toEqual([
      { course: "automatic", was: 0, would: 5 },
      { course: "approval", was: 2, would: 1 },
      { course: "shadow", was: 4, would: 0 },
    ]);
  });

  test("names only rules that stand in the way, the busiest first", () => {
    const by_rule = [
      { rule: "mute", forbids: 0, asks: 0 },
      { rule: "storm", forbids: 1, asks: 0 },
      { rule: "approvals", forbids: 1, asks: 6 },
    ] as const;
    expect(busyRules({ by_rule: [...by_rule] }).map(({ rule }) => rule)).toEqual(["approvals", "storm"]);
  });

  test("words how an attempt ended apart from what became of a shadow decision", () => {
    expect(endedWords("rolled_back")).toBe("attemptStatus");
    expect(endedWords("same_fix")).toBe("shadowOutcome");
    expect(endedWords("open")).toBe("shadowOutcome");
  });
});
