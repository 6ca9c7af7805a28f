import { describe, expect, it } from "vitest";
import { countRules, failuresInRow, shareOverWindow } from "../../../bench/detect/common-rules.ts";

const MINUTE = 60_000;

describe("a share over a window", () => {
  it("opens once while it lasts, and forgets what left the window", () => {
    const rule = shareOverWindow("", 0.05, 15 * MINUTE, 1);
    for (let minute = 0; minute <= 40; minute += 2)
      rule.observe({ at: minute * MINUTE, trials: 10, failures: minute === 4 ? 5 : 0 });
    expect(rule).toMatchObject({ opened: 1, firing: false });
  });

  it("does not judge too small a sample", () => {
    const rule = shareOverWindow("", 0.05, 60 * MINUTE, 20);
    rule.observe({ at: 0, trials: 19, failures: 19 });
    expect(rule.firing).toBe(false);
    rule.observe({ at: MINUTE, trials: 1, failures: 0 });
    expect(rule.firing).toBe(true);
  });
});

describe("failures in a row", () => {
  it("count across beats, and start again at a success", () => {
    const rule = failuresInRow("", 5, () => 0.5);
    for (const failures of [1, 1, 1, 1]) rule.observe({ at: 0, trials: 1, failures });
    expect(rule.firing).toBe(false);
    rule.observe({ at: 0, trials: 1, failures: 1 });
    expect(rule.firing).toBe(true);
    rule.observe({ at: 0, trials: 1, failures: 0 });
    rule.observe({ at: 0, trials: 4, failures: 4 });
    expect(rule).toMatchObject({ opened: 1, firing: false });
  });
});

describe("counts against their mean", () => {
  it("are judged after a day, and open once while they stay high", () => {
    const rules = countRules();
    for (let bin = 0; bin < 95; bin++) for (const rule of rules) rule.observe(bin === 50 ? 40 : 2);
    expect(rules.map(({ opened }) => opened)).toEqual([0, 0, 0]);
    for (const count of [2, 40, 40, 2]) for (const rule of rules) rule.observe(count);
    expect(rules.map(({ opened }) => opened)).toEqual([1, 1, 1]);
  });
});
