/** The outside of a world that is kind to healing: whatever a plugin's object asks is answered at once, and in favour of a patch. */
import type { Decision } from "../src/contract/decision.ts";
import type { ReleaseRecord } from "../src/contract/ops.ts";
import type { PolicyDocument } from "../src/contract/policy.ts";
import type { FleetGuard } from "../src/contract/rpc/fleet.ts";
import type { GateFacts, PluginEvent } from "../src/core/plugin/event.ts";
import type { Work } from "../src/core/plugin/state.ts";

/** The version that every decision is for. */
export const TARGET = "1.2.3";
const YEAR_MS = 365 * 86_400_000;

export function answerKindly(
  work: Work,
  attemptId: string,
  guard: FleetGuard,
  policy: PolicyDocument,
  now: number,
): PluginEvent {
  const workId = work.id;
  switch (work.kind) {
    case "gate":
      return { type: "gate_facts", workId, facts: gateFacts(guard, policy) };
    case "triage": {
      const probe = { status: "up", reason: "answered", detail: "200", http_status: 200, ms: 120 } as const;
      return { type: "triaged", workId, facts: { guard, probe: guard.storm ? null : probe } };
    }
    case "decide":
      // As the plugin's object does: in a storm no decision is asked for.
      if (guard.storm) return { type: "triaged", workId, facts: { guard, probe: null } };
      return { type: "decided", workId, decision: aPatch(now), release: aSignedRelease(now) };
    case "stage": {
      const reply = { ok: true, attempt_id: attemptId, checks: [], total_ms: 900, runner: "simulated" };
      return { type: "staged", workId, reply };
    }
    default:
      return work satisfies never;
  }
}

export function gateFacts(guard: FleetGuard, policy: PolicyDocument): GateFacts {
  const admission = {
    admitted: true,
    status: "active",
    stage: "100 %",
    observed: "0 in flight",
    bound: "20",
  } as const;
  return { policy, policyRevision: 1, admission, guard };
}

function aPatch(now: number): Decision {
  return {
    action: "patch",
    patch_version: TARGET,
    confidence: 0.8,
    explanation: "The next version.",
    alternatives: [],
    source: "heuristic",
    decided_at: new Date(now).toISOString(),
  };
}

function aSignedRelease(now: number): ReleaseRecord {
  return {
    revision: 1,
    product: "molam-woocommerce",
    version: TARGET,
    sha256: "ab".repeat(32),
    size: 1000,
    min_from: "1.0.0",
    reversible: true,
    expires: new Date(now + YEAR_MS).toISOString(),
    status: "active",
    signed: { manifest: `{"version":"${TARGET}"}`, signatures: [{ key_id: "k1", signature: "AAAA" }] },
    notes: "",
    published_by: "publisher",
    published_at: new Date(now).toISOString(),
  };
}
