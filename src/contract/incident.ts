/** Incidents, gate verdicts and attempts as people and the ledger see them. */
import { z } from "zod";
import { Decision, SemverStep } from "./decision.ts";
import { GateSnapshot } from "./gate-snapshot.ts";
import {
  Action,
  AttemptId,
  CommandId,
  IncidentId,
  Instant,
  MerchantId,
  PluginId,
  ProductName,
  RemedyId,
  Severity,
  Sha256,
  Version,
} from "./ids.ts";
import { SmokeCheck } from "./staging.ts";

export const INCIDENT_TYPES = [
  "webhook_fail_rate",
  "webhook_disabled",
  "error_spike",
  "new_error",
  "heartbeat_missed",
] as const;
export const IncidentType = z.enum(INCIDENT_TYPES);
export type IncidentType = z.infer<typeof IncidentType>;

/**
 * `open`: nobody and nothing acts. `unknown`: of the type that a storm is about, nothing is judged until it is over. `healing`:
 * an attempt is under way. `escalated`: a person must act. `baking`: healed, watched on.
 */
export const INCIDENT_STATUSES = [
  "open",
  "unknown",
  "healing",
  "escalated",
  "baking",
  "resolved",
  "dismissed",
] as const;
export const IncidentStatus = z.enum(INCIDENT_STATUSES);
export type IncidentStatus = z.infer<typeof IncidentStatus>;
export const OPEN_INCIDENT_STATUSES = ["open", "unknown", "healing", "escalated", "baking"] as const;

/**
 * Why a plugin is silent. A goodbye is none of these: announced silence opens no incident. `shop_down`: the shop itself does not
 * answer. `plugin_silent`: the shop answers, its plugin does not; only this may be healed. `ingest`: so many fell silent at
 * once that the fault is ours.
 */
export const SILENCE_CAUSES = ["shop_down", "plugin_silent", "ingest", "unknown"] as const;
export const SilenceCause = z.enum(SILENCE_CAUSES);
export type SilenceCause = z.infer<typeof SilenceCause>;

/** A detector's finding: value against bound, over how much, since when. */
export const Signal = z.object({
  type: IncidentType,
  method: z.string().max(64),
  value: z.number().nullable(),
  bound: z.number().nullable(),
  sample: z.number().nonnegative(),
  window_s: z.number().nonnegative(),
  onset_at: Instant.nullable(),
  explanation: z.string().max(500),
});
export type Signal = z.infer<typeof Signal>;

/** Who keeps an incident quiet, why, and until when. */
export const Quiet = z.object({ by: z.string().max(200), reason: z.string().max(500), until: Instant });
export type Quiet = z.infer<typeof Quiet>;

export const Incident = z.object({
  id: IncidentId,
  revision: z.number().int().positive(),
  plugin_id: PluginId,
  merchant_id: MerchantId,
  product: ProductName,
  version: Version,
  type: IncidentType,
  dedupe_key: z.string().max(200),
  signature: z.string().max(200),
  severity: Severity,
  status: IncidentStatus,
  signal: Signal,
  /** Telemetry frozen at detection. */
  telemetry_snapshot: z.record(z.string(), z.unknown()),
  decision: Decision.nullable(),
  onset_at: Instant.nullable(),
  detected_at: Instant,
  decided_at: Instant.nullable(),
  acknowledged_by: z.string().max(200).nullable(),
  acknowledged_at: Instant.nullable(),
  resolved_at: Instant.nullable(),
  resolution: z.string().max(500).nullable(),
  reopened: z.number().int().nonnegative(),
  /** Of a missed heartbeat, once it is known. */
  cause: SilenceCause.nullish(),
  /** It comes and goes: no automatic attempt, and no page for each time. */
  flapping: z.boolean().optional(),
  /** A person wants no notice of this one before then. */
  snoozed: Quiet.nullish(),
  /** The policy mutes it. */
  muted: Quiet.nullish(),
  /** A maintenance window covers it. */
  in_maintenance: Quiet.nullish(),
});
export type Incident = z.infer<typeof Incident>;

export const GATE_RULES = [
  "kill_switch",
  "mode",
  "whitelist",
  "max_severity",
  "min_confidence",
  "action_allowed",
  "approvals",
  "release",
  "excluded_fix",
  "canary",
  "attempt_budget",
  "storm",
  "autonomy_budget",
  "maintenance_window",
  "mute",
  "flapping",
] as const;
export const GateVerdict = z.object({
  rule: z.enum(GATE_RULES),
  outcome: z.enum(["allow", "needs_approval", "forbid"]),
  observed: z.string().max(200),
  bound: z.string().max(200),
});
export type GateVerdict = z.infer<typeof GateVerdict>;

export const VOTES = ["useful", "not_actionable", "false_positive"] as const;
/** What a person thinks of an incident afterwards. One for each person; the latest counts. */
export const IncidentVote = z.object({
  incident_id: IncidentId,
  plugin_id: PluginId,
  person: z.string().max(200),
  /** Rises with every vote of the plugin, so that a late row never undoes a newer one. */
  revision: z.number().int().positive(),
  vote: z.enum(VOTES),
  reason: z.string().max(500),
  at: Instant,
});
export type IncidentVote = z.infer<typeof IncidentVote>;

