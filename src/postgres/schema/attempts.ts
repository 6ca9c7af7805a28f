/** What was tried, or would have been: who allowed it, what the shop was sent, and what was learnt. */
import { sql } from "drizzle-orm";
import { doublePrecision, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { AgentCommand } from "../../contract/agent-command.ts";
import { type Approval, ATTEMPT_STATUSES, type Attempt } from "../../contract/attempt.ts";
import { COMMAND_TYPES } from "../../contract/command.ts";
import { Outcome, SemverStep } from "../../contract/decision.ts";
import { ACTIONS } from "../../contract/ids.ts";
import { SHADOW_OUTCOMES, SHADOW_VERDICTS, type ShadowDecision } from "../../contract/shadow.ts";
import { figures, instant, json, oneOf, revision } from "../columns.ts";

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
  payload: figures().notNull(),
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
