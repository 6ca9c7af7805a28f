import { describe, expect, it } from "vitest";
import type { SiraMemory } from "../../../sim/sira-memory.ts";
import { beliefIn } from "../../../src/core/sira/belief.ts";
import { betaMean, betaQuantile } from "../../../src/core/sira/beta.ts";
import { placeOf, type Tried } from "../../../src/core/sira/lesson.ts";
import { taught, WOO } from "./feedback.ts";

const PRIOR = 0.7;

function belief(memory: SiraMemory, overrides: Partial<Tried> = {}) {
  const tried: Tried = {
    type: "webhook_fail_rate",
    signature: "webhook_fail_rate|1.2.2|",
    env: { platform: "demo" },
    from: "1.2.2",
    action: "patch",
    version: "1.2.3",
    ...overrides,
  };
  return beliefIn(placeOf(tried), PRIOR, memory);
}
const chance = (memory: SiraMemory, overrides: Partial<Tried> = {}) => betaMean(belief(memory, overrides));
const width = (memory: SiraMemory, overrides: Partial<Tried> = {}) => {
  const known = belief(memory, overrides);
  return betaQuantile(known, 0.95) - betaQuantile(known, 0.05);
};

describe("belief in a fix", () => {
  it("is the rule of thumb while nothing is known, and says how little that is", () => {
    expect(chance(taught())).toBeCloseTo(PRIOR, 6);
    expect(width(taught())).toBeGreaterThan(0.6);
  });

  it("approaches what was seen, and grows sure of it", () => {
    const many = taught({ healed: 180, failed: 20 });
    expect(chance(many)).toBeCloseTo(0.9, 1);
    expect(width(many)).toBeLessThan(0.08);
    expect(chance(taught({ failed: 20 }))).toBeLessThan(0.08);
  });

  it("rises with a success and falls with a failure, wherever they were seen", () => {
    const places = [
      {},
      { env: WOO },
      { signature: "webhook_fail_rate|1.2.2|abc" },
      { from_version: "1.2.1" },
    ];
    for (const of of places) {
      expect(chance(taught({ of, healed: 1 }))).toBeGreaterThan(PRIOR);
      expect(chance(taught({ of, failed: 1 }))).toBeLessThan(PRIOR);
    }
  });

  it("weighs what is nearer more", () => {
    const of = (overrides: object) => chance(taught({ of: overrides, healed: 3 }));
    const same = of({});
    const elsewhere = of({ env: WOO });
    const otherFault = of({ env: WOO, signature: "webhook_fail_rate|1.2.2|abc" });
    const otherFrom = of({ env: WOO, from_version: "1.2.1" });
    const otherFix = of({ target_version: "1.2.4" });
    expect(same).toBeGreaterThan(elsewhere);
    expect(elsewhere).toBeGreaterThanOrEqual(otherFault);
    expect(otherFault).toBeGreaterThanOrEqual(otherFrom);
    expect(otherFrom).toBeGreaterThan(otherFix);
    expect(otherFix).toBeGreaterThan(PRIOR);
  });

  it("is not carried away by one environment, however often the fix worked in it", () => {
    const one = taught({ of: { env: WOO }, healed: 500 });
    expect(width(one)).toBeGreaterThan(4 * width(one, { env: WOO }));
    const five = taught(
      ...["1", "2", "3", "4", "5"].map((version) => ({
        of: { env: { platform: "shop", platform_version: version } },
        healed: 100,
      })),
    );
    expect(chance(five)).toBeGreaterThan(chance(one));
    expect(width(five)).toBeLessThan(width(one) / 2);
  });

  it("expects little of a new environment once the fix has been seen to work in some and fail in others", () => {
    const split = taught(
      { of: { env: { platform: "a" } }, healed: 20 },
      { of: { env: { platform: "b" } }, failed: 20 },
      { of: { env: { platform: "c" } }, healed: 20 },
      { of: { env: { platform: "d" } }, failed: 20 },
    );
    expect(chance(split)).toBeGreaterThan(0.35);
    expect(chance(split)).toBeLessThan(0.7);
    expect(chance(split, { env: { platform: "a" } })).toBeGreaterThan(0.9);
    expect(chance(split, { env: { platform: "b" } })).toBeLessThan(0.1);
  });

  it("learns from two failures here although it works elsewhere", () => {
    const memory = taught({ of: { env: WOO }, healed: 12 }, { failed: 2 });
    expect(chance(memory)).toBeLessThan(0.6);
    expect(chance(memory, { env: WOO })).toBeGreaterThan(0.85);
  });

  it("judges a new fix by how many fixes of its kind worked, not by how often the good ones were used", () => {
    const memory = taught(
      { of: { target_version: "1.2.4" }, healed: 400 },
      ...["1.2.5", "1.2.6", "1.2.7", "1.2.8"].map((target_version) => ({
        of: { target_version },
        failed: 3,
      })),
    );
    expect(chance(memory)).toBeLessThan(0.5);
    expect(chance(memory, { version: "1.2.4" })).toBeGreaterThan(0.97);
  });

  it("keeps kinds of incidents, actions and steps apart", () => {
    const memory = taught({ failed: 20 });
    for (const overrides of [
      { type: "error_spike", signature: "error_spike|1.2.2|" },
      { action: "rollback", version: "1.2.1" } as const,
      { version: "1.3.0" },
    ])
      expect(chance(memory, overrides)).toBeCloseTo(PRIOR, 6);
  });

  it("takes an inconclusive check for half a success", () => {
    const half = chance(taught({ failed: 10, outcome: "inconclusive" }));
    expect(half).toBeGreaterThan(0.45);
    expect(half).toBeLessThan(0.6);
  });
});
