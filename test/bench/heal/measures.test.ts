import { describe, expect, it } from "vitest";
import { meanOf, meanText, share, shareText } from "../../../bench/heal/figures.ts";
import { finished, harmed, isSuccess, repairMinutes, stageMinutes } from "../../../bench/heal/measures.ts";
import type { AttemptSeen, FaultSeen } from "../../../bench/heal/observe.ts";

const MINUTE = 60_000;

function anAttempt(over: Partial<AttemptSeen> = {}): AttemptSeen {
  return {
    id: "att_1",
    shop: 1,
    product: "molam-woocommerce",
    action: "patch",
    from: "1.2.0",
    subject: "1.2.1",
    source: "builtin",
    confidence: 0.7,
    incidentType: "error_spike",
    detectedAt: 2 * MINUTE,
    createdAt: 3 * MINUTE,
    entered: {
      pending: 3 * MINUTE,
      staging: 4 * MINUTE,
      applying: 5 * MINUTE,
      verifying: 7 * MINUTE,
      success: 9 * MINUTE,
    },
    handedOverAt: 6 * MINUTE,
    status: "success",
    reason: null,
    rule: "probes",
    reverts: false,
    wasHealthy: false,
    badnessBefore: 0.25,
    madeWorse: false,
    restoredAt: null,
    restoredBy: null,
    falseSuccess: false,
    relapsed: false,
    ...over,
  };
}

function aFault(over: Partial<FaultSeen> = {}): FaultSeen {
  const times = { at: MINUTE, detectedAt: 2 * MINUTE, endedAt: 7 * MINUTE };
  return {
    kind: "alpha",
    shop: 1,
    product: "p",
    webhooksPerHour: 80,
    endedBy: "vigie",
    attempt: "att_1",
    ...times,
    ...over,
  };
}

describe("what counts as what", () => {
  it("a success of a shop that is not well is none", () => {
    expect(isSuccess(anAttempt())).toBe(true);
    expect(isSuccess(anAttempt({ falseSuccess: true }))).toBe(false);
    expect(isSuccess(anAttempt({ status: "rolled_back" }))).toBe(false);
  });

  it("only what reached a shop, is over, and takes nothing back is an outcome", () => {
    expect(finished(anAttempt())).toBe(true);
    expect(finished(anAttempt({ handedOverAt: null }))).toBe(false);
    expect(finished(anAttempt({ status: "verifying" }))).toBe(false);
    expect(finished(anAttempt({ reverts: true }))).toBe(false);
  });

  it.each([
    ["restored by Vigie in time", { restoredAt: 16 * MINUTE, restoredBy: "vigie" }, 0],
    ["never restored", {}, 1],
    ["restored by a person", { restoredAt: 16 * MINUTE, restoredBy: "person" }, 1],
    ["restored too late", { restoredAt: 600 * MINUTE, restoredBy: "vigie" }, 1],
  ] as const)("a shop made worse and %s", (_, restored, left) => {
    const harm = (over: Partial<AttemptSeen>) =>
      harmed([anAttempt({ madeWorse: true, ...restored, ...over })]);
    expect(harm({ wasHealthy: true })).toMatchObject({ worse: 1, healthy: left, faulty: 0, irreversible: 0 });
    expect(harm({})).toMatchObject({ healthy: 0, faulty: left, irreversible: 0 });
    expect(harm({ subject: "1.2.7" })).toMatchObject({ healthy: 0, faulty: 0, irreversible: left });
  });

  it("repair runs from detection to the verdict, and its stages add up", () => {
    expect(repairMinutes([aFault()], [anAttempt()], () => true)).toEqual([7]);
    const [stages] = stageMinutes([aFault()], [anAttempt()], () => true);
    expect(stages).toEqual({
      detect: 1,
      decide: 1,
      "gate and slot": 1,
      staging: 1,
      "hand-over": 1,
      apply: 1,
      verify: 2,
      "detection to repair": 7,
    });
    expect(repairMinutes([aFault({ endedBy: "person" })], [anAttempt()], () => true)).toEqual([]);
  });
});

describe("figures", () => {
  it("say how sure they are", () => {
    expect(shareText(share(19, 20))).toBe("95.0 % (76.4 to 99.1)");
    expect(shareText(share(0, 0))).toBe("-");
    const { value, low, high, n } = meanOf([1, 2, 3, 4]);
    expect([value, n]).toEqual([2.5, 4]);
    expect(low).toBeGreaterThanOrEqual(1);
    expect(high).toBeLessThanOrEqual(4);
    expect(meanText(meanOf([5, 5, 5]))).toBe("5.0 (5.0 to 5.0)");
  });
});
