/** Where the rollout of a release, or of a remedy, stands, and whom it is kept from. */
import { z } from "zod";
import { Instant, ProductName, Why } from "./ids.ts";
import { ReleaseStatus, Standing } from "./release.ts";
import { Remedy } from "./remedy.ts";
import { RevertRun } from "./revert.ts";
import { PlannedRollout, SubjectKey, WaveReach } from "./rollout-plan.ts";

/** An environment that does not get it. `learned` from failures there, or set by a person who knows of an issue. */
export const EnvironmentHold = z.object({
  /** Class of environments: platform and runtime, each with major and minor version. */
  environment: z.string().max(160),
  source: z.enum(["learned", "person"]),
  /** Who set it: `vigie` for a learned one. */
  by: z.string().max(200),
  reason: z.string().max(500),
  at: Instant,
  /** Finished attempts there and failures among them, when it was set. */
  finished: z.number().int().nonnegative(),
  failures: z.number().int().nonnegative(),
  lifted: Standing.nullable(),
});
export type EnvironmentHold = z.infer<typeof EnvironmentHold>;

/** A person let it go on: what had failed until then is counted no more. */
export const Acknowledgement = z.object({
  by: z.string().max(200),
  at: Instant,
  reason: z.string().max(500),
  finished: z.number().int().nonnegative(),
  failures: z.number().int().nonnegative(),
});
export type Acknowledgement = z.infer<typeof Acknowledgement>;

/** Where a rollout stands, live from its object. */
export const RolloutState = z.object({
  status: ReleaseStatus,
  standing: Standing.nullable(),
  /** `plan`: the release has one; `policy`: `canary.stages` of the policy. */
  source: z.enum(["plan", "policy"]),
  stages: z.array(z.string().max(120)),
  /** Index into `stages`. */
  stage: z.number().int().nonnegative(),
  stage_since: Instant,
  /** The present stage has not opened yet; or the next one is bound to a date. */
  not_before: Instant.nullable(),
  in_flight: z.number().int().nonnegative(),
  in_flight_limit: z.number().int().positive(),
  success: z.number().int().nonnegative(),
  /** Successes whose bake is over. */
  baked: z.number().int().nonnegative(),
  bake_s: z.number().int().nonnegative(),
  rolled_back: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
  inconclusive: z.number().int().nonnegative(),
  /** Successes that came back in their bake. */
  relapsed: z.number().int().nonnegative(),
  holds: z.array(EnvironmentHold),
  acknowledgements: z.array(Acknowledgement),
  /** Without its items. */
  revert: RevertRun.omit({ items: true }).nullable(),
  plan: PlannedRollout.nullable(),
});
export type RolloutState = z.infer<typeof RolloutState>;

/** A shop that took it, newest first. */
export const RolloutSlot = z.object({
  attempt_id: z.string().max(64),
  plugin_id: z.string().max(64),
  stage: z.number().int().nonnegative(),
  environment: z.string().max(160).nullable(),
  outcome: z.enum(["success", "rolled_back", "failed", "inconclusive", "cancelled", "relapsed"]).nullable(),
  acknowledged: z.boolean(),
  taken_at: Instant.nullable(),
  finished_at: Instant.nullable(),
  /** A success that is no longer in place, taken back for whatever reason. */
  reverted_at: Instant.nullish(),
});
export type RolloutSlot = z.infer<typeof RolloutSlot>;

/** `GET /api/ops/releases/:product/:version/rollout` */
export const RolloutDetail = z.object({
  product: ProductName,
  version: SubjectKey,
  rollout: RolloutState,
  revert: RevertRun.nullable(),
  /** At most 200. */
  slots: z.array(RolloutSlot),
});
export type RolloutDetail = z.infer<typeof RolloutDetail>;

export const PlanReply = z.object({
  planned: z.boolean(),
  /** Shops of the product, as the ledger knows them; null while it cannot be read. */
  shops: z.number().int().nonnegative().nullable(),
  /** Of these, already on the version, too old for it, or held; all of them while nobody may have it. */
  out_of_reach: z.number().int().nonnegative(),
  waves: z.array(WaveReach),
  /** More shops than were looked at. */
  truncated: z.boolean(),
  rollout: RolloutState,
  /** What whoever plans should know. */
  notes: z.array(z.string().max(400)).optional(),
});
export type PlanReply = z.infer<typeof PlanReply>;

/** `POST …/holds`: keep it from a class of environments, or lift a hold. */
export const HoldRequest = z.strictObject({
  environment: z.string().trim().min(1).max(160),
  held: z.boolean(),
  reason: Why,
});
export type HoldRequest = z.infer<typeof HoldRequest>;
export const HoldReply = RolloutState.extend({
  /** With the class as it was read. */
  hold: EnvironmentHold,
  /** Shops of the product in that class, as the ledger knows them; null while it cannot be read. */
  shops: z.number().int().nonnegative().nullable(),
});
export type HoldReply = z.infer<typeof HoldReply>;

/** A remedy with where it stands. */
export const LiveRemedy = Remedy.extend({ rollout: RolloutState.nullish() });
export type LiveRemedy = z.infer<typeof LiveRemedy>;
export const RemedyList = z.object({ items: z.array(LiveRemedy) });
export type RemedyList = z.infer<typeof RemedyList>;
