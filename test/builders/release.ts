/** Releases, policies and facts for tests of healing: everything allows, unless the test says otherwise. */
import type { Decision } from "../../src/contract/decision.ts";
import type { Person, ReleaseRecord } from "../../src/contract/ops.ts";
import { PolicyDocument } from "../../src/contract/policy.ts";
import type { GateFacts } from "../../src/core/plugin/event.ts";

export function aRelease(overrides: Partial<ReleaseRecord> = {}): ReleaseRecord {
  const version = overrides.version ?? "1.2.3";
  return {
    revision: 1,
    product: "molam-woocommerce",
    version,
    sha256: "ab".repeat(32),
    size: 1000,
    min_from: "1.0.0",
    reversible: true,
    expires: "2027-12-31T00:00:00.000Z",
    status: "active",
    signed: { manifest: `{"version":"${version}"}`, signatures: [{ key_id: "k1", signature: "AAAA" }] },
    notes: "",
    published_by: "dev:ada",
    published_at: "2026-03-01T00:00:00.000Z",
    ...overrides,
  };
}

/** `input` as a person would PUT it: whatever is not named has its default, but the mode is auto and every merchant is whitelisted. */
export function aPolicy(input: Record<string, unknown> = {}): PolicyDocument {
  return PolicyDocument.parse({ mode: "auto", whitelist: { all: true }, ...input });
}

export function aDecision(overrides: Partial<Decision> = {}): Decision {
  return {
    action: "patch",
    patch_version: "1.2.3",
    confidence: 0.8,
    explanation: "1.2.3 is the smallest step that mends it.",
    alternatives: [],
    source: "heuristic",
    decided_at: "2026-03-02T12:00:00.000Z",
    ...overrides,
  };
}

export function someFacts(policy: PolicyDocument, overrides: Partial<GateFacts> = {}): GateFacts {
  return {
    policy,
    policyRevision: 7,
    admission: { admitted: true, status: "active", stage: "100 %", observed: "0 in flight", bound: "20" },
    guard: { storm: false, autonomy: "normal", actions_last_hour: 0, explanation: "calm" },
    ...overrides,
  };
}

export function aPerson(name: string): Person {
  return { id: `test:${name}`, name, roles: ["operator", "approver"] };
}
