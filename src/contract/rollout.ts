/** How a release, or a remedy, is rolled out: its plan, where it stands, whom it is kept from, and what is taken back. */
import { z } from "zod";
import { AttemptId, Instant, MerchantId, PluginId, ProductName, RemedyId, Version, Why } from "./ids.ts";
import { AbortRule } from "./policy.ts";
import { ReleaseStatus, Standing } from "./release.ts";
import { Remedy } from "./remedy.ts";

/** What is rolled out: a version of a product, or a remedy. */
export const SubjectKey = z.union([RemedyId, Version], "neither a version nor a remedy id");
export type SubjectKey = z.infer<typeof SubjectKey>;

/** Who may have it from this wave on; exactly one of `merchants`, `shops` and `percent`. Earlier waves stay open. */
export const RolloutWave = z
  .strictObject({
    name: z.string().trim().min(1).max(64).optional(),
    merchants: z.array(MerchantId).min(1).max(1000).optional(),
    /** The first so many shops, whichever they are. */
    shops: z.number().int().min(1).max(100_000).optional(),
    /** The share of shops by stable hash, in per cent. */
    percent: z.number().min(0.1).max(100).optional(),
    /** Not before this instant. */
    not_before: Instant.optional(),
    /** Successes, baked, after which the next wave may open; of a wave by shops, all of them; else 5 unless given. */
    successes: z.number().int().min(0).max(100_000).optional(),
    /** Seconds without a relapse until a success counts; the policy's when absent. */
    bake_s: z.number().int().min(0).max(604_800).optional(),
    /** In place of the policy's abort rules while this wave is the newest. */
    abort: z.array(AbortRule).max(8).optional(),
  })
  .refine(
    (wave) => [wave.merchants, wave.shops, wave.percent].filter((who) => who !== undefined).length === 1,
    "name exactly one of merchants, shops and percent",
  );
export type RolloutWave = z.infer<typeof RolloutWave>;

/** In place of the policy's stages, for one release. Waves open in order. */
export const RolloutPlan = z
  .strictObject({ waves: z.array(RolloutWave).min(1).max(20) })
  .superRefine(({ waves }, check) => {
    const fail = (index: number, field: string, message: string) =>
      check.addIssue({ code: "custom", path: ["waves", index, field], message });
    let percent = 0;
    let shops = 0;
    let opens = Number.NEGATIVE_INFINITY;
    for (const [index, wave] of waves.entries()) {
      if (wave.percent !== undefined) {
        if (wave.percent <= percent) fail(index, "percent", "must be above that of the wave before");
        percent = wave.percent;
      }
      if (wave.shops !== undefined) {
        if (percent > 0) fail(index, "shops", "waves by shops come before waves by per cent");
        if (wave.shops <= shops) fail(index, "shops", "must be above that of the wave before");
        shops = wave.shops;
        if (wave.successes !== undefined && wave.successes > wave.shops)
          fail(index, "successes", "more than the wave has shops");
      }
      if (wave.not_before !== undefined) {
        const at = Date.parse(wave.not_before);
        if (at <= opens) fail(index, "not_before", "must be after that of the wave before");
        opens = at;
      }
    }
  });
export type RolloutPlan = z.infer<typeof RolloutPlan>;

/** A plan with its author. */
export const PlannedRollout = z.object({
  plan: RolloutPlan,
  by: z.string().max(200),
  at: Instant,
  reason: z.string().max(500),
});
export type PlannedRollout = z.infer<typeof PlannedRollout>;

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

/** `waiting`: its turn comes. `ordered`: the shop's object was told, or is being told. `stopped`: a person resumed before it was told. */
export const REVERT_STATUSES = [
  "waiting",
  "ordered",
  "reverted",
  "nothing",
  "refused",
  "failed",
  "unconfirmed",
  "stopped",
] as const;
export const RevertItem = z.object({
  attempt_id: z.string().max(64),
  plugin_id: z.string().max(64),
  /** When the attempt to be taken back had finished; null while it is under way. */
  applied_at: Instant.nullable(),
  status: z.enum(REVERT_STATUSES),
  text: z.string().max(500),
  at: Instant.nullable(),
});
export type RevertItem = z.infer<typeof RevertItem>;

