/** Valid answers of the contract for the dashboard's tests: one builder per noun, a fixed T0. */

import type { AgentCommand } from "../../src/contract/agent-command.ts";
import type { Attempt, GateVerdict } from "../../src/contract/attempt.ts";
import type { Decision } from "../../src/contract/decision.ts";
import type { Incident, IncidentEvent } from "../../src/contract/incident.ts";
import type { Kpis, PluginDetail, ReleaseRecord } from "../../src/contract/ops.ts";
import type { PluginRecord } from "../../src/contract/plugin-record.ts";
import { defaultPolicyDocument, type Policy } from "../../src/contract/policy.ts";

export const T0 = Date.parse("2026-11-20T10:00:00Z");
const KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAA";
export const PLUGIN_ID = `plg_${KEY}`;
export const HASH = "ab".repeat(32);

/** ISO instant `seconds` after `from`. */
export function at(seconds: number, from: number = T0): string {
  return new Date(from + seconds * 1000).toISOString();
}
export function incidentId(n: number): string {
  return `inc_${KEY}_${n}`;
}
export function attemptId(n: number): string {
  return `att_${KEY}_${n}`;
}

export function aDecision(over: Partial<Decision> = {}): Decision {
  return {
    action: "patch",
    patch_version: "1.2.3",
    confidence: 0.86,
    explanation: "1.2.3 mended this signature on 14 of 15 plugins",
    source: "builtin",
    decided_at: at(3),
    alternatives: [
      { action: "rollback", patch_version: "1.2.1", confidence: 0.5, explanation: "the last good version" },
    ],
    ...over,
  };
}

export function anIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: incidentId(1),
    revision: 4,
    plugin_id: PLUGIN_ID,
    merchant_id: "merchant-7",
    product: "molam-woo",
    version: "1.2.2",
    type: "webhook_fail_rate",
    dedupe_key: "webhook_fail_rate",
    signature: "webhook_fail_rate:1.2.2:sig-mismatch",
    severity: "medium",
    status: "open",
    signal: {
      type: "webhook_fail_rate",
      method: "bernoulli-cusum",
      value: 0.61,
      bound: 0.2,
      sample: 48,
      window_s: 900,
      onset_at: at(-70),
      explanation: "29 of 48 webhooks failed in 15 min; CUSUM 10.4 against 10",
    },
    telemetry_snapshot: { counters: { webhooks_sent: 48, webhooks_failed: 29 }, version: "1.2.2" },
    decision: aDecision(),
    onset_at: at(-70),
    detected_at: at(0),
    decided_at: at(3),
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_at: null,
    resolution: null,
    reopened: 0,
    ...over,
  };
}

const ALLOWED: GateVerdict[] = [
  { rule: "kill_switch", outcome: "allow", observed: "released", bound: "released" },
  { rule: "mode", outcome: "allow", observed: "auto", bound: "auto" },
  { rule: "max_severity", outcome: "allow", observed: "medium", bound: "medium" },
  { rule: "min_confidence", outcome: "allow", observed: "0.86", bound: "0.6" },
];

export function anAttempt(over: Partial<Attempt> = {}): Attempt {
  return {
    id: attemptId(1),
    revision: 3,
    incident_id: incidentId(1),
    plugin_id: PLUGIN_ID,
    merchant_id: "merchant-7",
    product: "molam-woo",
    action: "patch",
    from_version: "1.2.2",
    target_version: "1.2.3",
    sha256: "cd".repeat(32),
    step: "patch",
    status: "pending",
    requested_by: "vigie",
    decision: aDecision(),
    evidence_hash: HASH,
    approvals_needed: 0,
    approvals: [],
    gate: ALLOWED,
    handover_gate: null,
    staging: null,
    health: null,
    command_id: null,
    reason: null,
    reverts: null,
    created_at: at(4),
    staged_at: null,
    handed_over_at: null,
    executed_at: null,
    rolled_back_at: null,
    finished_at: null,
    ...over,
  };
}

export function anEvent(over: Partial<IncidentEvent> = {}): IncidentEvent {
  return {
    id: `evt_${KEY}_${over.number ?? 1}`,
    incident_id: incidentId(1),
    plugin_id: PLUGIN_ID,
    attempt_id: null,
    number: 1,
    at: at(0),
    kind: "incident.detected",
    actor: "vigie",
    text: "Webhooks fail: 29 of 48 in 15 min",
    data: { value: 0.61, bound: 0.2 },
    ...over,
  };
}

