import { describe, expect, it } from "vitest";
import { RolloutPlan, SubjectKey } from "../../src/contract/rollout-plan.ts";

const errorOf = (waves: unknown) => {
  const parsed = RolloutPlan.safeParse({ waves });
  const issue = parsed.error?.issues[0];
  return parsed.success ? null : `${issue?.path.join(".")}: ${issue?.message}`;
};

describe("a rollout plan", () => {
  it.each([
    [
      "merchants, shops, then rising shares",
      [{ merchants: ["a"] }, { shops: 5 }, { shops: 20 }, { percent: 5 }, { percent: 100 }],
    ],
    [
      "rising dates with gaps",
      [
        { shops: 1, not_before: "2026-12-01T08:00:00Z" },
        { percent: 5 },
        { percent: 9, not_before: "2026-12-02T08:00:00+01:00" },
      ],
    ],
    [
      "own thresholds",
      [
        {
          percent: 100,
          bake_s: 0,
          successes: 0,
          abort: [{ failure: "relapsed", percent: 5, min_finished: 10 }],
        },
      ],
    ],
  ])("takes %s", (_, waves) => {
    expect(errorOf(waves)).toBeNull();
  });

  it.each([
    ["no wave", [], "waves: Too small"],
    ["a wave of nobody", [{ name: "pilots" }], "waves.0: name exactly one of merchants, shops and percent"],
    [
      "a wave of two kinds",
      [{ shops: 1, percent: 5 }],
      "waves.0: name exactly one of merchants, shops and percent",
    ],
    [
      "falling shares",
      [{ percent: 20 }, { percent: 20 }],
      "waves.1.percent: must be above that of the wave before",
    ],
    ["falling numbers", [{ shops: 9 }, { shops: 3 }], "waves.1.shops: must be above that of the wave before"],
    [
      "shops after shares",
      [{ percent: 1 }, { shops: 3 }],
      "waves.1.shops: waves by shops come before waves by per cent",
    ],
    [
      "dates that do not rise",
      [
        { shops: 1, not_before: "2026-12-02T08:00:00Z" },
        { percent: 5, not_before: "2026-12-02T09:00:00+01:00" },
      ],
      "waves.1.not_before: must be after that of the wave before",
    ],
    [
      "more successes than shops",
      [{ shops: 3, successes: 4 }],
      "waves.0.successes: more than the wave has shops",
    ],
    ["what no wave has", [{ percent: 5, speed: 9 }], "waves.0: Unrecognized key"],
  ])("refuses %s", (_, waves, message) => {
    expect(errorOf(waves)).toContain(message);
  });

  it("is about a version or a remedy", () => {
    const keys = ["1.2.3", "rmd_abcdefgh", "rmd_x", "latest", "1.2"];
    expect(keys.map((key) => SubjectKey.safeParse(key).success)).toEqual([true, true, false, false, false]);
  });
});