export const ATTEMPT_STATUSES = [
  "pending",
  "awaiting_approval",
  "staging",
  "applying",
  "verifying",
  "rolling_back",
  "success",
  "rolled_back",
  "rollback_failed",
  "failed",
  "expired",
  "rejected",
  "cancelled",
] as const;
export const AttemptStatus = z.enum(ATTEMPT_STATUSES);
export type AttemptStatus = z.infer<typeof AttemptStatus>;
export const IN_FLIGHT_STATUSES = [
  "pending",
  "awaiting_approval",
  "staging",
  "applying",
  "verifying",
  "rolling_back",
] as const;
export const TERMINAL_STATUSES = [
  "success",
  "rolled_back",
  "rollback_failed",
  "failed",
  "expired",
  "rejected",
  "cancelled",
] as const;

export const Approval = z.object({
  attempt_id: AttemptId,
  person: z.string().max(200),
  decision: z.enum(["approve", "reject"]),
  evidence_hash: Sha256,
  reason: z.string().max(500),
  at: Instant,
});
export type Approval = z.infer<typeof Approval>;

/** Why the health check ended as it did: one deciding value, its bound, its window. */
export const HealthVerdict = z.object({
  verdict: z.enum(["healthy", "unhealthy", "inconclusive"]),
  rule: z.string().max(64),
  /** What `value` and `bound` are figures of. */
  metric: z.string().max(64).optional(),
  value: z.number().nullable(),
  bound: z.number().nullable(),
  window_s: z.number().nonnegative(),
  explanation: z.string().max(500),
  at: Instant,
});
export type HealthVerdict = z.infer<typeof HealthVerdict>;

export const Attempt = z.object({
  id: AttemptId,
  revision: z.number().int().positive(),
  incident_id: IncidentId,
  plugin_id: PluginId,
  merchant_id: MerchantId,
  product: ProductName,
  action: Action,
  from_version: Version,
  target_version: Version.nullable(),
  sha256: Sha256.nullable(),
  step: SemverStep.nullable(),
  status: AttemptStatus,
  /** Who asked: `vigie`, or the person of a manual action. */
  requested_by: z.string().max(200),
  decision: Decision,
  evidence_hash: Sha256,
  approvals_needed: z.number().int().nonnegative(),
  approvals: z.array(Approval).max(10),
  gate: z.array(GateVerdict).max(32),
  /** What the verdicts of `gate` were made of. */
  gate_facts: GateSnapshot.nullish(),
  /** The gate's verdicts at command hand-over; null until then. */
  handover_gate: z.array(GateVerdict).max(32).nullable(),
  staging: z.array(SmokeCheck).max(16).nullable(),
  health: HealthVerdict.nullable(),
  command_id: CommandId.nullable(),
  reason: z.string().max(500).nullable(),
  /** The remedy that a `config` takes its settings from. */
  remedy: RemedyId.nullish(),
  /** The attempt whose success this one takes back. */
  reverts: AttemptId.nullable(),
  created_at: Instant,
  staged_at: Instant.nullable(),
  handed_over_at: Instant.nullable(),
  executed_at: Instant.nullable(),
  rolled_back_at: Instant.nullable(),
  finished_at: Instant.nullable(),
});
export type Attempt = z.infer<typeof Attempt>;

/** One line of an incident's story. `kind` is stable for machines, `text` is for people, `data` holds the figures. */
export const IncidentEvent = z.object({
  id: z.string().max(96),
  incident_id: IncidentId,
  plugin_id: PluginId,
  attempt_id: AttemptId.nullable(),
  number: z.number().int().positive(),
  at: Instant,
  kind: z.string().max(48),
  actor: z.string().max(200),
  text: z.string().max(1000),
  data: z.record(z.string(), z.unknown()),
});
export type IncidentEvent = z.infer<typeof IncidentEvent>;

/** A command as the ledger keeps it. */
export const AgentCommand = z.object({
  id: CommandId,
  revision: z.number().int().positive(),
  plugin_id: PluginId,
  attempt_id: AttemptId.nullable(),
  number: z.number().int().positive(),
  type: z.enum(["update", "rollback", "config", "probe"]),
  status: z.enum(["queued", "handed_over", "acknowledged", "failed", "expired", "cancelled", "superseded"]),
  payload: z.record(z.string(), z.unknown()),
  policy_revision: z.number().int().nonnegative().nullable(),
  tries: z.number().int().nonnegative(),
  created_at: Instant,
  handed_over_at: Instant.nullable(),
  finished_at: Instant.nullable(),
  expires_at: Instant,
  error: z.string().max(1000).nullable(),
});
export type AgentCommand = z.infer<typeof AgentCommand>;

/** A plugin as the ledger keeps it: refreshed on a change of status, version or incident, and at most every 15 min otherwise. */
export const PluginRecord = z.object({
  id: PluginId,
  revision: z.number().int().positive(),
  merchant_id: MerchantId,
  product: ProductName,
  version: Version,
  status: z.enum(["learning", "healthy", "degraded", "healing", "silent", "goodbye"]),
  site_url: z.string().nullable(),
  env: z.record(z.string(), z.string()),
  cadence: z.enum(["resident", "page-view"]),
  telemetry: z.record(z.string(), z.unknown()),
  open_incidents: z.number().int().nonnegative(),
  enrolled_at: Instant,
  last_seen_at: Instant.nullable(),
});
export type PluginRecord = z.infer<typeof PluginRecord>;
