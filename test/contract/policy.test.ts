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

  const quiet = { until: "2026-11-23T12:00:00Z", reason: "known fault" };
  const window = { scope: "all", from: "2026-11-22T12:00:00Z", ...quiet };
  it.each<[Record<string, unknown>, boolean]>([
    [{ mutes: [{ ...quiet, type: "error_spike" }] }, true],
    [{ mutes: [quiet] }, false],
    [{ mutes: [{ type: "error_spike", reason: "known fault" }] }, false],
    [{ mutes: [{ ...quiet, type: "error_spike", reason: "" }] }, false],
    [{ mutes: Array.from({ length: 51 }, () => ({ ...quiet, type: "error_spike" })) }, false],
    [{ maintenance: [window] }, true],
    [{ maintenance: [{ ...window, id: "shop-1" }] }, false],
    [{ maintenance: [{ ...window, scope: "merchant" }] }, false],
    [{ maintenance: [{ ...window, scope: "merchant", id: "shop-1" }] }, true],
    [{ maintenance: [{ ...window, scope: "product", id: "Not a product" }] }, false],
    [{ maintenance: [{ ...window, until: window.from }] }, false],
    [{ maintenance: [{ ...window, until: "2026-12-23T12:00:00Z" }] }, false],
    [{ intervals: { reopen_s: 86_401 } }, false],
  ])("takes %j: %s", (part, valid) => {
    expect(PolicyDocument.safeParse(part).success).toBe(valid);
  });
});