export function aPlugin(over: Partial<PluginRecord> = {}): PluginRecord {
  return {
    id: PLUGIN_ID,
    revision: 9,
    merchant_id: "merchant-7",
    product: "molam-woo",
    version: "1.2.2",
    status: "degraded",
    site_url: "https://shop-7.example",
    env: { platform: "woocommerce", platform_version: "9.4.1", runtime: "php", runtime_version: "8.3" },
    cadence: "resident",
    telemetry: {},
    open_incidents: 1,
    enrolled_at: at(-86_400),
    last_seen_at: at(-20),
    ...over,
  };
}

export function aCommand(over: Partial<AgentCommand> = {}): AgentCommand {
  return {
    id: `cmd_${KEY}_1`,
    revision: 2,
    plugin_id: PLUGIN_ID,
    attempt_id: attemptId(1),
    number: 1,
    type: "update",
    status: "acknowledged",
    payload: {},
    policy_revision: 7,
    tries: 1,
    created_at: at(20),
    handed_over_at: at(30),
    finished_at: at(40),
    expires_at: at(920),
    error: null,
    ...over,
  };
}

export function aPluginDetail(over: Partial<PluginDetail["live"]> = {}): PluginDetail {
  const bucket = (i: number) => ({
    start: at(i * 300 - 3600),
    errors: i > 7 ? 4 : 0,
    requests: 40 + i,
    webhooks_sent: 12,
    webhooks_failed: i > 7 ? 7 : 0,
  });
  const buckets = Array.from({ length: 12 }, (_, i) => bucket(i));
  return {
    plugin: aPlugin(),
    live: {
      seq: 1402,
      state: "running",
      last_beat_at: at(-20),
      deadline_at: at(145),
      next_heartbeat_s: 30,
      recent: buckets,
      daily: buckets.map((b) => ({ ...b, errors: 0, requests: 0 })),
      detectors: [
        { type: "webhook_fail_rate", state: "firing", value: 0.61, bound: 0.2, explanation: "29 of 48" },
        { type: "error_spike", state: "learning", value: null, bound: null, explanation: "2 of 24 h" },
        { type: "new_error", state: "not_enough_data", value: null, bound: 3, explanation: "no errors" },
        { type: "heartbeat_missed", state: "normal", value: 20, bound: 165, explanation: "20 s of 165 s" },
      ],
      open_incidents: [anIncident()],
      attempt: null,
      commands: [aCommand()],
      outbox: 0,
      ...over,
    },
  };
}

export function aPolicy(over: Partial<Policy> = {}): Policy {
  return {
    revision: 7,
    document: { ...defaultPolicyDocument(), mode: "auto" },
    updated_at: at(-3600),
    updated_by: "amina",
    reason: "pilot with five shops",
    ...over,
  };
}

export function aRelease(over: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    revision: 1,
    product: "molam-woo",
    version: "1.2.3",
    sha256: "cd".repeat(32),
    size: 48_213,
    min_from: "1.2.0",
    reversible: true,
    expires: at(86_400 * 90),
    status: "active",
    signed: { manifest: "{}", signatures: [{ key_id: "publisher-1", signature: "AAAA" }] },
    notes: "Signs every webhook with the current key",
    published_by: "release-desk",
    published_at: at(-7200),
    ...over,
  };
}

export function someKpis(over: Partial<Kpis> = {}): Kpis {
  const none = { median_s: null, p95_s: null, n: 0, target_s: null };
  return {
    window_s: 604_800,
    success_rate: { value: 0.962, n: 53, low: 0.872, high: 0.99, target: 0.95 },
    rollback_rate: { value: null, n: 3, low: null, high: null, target: 0.02 },
    time_to_detect: { median_s: 74, p95_s: 140, n: 53, target_s: 120 },
    time_to_repair: { median_s: 812, p95_s: 1400, n: 51, target_s: 600 },
    stages: {
      decide: { median_s: 0.4, p95_s: 1.1, n: 53, target_s: null },
      approve: none,
      stage: { median_s: 6, p95_s: 11, n: 53, target_s: null },
      apply: { median_s: 31, p95_s: 60, n: 52, target_s: null },
      verify: { median_s: 95, p95_s: 180, n: 52, target_s: null },
    },
    open_incidents: { low: 1, high: 2 },
    plugins: { healthy: 9, degraded: 2, learning: 1 },
    fleet: { storm: false, autonomy: "normal" },
    ...over,
  };
}
