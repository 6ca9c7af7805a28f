import { describe, expect, it } from "vitest";
import { defaultPolicyDocument, PolicyDocument } from "../../src/contract/policy.ts";

describe("policy document", () => {
  it("fills every default, and none of them acts alone", () => {
    const policy = defaultPolicyDocument();
    expect(policy.mode).toBe("approve-only");
    expect(policy.kill_switch).toBe(false);
    expect(policy.whitelist).toEqual({ all: false, merchants: [] });
    expect(policy.intervals.verify_s).toBe(90);
  });

  it("refuses a misspelt key instead of ignoring it", () => {
    expect(PolicyDocument.safeParse({ max_severty: "low" }).success).toBe(false);
  });

  it.each([
    [[{ shops: 5 }, { percent: 20 }, { percent: 100 }], true],
    [[{ percent: 20 }, { percent: 20 }], false],
    [[{ percent: 20 }, { shops: 5 }], false],
    [[], false],
  ])("takes canary stages %j: %s", (stages, valid) => {
    expect(PolicyDocument.safeParse({ canary: { stages } }).success).toBe(valid);
  });
});
