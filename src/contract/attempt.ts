/** Attempts at healing as people and the ledger see them, with the gate's and the health check's verdicts. */

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
  Sha256,
  Version,
} from "./ids.ts";
import { SmokeCheck } from "./staging.ts";

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

export const ATTEMPT_STATUSES = [...IN_FLIGHT_STATUSES, ...TERMINAL_STATUSES] as const;

export const AttemptStatus = z.enum(ATTEMPT_STATUSES);

export type AttemptStatus = z.infer<typeof AttemptStatus>;

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
  /** What those verdicts were made of. */
  handover_facts: GateSnapshot.nullish(),
  staging: z.array(SmokeCheck).max(16).nullable(),
  health: HealthVerdict.nullable(),
  /** While a person is asked whether to keep an inconclusive change: without an answer until then it is taken back, where it can be. */
  asked_until: Instant.nullish(),
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
