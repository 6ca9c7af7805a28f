/** Valid ledger rows with overrides, around one fixed moment. Numbers make ids: the same number is the same plugin. */

import type { AgentCommand } from "../../src/contract/agent-command.ts";
import type { Approval, Attempt } from "../../src/contract/attempt.ts";
import type { Decision, FeedbackRequest } from "../../src/contract/decision.ts";
import type { FleetIncident } from "../../src/contract/fleet-incident.ts";
import type { Incident, IncidentEvent } from "../../src/contract/incident.ts";
import type { AuditRecord, MerchantRecord } from "../../src/contract/ledger.ts";
import type { NotificationRecord } from "../../src/contract/notification.ts";
import type { ReleaseRecord } from "../../src/contract/ops.ts";
import type { PluginRecord } from "../../src/contract/plugin-record.ts";
import { defaultPolicyDocument, type Policy } from "../../src/contract/policy.ts";

export const T0 = "2026-11-22T10:00:00.000Z";

/** T0 and some seconds. */
export function at(seconds: number): string {
  return new Date(Date.parse(T0) + seconds * 1000).toISOString();
}

const key = (n: number) => String(n).padStart(27, "A");
export const pluginId = (n = 1) => `plg_${key(n)}`;
export const incidentId = (plugin = 1, n = 1) => `inc_${key(plugin)}_${n}`;
export const attemptId = (plugin = 1, n = 1) => `att_${key(plugin)}_${n}`;
export const commandId = (plugin = 1, n = 1) => `cmd_${key(plugin)}_${n}`;
export const SHA256 = "a".repeat(64);
export const EVIDENCE = "e".repeat(64);

export function aMerchant(over: Partial<MerchantRecord> = {}): MerchantRecord {
  return { id: "merchant-1", name: "Boulangerie Sarr", created_at: T0, ...over };
}

export function aPluginRecord(over: Partial<PluginRecord> = {}): PluginRecord {
  return {
    id: pluginId(),
    revision: 1,
    merchant_id: "merchant-1",
    product: "demo-shop",
    version: "1.2.2",
    status: "healthy",
    site_url: "https://shop.example",
    env: { platform: "woocommerce", region: "sn" },
    cadence: "resident",
    telemetry: { errors_last_24h: 3, webhook_fail_rate: 0.01 },
    open_incidents: 0,
    enrolled_at: T0,
    last_seen_at: T0,
    ...over,
  };
}

export function aDecision(over: Partial<Decision> = {}): Decision {
  return {
    action: "patch",
    patch_version: "1.2.3",
    confidence: 0.87,
    explanation: "1.2.3 mends the signing of webhooks",
    alternatives: [],
    source: "builtin",
    decided_at: at(61),
    ...over,
  };
}

export function anIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: incidentId(),
    revision: 1,
    plugin_id: pluginId(),
    merchant_id: "merchant-1",
    product: "demo-shop",
    version: "1.2.2",
    type: "webhook_fail_rate",
    dedupe_key: "webhook_fail_rate",
    signature: "webhook_fail_rate:1.2.2",
    severity: "medium",
    status: "open",
    signal: {
      type: "webhook_fail_rate",
      method: "bernoulli-cusum",
      value: 11.2,
      bound: 10,
      sample: 42,
      window_s: 3600,
      onset_at: T0,
      explanation: "25 of 42 webhooks failed",
    },
    telemetry_snapshot: { webhook_fail_rate: 0.6 },
    decision: null,
    onset_at: T0,
    detected_at: at(60),
    decided_at: null,
    acknowledged_by: null,
    acknowledged_at: null,
    resolved_at: null,
    resolution: null,
    reopened: 0,
    cause: null,
    flapping: false,
    snoozed: null,
    muted: null,
    in_maintenance: null,
    ...over,
  };
}

export function anAttempt(over: Partial<Attempt> = {}): Attempt {
  return {
    id: attemptId(),
    revision: 1,
    incident_id: incidentId(),
    plugin_id: pluginId(),
    merchant_id: "merchant-1",
    product: "demo-shop",
    action: "patch",
    from_version: "1.2.2",
    target_version: "1.2.3",
    sha256: SHA256,
    step: "patch",
    status: "pending",
    requested_by: "vigie",
    decision: aDecision(),
    evidence_hash: EVIDENCE,
    approvals_needed: 0,
    approvals: [],
    gate: [{ rule: "mode", outcome: "allow", observed: "auto", bound: "auto" }],
    gate_facts: null,
    remedy: null,
    handover_gate: null,
    handover_facts: null,
    staging: null,
    health: null,
    asked_until: null,
    command_id: null,
    reason: null,
    reverts: null,
    created_at: at(62),
    staged_at: null,
    handed_over_at: null,
    executed_at: null,
    rolled_back_at: null,
    finished_at: null,
    ...over,
  };
}

