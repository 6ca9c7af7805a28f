/** The fleet's guard as people see it: what holds automatic changes back at this moment, and the figures behind it. */
import { z } from "zod";
import { Action, AttemptId, Instant, MerchantId, PluginId, ProductName, Why } from "./ids.ts";
import { PolicyMode } from "./policy.ts";

/** The budget's figures and where it stands; `degraded` until a person restores it. */
export const AutonomyStanding = z.object({
  state: z.enum(["normal", "degraded"]),
  explanation: z.string(),
  /** Automatic attempts that count: inside the window, and finished since autonomy was last restored. */
  finished: z.number().int(),
  success: z.number().int(),
  rolled_back: z.number().int(),
  /** The bounds: shares are of at least `min_finished`. */
  min_finished: z.number().int(),
  max_rollback_share: z.number(),
  min_success_share: z.number(),
  downgraded_at: Instant.nullable(),
  restored: z.object({ at: Instant, by: z.string(), reason: z.string() }).nullable(),
});
export type AutonomyStanding = z.infer<typeof AutonomyStanding>;

/** Attempts in no shop's hands, those that a shop was told of, and those that are applied and under watch. */
const AttemptsUnderWay = z.object({
  waiting: z.number().int(),
  handed_over: z.number().int(),
  watched: z.number().int(),
});

/** What FleetObject knows of it. */
export const FleetStanding = z.object({
  storm: z.boolean(),
  /** Of the storm guard. */
  storm_explanation: z.string(),
  autonomy: AutonomyStanding,
  actions_last_hour: z.number().int(),
  attempts: AttemptsUnderWay,
  /** The emergency action that runs, by id; null when none does. */
  emergency: z.string().nullable(),
});
export type FleetStanding = z.infer<typeof FleetStanding>;

/** `GET /api/ops/guard`. */
export const Guard = FleetStanding.extend({
  kill_switch: z.boolean(),
  mode: PolicyMode,
  policy_revision: z.number().int(),
  actions_per_hour: z.number().int(),
});
export type Guard = z.infer<typeof Guard>;

/** `POST /api/ops/autonomy/restore`. */
export const RestoreAutonomyRequest = z.strictObject({ reason: Why });
export type RestoreAutonomyRequest = z.infer<typeof RestoreAutonomyRequest>;

/** One attempt that has not ended. */
export const AttemptUnderWay = z.object({
  attempt_id: AttemptId,
  plugin_id: PluginId,
  merchant_id: MerchantId,
  product: ProductName,
  action: Action,
  version: z.string().nullable(),
  /** `waiting`: the switch cancels it. `handed_over`, `applied`: it goes on, and cannot be taken back by command. */
  phase: z.enum(["waiting", "handed_over", "applied"]),
  at: Instant,
});
export type AttemptUnderWay = z.infer<typeof AttemptUnderWay>;

/** `GET /api/ops/policy/kill`: the dry run of the kill switch. At most 200 attempts, the oldest first. */
export const KillPreview = z.object({
  engaged: z.boolean(),
  /** What pulling it would do, or releasing it when it is engaged. */
  text: z.string(),
  counts: AttemptsUnderWay,
  attempts: z.array(AttemptUnderWay),
});
export type KillPreview = z.infer<typeof KillPreview>;
