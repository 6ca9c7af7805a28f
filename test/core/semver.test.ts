import { describe, expect, it } from "vitest";
import { compareSemver, parseSemver, stepBetween } from "../../src/core/semver.ts";

describe("semantic versions", () => {
  it("follow the precedence chain of semver.org 2.0.0, item 11", () => {
    const chain = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.0.1",
      "1.9.0",
      "1.10.0",
      "2.0.0",
    ];
    expect([...chain].reverse().sort(compareSemver)).toEqual(chain);
    for (const version of chain) expect(compareSemver(version, version)).toBe(0);
  });

  it("are read into their parts", () => {
    expect(parseSemver("1.2.3-rc.1")).toEqual({ major: 1, minor: 2, patch: 3, prerelease: ["rc", "1"] });
    expect(parseSemver("1.2")).toBeNull();
    expect(parseSemver("")).toBeNull();
  });

  it("sort before no version at all, without throwing", () => {
    expect(compareSemver("nonsense", "0.0.1")).toBeLessThan(0);
    expect(compareSemver("0.0.1", "nonsense")).toBeGreaterThan(0);
    expect(compareSemver("a", "b")).toBeLessThan(0);
  });

  it.each([
    ["1.2.2", "1.2.3", "patch"],
    ["1.2.2", "1.3.0", "minor"],
    ["1.2.2", "2.0.0", "major"],
    ["1.2.2", "1.2.1", "downgrade"],
    ["2.0.0", "1.9.9", "downgrade"],
    ["1.0.0-rc.1", "1.0.0", "patch"],
    ["1.0.0", "1.0.0-rc.1", "downgrade"],
    ["1.2.3", "1.2.3", "patch"],
    ["unknown", "1.2.3", "major"],
  ])("step from %s to %s is %s", (from, to, step) => {
    expect(stepBetween(from, to)).toBe(step);
  });
});
