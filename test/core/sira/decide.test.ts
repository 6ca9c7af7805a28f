import { describe, expect, it } from "vitest";
import { DecideReply } from "../../../src/contract/decision.ts";
import { heuristicDecision } from "../../../src/core/heuristics.ts";
import { decide } from "../../../src/core/sira/decide.ts";
import { posteriorMean } from "../../../src/core/sira/posterior.ts";
import { type FixRecord, fixKey, learnOutcome, NO_RECORD } from "../../../src/core/sira/record.ts";
import { aDecideRequest } from "../decide-request.ts";

const patches = (...versions: string[]) => versions.map((version) => ({ action: "patch" as const, version }));
const known = (records: Record<string, [successes: number, failures: number]>): Map<string, FixRecord> =>
  new Map(
    Object.entries(records).map(([version, [successes, failures]]) => [
      fixKey("patch", version),
      { successes, failures },
    ]),
  );

describe("built-in decision", () => {
  it("answers as the heuristic does while nothing is known", () => {
    for (const type of [
      "webhook_fail_rate",
      "error_spike",
      "new_error",
      "webhook_disabled",
      "heartbeat_missed",
    ]) {
      const request = aDecideRequest({
        type,
        candidates: [...patches("1.2.4", "1.2.3", "1.3.0"), { action: "rollback", version: "1.2.1" }],
      });
      const { alternatives: _, ...reply } = decide(request, new Map());
      const { alternatives: __, ...byRule } = heuristicDecision(request);
      expect(reply).toEqual(byRule);
    }
  });

  const request = aDecideRequest({ candidates: patches("1.2.3", "1.2.4", "1.3.0") });

  it("prefers the version that healed this signature elsewhere, and is surer of it", () => {
    const reply = decide(request, known({ "1.2.4": [6, 0] }));
    expect(reply).toMatchObject({ action: "patch", patch_version: "1.2.4", confidence: 0.88 });
    expect(reply.explanation).toContain("worked 6 and failed 0");
    expect(reply.alternatives.map((a) => a.patch_version)).toEqual(["1.2.3", "1.3.0"]);
    expect(DecideReply.safeParse(reply).success).toBe(true);
  });

  it("passes over a version that failed for this signature", () => {
    const reply = decide(request, known({ "1.2.3": [0, 1] }));
    expect(reply.patch_version).toBe("1.2.4");
    expect(reply.alternatives.at(-1)?.patch_version).toBe("1.2.3");
  });

  it("loses its confidence when every version fails", () => {
    const reply = decide(request, known({ "1.2.3": [0, 8], "1.2.4": [0, 8], "1.3.0": [0, 8] }));
    expect(reply.confidence).toBeLessThan(0.3);
  });

  it("forgives one failure among many successes", () => {
    expect(decide(request, known({ "1.2.3": [9, 1] })).patch_version).toBe("1.2.3");
  });

  it("never answers an excluded fix, whatever it knows", () => {
    const excluded = [{ action: "patch" as const, version: "1.2.3" }];
    const reply = decide(
      aDecideRequest({ candidates: patches("1.2.3"), excluded }),
      known({ "1.2.3": [99, 0] }),
    );
    expect(reply.action).toBe("escalate");
  });
});

describe("learning", () => {
  it.each([
    ["success", { successes: 1, failures: 0 }],
    ["rolled_back", { successes: 0, failures: 1 }],
    ["failed", { successes: 0, failures: 1 }],
    ["inconclusive", { successes: 0, failures: 0 }],
  ] as const)("from %s", (outcome, record) => {
    expect(learnOutcome(NO_RECORD, outcome)).toEqual(record);
  });

  it("moves from the prior to the observed share", () => {
    expect(posteriorMean(0.7, NO_RECORD)).toBe(0.7);
    expect(posteriorMean(0.7, { successes: 0, failures: 4 })).toBe(0.35);
    expect(posteriorMean(0.1, { successes: 996, failures: 0 })).toBe(0.996);
  });
});
