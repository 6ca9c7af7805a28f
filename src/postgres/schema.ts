/**
 * The tables as drizzle sees them. Keys are the contract's own names, so a row of the ledger is a row of the table. The
 * migrations are the authority; a test compares every column with a real Postgres.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from "drizzle-orm/pg-core";
import { AgentCommand } from "../contract/agent-command.ts";
import { type Approval, ATTEMPT_STATUSES, type Attempt } from "../contract/attempt.ts";
import { COMMAND_TYPES } from "../contract/command.ts";
import { Outcome, SemverStep } from "../contract/decision.ts";
import {
  FLEET_INCIDENT_KINDS,
  FLEET_INCIDENT_STATUSES,
  type FleetIncident,
} from "../contract/fleet-incident.ts";
import { ACTIONS, SEVERITIES } from "../contract/ids.ts";
import {
  INCIDENT_STATUSES,
  INCIDENT_TYPES,
  type Incident,
  type Quiet,
  SILENCE_CAUSES,
  VOTES,
} from "../contract/incident.ts";
import {
  Audience,
  Language,
  NotificationKind,
  NotificationStatus,
  NotifyFormat,
} from "../contract/notification.ts";
import { type ReleaseRecord, ReleaseStatus } from "../contract/ops.ts";
import { PluginRecord } from "../contract/plugin-record.ts";
import type { PolicyDocument } from "../contract/policy.ts";
import type { Standing } from "../contract/release.ts";
import type { Remedy } from "../contract/remedy.ts";
import { SHADOW_OUTCOMES, SHADOW_VERDICTS, type ShadowDecision } from "../contract/shadow.ts";
import { bytea, instant, json, oneOf, revision } from "./columns.ts";

type Figures = Record<string, unknown>;

export const merchants = pgTable("merchants", {
  id: text().primaryKey(),
  name: text().notNull(),
  created_at: instant().notNull(),
  notify_revision: revision().default(0),
  language: oneOf(Language.options),
  notify_url: text(),
  notify_format: oneOf(NotifyFormat.options),
  notify_secret: text(),
  notify_disabled: text(),
  notify_updated_at: instant(),
});

export const plugins = pgTable("merchant_plugins", {
  id: text().primaryKey(),
  revision: revision(),
  merchant_id: text().notNull(),
  product: text().notNull(),
  version: text().notNull(),
  status: oneOf(PluginRecord.shape.status.options).notNull(),
  site_url: text(),
  env: json<PluginRecord["env"]>().notNull(),
  cadence: oneOf(PluginRecord.shape.cadence.options).notNull(),
  telemetry: json<Figures>().notNull(),
  open_incidents: integer().notNull(),
  enrolled_at: instant().notNull(),
  last_seen_at: instant(),
  credential_kind: oneOf(["hmac", "ed25519"]),
  sealed_secret: text(),
  public_key: text(),
});

export const incidents = pgTable("plugin_incidents", {
  id: text().primaryKey(),
  revision: revision(),
  plugin_id: text().notNull(),
  merchant_id: text().notNull(),
  product: text().notNull(),
  version: text().notNull(),
  type: oneOf(INCIDENT_TYPES).notNull(),
  dedupe_key: text().notNull(),
  signature: text().notNull(),
  severity: oneOf(SEVERITIES).notNull(),
  status: oneOf(INCIDENT_STATUSES).notNull(),
  signal: json<Incident["signal"]>().notNull(),
  telemetry_snapshot: json<Figures>().notNull(),
  decision: json<NonNullable<Incident["decision"]>>(),
  onset_at: instant(),
  detected_at: instant().notNull(),
  decided_at: instant(),
  acknowledged_by: text(),
  acknowledged_at: instant(),
  resolved_at: instant(),
  resolution: text(),
  reopened: integer().notNull(),
  flapping: boolean().notNull().default(false),
  snoozed: json<Quiet>(),
  muted: json<Quiet>(),
  in_maintenance: json<Quiet>(),
  cause: oneOf(SILENCE_CAUSES),
});

export const votes = pgTable(
  "incident_votes",
  {
    incident_id: text().notNull(),
    plugin_id: text().notNull(),
    person: text().notNull(),
    revision: revision(),
    vote: oneOf(VOTES).notNull(),
    reason: text().notNull(),
    at: instant().notNull(),
  },
  (t) => [primaryKey({ columns: [t.incident_id, t.person] })],
);

export const incidentEvents = pgTable("incident_events", {
  id: text().primaryKey(),
  incident_id: text().notNull(),
  plugin_id: text().notNull(),
  attempt_id: text(),
  number: integer().notNull(),
  at: instant().notNull(),
  kind: text().notNull(),
  actor: text().notNull(),
  text: text().notNull(),
  data: json<Figures>().notNull(),
});

export const notifications = pgTable("notifications", {
  id: text().primaryKey(),
  kind: oneOf(NotificationKind.options).notNull(),
  urgency: oneOf(["page", "notice"]).notNull(),
  incident_id: text(),
  plugin_id: text(),
  title: text().notNull(),
  text: text().notNull(),
  at: instant().notNull(),
  revision: revision().default(1),
  audience: oneOf(Audience.options).notNull().default("ops"),
  merchant_id: text(),
  fleet_incident_id: text(),
  attempt_id: text(),
  status: oneOf(NotificationStatus.options),
  detail: text(),
  digest_id: text(),
  sent_at: instant(),
});

export const attempts = pgTable("plugin_autopatch_attempts", {
  id: text().primaryKey(),
  revision: revision(),
  incident_id: text().notNull(),
  plugin_id: text().notNull(),
  merchant_id: text().notNull(),
  product: text().notNull(),
  action: oneOf(ACTIONS).notNull(),
  from_version: text().notNull(),
  target_version: text(),
  sha256: text(),
  step: oneOf(SemverStep.options),
  status: oneOf(ATTEMPT_STATUSES).notNull(),
  requested_by: text().notNull(),
  decision: json<Attempt["decision"]>().notNull(),
  evidence_hash: text().notNull(),
  approvals_needed: integer().notNull(),
  approvals: json<Approval[]>().notNull(),
  gate: json<Attempt["gate"]>().notNull(),
  gate_facts: json<NonNullable<Attempt["gate_facts"]>>(),
  remedy: text(),
  handover_gate: json<NonNullable<Attempt["handover_gate"]>>(),
  handover_facts: json<NonNullable<Attempt["handover_facts"]>>(),
  staging: json<NonNullable<Attempt["staging"]>>(),
  health: json<NonNullable<Attempt["health"]>>(),
  asked_until: instant(),
  command_id: text(),
  rollback_reason: text().generatedAlwaysAs(sql`reason where rolled back`),
  reason: text(),
  reverts: text(),
  created_at: instant().notNull(),
  staged_at: instant(),
  handed_over_at: instant(),
  executed_at: instant(),
  rolled_back_at: instant(),
  finished_at: instant(),
});

export const shadowDecisions = pgTable("shadow_decisions", {
  id: text().primaryKey(),
  revision: revision(),
  incident_id: text().notNull(),
  plugin_id: text().notNull(),
  merchant_id: text().notNull(),
  product: text().notNull(),
  action: oneOf(ACTIONS).notNull(),
  from_version: text().notNull(),
  target_version: text(),
  decision: json<ShadowDecision["decision"]>().notNull(),
  would: oneOf(SHADOW_VERDICTS).notNull(),
  why: text(),
  approvals_needed: integer().notNull(),
  gate: json<ShadowDecision["gate"]>().notNull(),
  gate_facts: json<ShadowDecision["gate_facts"]>().notNull(),
  policy_revision: integer().notNull(),
  at: instant().notNull(),
  outcome: oneOf(SHADOW_OUTCOMES),
  outcome_text: text(),
  outcome_at: instant(),
});

export const approvals = pgTable(
  "approvals",
  {
    attempt_id: text().notNull(),
    person: text().notNull(),
    evidence_hash: text().notNull(),
    decision: oneOf(["approve", "reject"]).notNull(),
    reason: text().notNull(),
    at: instant().notNull(),
  },
  (t) => [primaryKey({ columns: [t.attempt_id, t.person, t.evidence_hash, t.at] })],
);

export const commands = pgTable("plugin_agent_commands", {
  id: text().primaryKey(),
  revision: revision(),
  plugin_id: text().notNull(),
  attempt_id: text(),
  number: integer().notNull(),
  type: oneOf(COMMAND_TYPES).notNull(),
  status: oneOf(AgentCommand.shape.status.options).notNull(),
  payload: json<Figures>().notNull(),
  policy_revision: integer(),
  tries: integer().notNull(),
  created_at: instant().notNull(),
  handed_over_at: instant(),
  finished_at: instant(),
  expires_at: instant().notNull(),
  error: text(),
});

export const feedback = pgTable(
  "sira_learning_feedback",
  {
    attempt_id: text().notNull(),
    revision: integer().notNull().default(1),
    incident_id: text().notNull(),
    plugin_id: text().notNull(),
    product: text().notNull(),
    signature: text().notNull(),
    incident_type: text(),
    env: json<Record<string, string>>().notNull(),
    from_version: text().notNull(),
    action: oneOf(ACTIONS).notNull(),
    target_version: text(),
    remedy: text(),
    confidence: doublePrecision().notNull(),
    outcome: oneOf(Outcome.options).notNull(),
    reason: text().notNull(),
    finished_at: instant().notNull(),
  },
  (t) => [primaryKey({ columns: [t.attempt_id, t.revision] })],
);

export const policy = pgTable("ops_policy", {
  id: integer().primaryKey(),
  revision: revision(),
  document: json<PolicyDocument>().notNull(),
  autopatch_enabled: boolean().notNull().generatedAlwaysAs(sql`derived from the document`),
  autopatch_whitelist: jsonb().notNull().generatedAlwaysAs(sql`derived from the document`),
  autopatch_max_severity: text().notNull().generatedAlwaysAs(sql`derived from the document`),
  updated_at: instant().notNull(),
  updated_by: text().notNull(),
  reason: text().notNull(),
});

export const policyHistory = pgTable("ops_policy_history", {
  revision: integer().primaryKey(),
  document: json<PolicyDocument>().notNull(),
  changed_by: text().notNull(),
  reason: text().notNull(),
  changed_at: instant().notNull(),
});

export const releases = pgTable(
  "plugin_releases",
  {
    revision: integer().notNull(),
    product: text().notNull(),
    version: text().notNull(),
    sha256: text().notNull(),
    size: integer().notNull(),
    min_from: text().notNull(),
    reversible: boolean().notNull(),
    expires: instant().notNull(),
    status: oneOf(ReleaseStatus.options).notNull(),
    signed: json<ReleaseRecord["signed"]>().notNull(),
    notes: text().notNull(),
    published_by: text().notNull(),
    published_at: instant().notNull(),
    standing: json<Standing>(),
  },
  (t) => [primaryKey({ columns: [t.product, t.version] })],
);

export const remedies = pgTable("plugin_remedies", {
  id: text().primaryKey(),
  revision: revision(),
  product: text().notNull(),
  title: text().notNull(),
  for: json<Remedy["for"]>().notNull(),
  set: json<Remedy["set"]>().notNull(),
  min_version: text(),
  max_version: text(),
  status: oneOf(ReleaseStatus.options).notNull(),
  standing: json<Standing>(),
  published_by: text().notNull(),
  published_at: instant().notNull(),
});

export const fleetIncidents = pgTable("fleet_incidents", {
  id: text().primaryKey(),
  revision: revision(),
  kind: oneOf(FLEET_INCIDENT_KINDS).notNull(),
  key: text().notNull(),
  status: oneOf(FLEET_INCIDENT_STATUSES).notNull(),
  signal: json<FleetIncident["signal"]>().notNull(),
  product: text(),
  version: text(),
  platform_version: text(),
  plugins: json<FleetIncident["plugins"]>().notNull(),
  plugin_count: integer().notNull(),
  opened_at: instant().notNull(),
  resolved_at: instant(),
  resolution: text(),
});

/** `seq`, `prev_hash` and `hash` are set by the table's own trigger. */
export const auditLog = pgTable(
  "audit_log",
  {
    stream: text().notNull(),
    seq: bigint({ mode: "number" }).notNull().generatedAlwaysAs(sql`set by trigger`),
    id: text().notNull(),
    at: instant().notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    data: json<Figures>().notNull(),
    prev_hash: bytea().notNull().generatedAlwaysAs(sql`set by trigger`),
    hash: bytea().notNull().generatedAlwaysAs(sql`set by trigger`),
  },
  (t) => [primaryKey({ columns: [t.stream, t.seq] })],
);
