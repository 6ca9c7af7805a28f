/** The fleet's guard as people see it: what holds automatic changes back at this moment, and the figures behind it. */
import { z } from "zod";
import { Instant } from "./ids.ts";
import { PolicyMode } from "./policy.ts";

const Why = z.string().trim().min(3, "say why, in a few words").max(500);

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

/** What FleetObject knows of it. */
export const FleetStanding = z.object({
  storm: z.boolean(),
  /** Of the storm guard. */
  storm_explanation: z.string(),
  autonomy: AutonomyStanding,
  actions_last_hour: z.number().int(),
  /** Attempts not in a shop's hands, and those that are. */
  attempts: z.object({ waiting: z.number().int(), handed_over: z.number().int() }),
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
