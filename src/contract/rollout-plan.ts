/** The plan of a rollout: who may have it, wave by wave. */
import { z } from "zod";
import { Instant, MerchantId, PluginId, RemedyId, Version, Why } from "./ids.ts";
import { AbortRule } from "./policy.ts";

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
export const CancelPlanRequest = z.strictObject({ reason: Why });
export type CancelPlanRequest = z.infer<typeof CancelPlanRequest>;