export const RevertRun = z.object({
  state: z.enum(["running", "stopped", "done"]),
  cause: z.enum(["canary", "person"]),
  by: z.string().max(200),
  reason: z.string().max(500),
  started_at: Instant,
  ended_at: Instant.nullable(),
  /** How many shops are taken back at a time. */
  in_flight_limit: z.number().int().positive(),
  /** Why nothing leaves at present, and what to do about it; null or absent while it goes on. */
  held: z.string().max(500).nullish(),
  counts: z.record(z.enum(REVERT_STATUSES), z.number().int().nonnegative()),
  /** Newest first, at most 200. */
  items: z.array(RevertItem),
});
export type RevertRun = z.infer<typeof RevertRun>;

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

/** `PUT /api/ops/releases/:product/:version/rollout` */
export const PlanRequest = z.strictObject({
  plan: RolloutPlan,
  reason: Why,
  /** Only say whom each wave may reach. */
  dry_run: z.boolean().default(false),
});
export type PlanRequest = z.infer<typeof PlanRequest>;

export const WaveReach = z.object({
  wave: z.string().max(120),
  not_before: Instant.nullable(),
  /** Shops that may have it once this wave is open, those of earlier waves included; null when it is by number. */
  shops: z.number().int().nonnegative(),
  /** Of these, not in any earlier wave. */
  added: z.number().int().nonnegative(),
  /** Some of the added ones. */
  sample: z.array(PluginId).max(10),
});
export type WaveReach = z.infer<typeof WaveReach>;
/** A shop as far as a rollout looks at it. */
export const PlanShop = z.object({
  id: PluginId,
  merchant_id: MerchantId,
  version: Version,
  env: z.record(z.string(), z.string()),
});
export type PlanShop = z.infer<typeof PlanShop>;
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

export const CancelPlanRequest = z.strictObject({ reason: Why });
export type CancelPlanRequest = z.infer<typeof CancelPlanRequest>;

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

/** `POST …/revert`: take it back wherever it was applied, newest first. It is halted first. */
export const RevertRequest = z.strictObject({ reason: Why, dry_run: z.boolean().default(false) });
export type RevertRequest = z.infer<typeof RevertRequest>;
export const RevertReply = z.object({
  dry_run: z.boolean(),
  /** It is being handed out: reverting halts it. */
  halts: z.boolean(),
  /** Shops to be taken back, as far as is on record here: none of them is asked before its turn. */
  shops: z.number().int().nonnegative(),
  run: RevertRun,
  /** What whoever decides should know. */
  notes: z.array(z.string().max(400)).optional(),
});
export type RevertReply = z.infer<typeof RevertReply>;

/** `PUT /api/ops/releases/:product/floor`: no rollback or patch to a version below; null for none. */
export const FloorRequest = z.strictObject({
  version: Version.nullable(),
  reason: Why,
  /** Only say what it would shut out. */
  dry_run: z.boolean().optional(),
  /** It is meant to bar every patch and rollback: without it a floor above every active release is refused. */
  bars_all: z.boolean().optional(),
});
export type FloorRequest = z.infer<typeof FloorRequest>;
export const Floor = z.object({
  product: ProductName,
  version: Version.nullable(),
  standing: Standing.nullable(),
});
export type Floor = z.infer<typeof Floor>;
/** What a floor does to the releases that shops may be given, newest first. */
export const FloorReach = z.object({
  /** Below it: given to nobody while it stands. */
  shut: z.array(Version),
  left: z.array(Version),
  /** What whoever decides should know. */
  notes: z.array(z.string().max(400)),
});
export type FloorReach = z.infer<typeof FloorReach>;
/** The floor in force, after a dry run still the former one; and the reach of the one that was asked for. */
export const FloorReply = Floor.extend({ dry_run: z.boolean(), ...FloorReach.shape });
export type FloorReply = z.infer<typeof FloorReply>;

/** A remedy with where it stands. */
export const LiveRemedy = Remedy.extend({ rollout: RolloutState.nullish() });
export type LiveRemedy = z.infer<typeof LiveRemedy>;
export const RemedyList = z.object({ items: z.array(LiveRemedy) });
export type RemedyList = z.infer<typeof RemedyList>;

/** A taking-back as reported by the shop's object. */
export const RevertReport = z.object({
  version: z.string().max(64),
  /** The attempt that was taken back. */
  attempt_id: AttemptId,
  outcome: z.enum(["success", "rolled_back", "failed", "inconclusive", "cancelled"]),
});
export type RevertReport = z.infer<typeof RevertReport>;
