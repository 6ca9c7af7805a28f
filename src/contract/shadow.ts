/** What Vigie would have done in mode `shadow`, and what became of the incident without it. */
import { z } from "zod";
import { GateVerdict } from "./attempt.ts";
import { Decision } from "./decision.ts";
import { GateSnapshot } from "./gate-snapshot.ts";
import { Action, IncidentId, Instant, MerchantId, PluginId, ProductName, Version } from "./ids.ts";

/** What the gate would have said in mode `auto`. */
export const SHADOW_VERDICTS = ["go", "wait_approval", "wait_canary", "forbid"] as const;
export const ShadowVerdict = z.enum(SHADOW_VERDICTS);
export type ShadowVerdict = z.infer<typeof ShadowVerdict>;

/**
 * `cleared`: it went away and nobody had changed anything. `same_fix`: a person did the same, and it is over. `other_fix`: it is over
 * after another change. `dismissed`: a person found nothing to do. `superseded`: it came back or was decided on afresh.
 */
export const SHADOW_OUTCOMES = ["cleared", "same_fix", "other_fix", "dismissed", "superseded"] as const;
export const ShadowOutcome = z.enum(SHADOW_OUTCOMES);
export type ShadowOutcome = z.infer<typeof ShadowOutcome>;

export const ShadowDecision = z.object({
  id: z.string().max(128),
  revision: z.number().int().positive(),
  incident_id: IncidentId,
  plugin_id: PluginId,
  merchant_id: MerchantId,
  product: ProductName,
  action: Action,
  from_version: Version,
  target_version: Version.nullable(),
  decision: Decision,
  would: ShadowVerdict,
  /** The rule that stood in the way, in words. */
  why: z.string().max(500).nullable(),
  approvals_needed: z.number().int().nonnegative(),
  gate: z.array(GateVerdict).max(32),
  gate_facts: GateSnapshot,
  policy_revision: z.number().int().nonnegative(),
  at: Instant,
  /** Null while the incident is open. */
  outcome: ShadowOutcome.nullable(),
  outcome_text: z.string().max(500).nullable(),
  outcome_at: Instant.nullable(),
});
export type ShadowDecision = z.infer<typeof ShadowDecision>;

/** `GET /api/ops/shadow-decisions`. */
export const ShadowQuery = z.object({
  would: ShadowVerdict.optional(),
  outcome: ShadowOutcome.optional(),
  product: ProductName.optional(),
  incident_id: IncidentId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(300).optional(),
});
export type ShadowQuery = z.infer<typeof ShadowQuery>;

export const ShadowPage = z.object({ items: z.array(ShadowDecision), next_cursor: z.string().nullable() });
export type ShadowPage = z.infer<typeof ShadowPage>;