export function anApproval(over: Partial<Approval> = {}): Approval {
  return {
    attempt_id: attemptId(),
    person: "awa",
    decision: "approve",
    evidence_hash: EVIDENCE,
    reason: "seen in staging",
    at: at(70),
    ...over,
  };
}

export function aCommand(over: Partial<AgentCommand> = {}): AgentCommand {
  return {
    id: commandId(),
    revision: 1,
    plugin_id: pluginId(),
    attempt_id: attemptId(),
    number: 1,
    type: "update",
    status: "queued",
    payload: { version: "1.2.3" },
    policy_revision: null,
    tries: 0,
    created_at: at(80),
    handed_over_at: null,
    finished_at: null,
    expires_at: at(980),
    error: null,
    ...over,
  };
}

export function anEvent(over: Partial<IncidentEvent> = {}): IncidentEvent {
  return {
    id: `${incidentId()}:1`,
    incident_id: incidentId(),
    plugin_id: pluginId(),
    attempt_id: null,
    number: 1,
    at: at(60),
    kind: "detected",
    actor: "vigie",
    text: "25 of 42 webhooks failed",
    data: { value: 11.2 },
    ...over,
  };
}

export function aNotification(over: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    id: `${incidentId()}:incident_detected`,
    kind: "incident_detected",
    urgency: "notice",
    incident_id: incidentId(),
    plugin_id: pluginId(),
    title: "Webhooks fail",
    text: "25 of 42 webhooks failed",
    at: at(60),
    ...over,
  };
}

export function aFeedback(over: Partial<FeedbackRequest> = {}): FeedbackRequest {
  return {
    attempt_id: attemptId(),
    incident_id: incidentId(),
    plugin_id: pluginId(),
    product: "demo-shop",
    signature: "webhook_fail_rate:1.2.2",
    env: { platform: "woocommerce" },
    from_version: "1.2.2",
    action: "patch",
    target_version: "1.2.3",
    confidence: 0.87,
    outcome: "success",
    reason: "the failure rate is back to 0",
    finished_at: at(300),
    ...over,
  };
}

export function aRelease(over: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return {
    revision: 1,
    product: "demo-shop",
    version: "1.2.3",
    sha256: SHA256,
    size: 4096,
    min_from: "1.0.0",
    reversible: true,
    expires: "2027-11-22T10:00:00.000Z",
    status: "active",
    signed: { manifest: "{}", signatures: [{ key_id: "k1", signature: "AAAA" }] },
    notes: "",
    published_by: "moussa",
    published_at: T0,
    standing: null,
    ...over,
  };
}

export function aPolicy(over: Partial<Policy> = {}): Policy {
  return {
    revision: 1,
    document: defaultPolicyDocument(),
    updated_at: T0,
    updated_by: "awa",
    reason: "first week of the canary",
    ...over,
  };
}

export function anAuditRecord(over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: "policy:1",
    stream: "policy",
    at: T0,
    actor: "awa",
    action: "policy.put",
    subject: "policy",
    data: { revision: 1 },
    ...over,
  };
}

export function aFleetIncident(over: Partial<FleetIncident> = {}): FleetIncident {
  return {
    id: "fli_1",
    revision: 1,
    kind: "cohort",
    key: "cohort:version:demo-shop@1.2.2",
    status: "open",
    signal: {
      type: "cohort_version",
      method: "pooled-bernoulli-cusum",
      value: 16.1,
      bound: 15,
      sample: 9,
      window_s: 240,
      onset_at: T0,
      explanation: "8 of 9 reported webhooks failed (88.9 %) in 7 shops of demo-shop 1.2.2",
    },
    product: "demo-shop",
    version: "1.2.2",
    platform_version: null,
    plugins: [pluginId(1), pluginId(2), pluginId(3)],
    plugin_count: 7,
    opened_at: at(60),
    resolved_at: null,
    resolution: null,
    ...over,
  };
}
