/** The ops policy: what Vigie may do by itself. One document, revisioned; PolicyObject is its authority. */
import { z } from "zod";
import { Action, Instant, MerchantId, PluginId, ProductName, Severity, Why } from "./ids.ts";
import { IncidentType } from "./incident.ts";

/**
 * `off`: nothing leaves. `shadow`: decides and records what it would have done, and does nothing by itself. `approve-only`: every
 * change needs a person. `auto`: the other rules decide.
 */
export const PolicyMode = z.enum(["off", "shadow", "approve-only", "auto"]);
export type PolicyMode = z.infer<typeof PolicyMode>;

/** A canary stage: the first N shops, then a share of the fleet by stable hash. */
export const CanaryStage = z.union([
  z.strictObject({ shops: z.number().int().min(1).max(100_000) }),
  z.strictObject({ percent: z.number().min(0.1).max(100) }),
]);
export type CanaryStage = z.infer<typeof CanaryStage>;

export const AbortRule = z.strictObject({
  /** `relapsed`: a success that came back in its bake. */
  failure: z.enum(["rolled_back", "failed", "relapsed", "any"]),
  percent: z.number().min(0).max(100),
  min_finished: z.number().int().min(1).max(100_000),
});
export type AbortRule = z.infer<typeof AbortRule>;

/** The share a stage admits, in per cent; a stage by shops comes before every stage by share. */
const stageWeight = (stage: CanaryStage) => ("shops" in stage ? stage.shops / 1e9 : stage.percent);

const CanaryStages = z
  .array(CanaryStage)
  .min(1)
  .max(12)
  .refine(
    (stages) =>
      stages.every((stage, i) => i === 0 || stageWeight(stage) > stageWeight(stages[i - 1] ?? stage)),
    "stages must rise: shops first, then per cent",
  );

const Approvals = z.number().int().min(0).max(5);

/** Longest time that something may be silenced for: what ends by itself cannot be forgotten. */
export const QUIET_LIMIT_MS = 30 * 86_400_000;
/** Mutes, and maintenance windows, that a policy may hold. */
export const QUIET_MAX = 50;
/** Who set it: the authority writes it, whatever the request says. */
const SetBy = z.string().max(200).optional();

/** Incidents that match every field named are recorded, but nobody is told and nothing is done automatically. */
export const Mute = z
  .strictObject({
    merchant_id: MerchantId.optional(),
    plugin_id: PluginId.optional(),
    product: ProductName.optional(),
    type: IncidentType.optional(),
    /** At most 30 days ahead when it is set. */
    until: Instant,
    reason: Why,
    by: SetBy,
  })
  .refine(
    (mute) => [mute.merchant_id, mute.plugin_id, mute.product, mute.type].some((name) => name !== undefined),
    "name a merchant, a plugin, a product or a type",
  );
export type Mute = z.infer<typeof Mute>;

/** Work is announced: new incidents wake nobody meanwhile, and automatic changes wait for its end. */
export const MaintenanceWindow = z
  .strictObject({
    scope: z.enum(["all", "merchant", "product"]),
    /** Merchant or product; absent for `all`. */
    id: z.string().max(64).optional(),
    from: Instant,
    until: Instant,
    reason: Why,
    /** `allow`: only the pages are held back, automatic changes go on. */
    changes: z.enum(["forbid", "allow"]).default("forbid"),
    by: SetBy,
  })
  .refine((window) => idFits(window.scope, window.id), { path: ["id"], message: "does not fit the scope" })
  .refine((window) => Date.parse(window.until) > Date.parse(window.from), {
    path: ["until"],
    message: "must be after from",
  })
  .refine((window) => Date.parse(window.until) - Date.parse(window.from) <= QUIET_LIMIT_MS, {
    path: ["until"],
    message: "at most 30 days after from",
  });
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;

function idFits(scope: "all" | "merchant" | "product", id: string | undefined): boolean {
  if (scope === "all") return id === undefined;
  return (scope === "merchant" ? MerchantId : ProductName).safeParse(id).success;
}

export const PolicyDocument = z.strictObject({
  kill_switch: z.boolean().default(false),
  mode: PolicyMode.default("approve-only"),
  whitelist: z
    .strictObject({ all: z.boolean().default(false), merchants: z.array(MerchantId).max(10_000).default([]) })
    .prefault({}),
  max_severity: Severity.default("medium"),
  min_confidence: z.number().min(0).max(1).default(0.6),
  allowed_actions: z.array(Action).max(6).default(["patch", "rollback", "config", "resubscribe"]),
  approvals: z
    .strictObject({
      /** People needed, by severity of the incident; the larger of the two tables counts. */
      by_severity: z
        .strictObject({
          low: Approvals.default(0),
          medium: Approvals.default(0),
          high: Approvals.default(1),
          critical: Approvals.default(2),
        })
        .prefault({}),
      /** People needed, by semantic-version step of the change. */
      by_step: z
        .strictObject({
          patch: Approvals.default(0),
          minor: Approvals.default(1),
          major: Approvals.default(2),
          downgrade: Approvals.default(1),
        })
        .prefault({}),
      ttl_s: z.number().int().min(60).max(604_800).default(86_400),
    })
    .prefault({}),
  canary: z
    .strictObject({
      stages: CanaryStages.default([{ shops: 5 }, { percent: 20 }, { percent: 50 }, { percent: 100 }]),
      in_flight: z.number().int().min(1).max(10_000).default(20),
      /** A success opens the next stage only when so many seconds have passed without a relapse. */
      bake_s: z.number().int().min(0).max(604_800).default(600),
      abort: z
        .array(AbortRule)
        .max(8)
        .default([{ failure: "any", percent: 20, min_finished: 5 }]),
      on_breach: z.enum(["keep", "revert"]).default("keep"),
    })
    .prefault({}),
  limits: z
    .strictObject({
      attempts_per_plugin_per_day: z.number().int().min(0).max(100).default(3),
      actions_per_fleet_per_hour: z.number().int().min(0).max(100_000).default(200),
      penalty_box_s: z.number().int().min(0).max(604_800).default(3600),
    })
    .prefault({}),
  intervals: z
    .strictObject({
      heartbeat_s: z.number().int().min(15).max(3600).default(120),
      fast_s: z.number().int().min(5).max(300).default(30),
      probation_s: z.number().int().min(5).max(60).default(15),
      verify_s: z.number().int().min(10).max(900).default(90),
      verify_limit_s: z.number().int().min(10).max(7200).default(1800),
      bake_s: z.number().int().min(10).max(86_400).default(1800),
      command_ttl_s: z.number().int().min(30).max(86_400).default(900),
      apply_s: z.number().int().min(10).max(3600).default(300),
      /** What comes back within this after it was resolved is the same incident again. */
      reopen_s: z.number().int().min(0).max(86_400).default(1800),
    })
    .refine((i) => i.verify_limit_s >= i.verify_s, "verify_limit_s must not be below verify_s")
    .prefault({}),
  mutes: z.array(Mute).max(QUIET_MAX).default([]),
  maintenance: z.array(MaintenanceWindow).max(QUIET_MAX).default([]),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/** The document with its revision and its last author. */
export const Policy = z.object({
  revision: z.number().int().nonnegative(),
  document: PolicyDocument,
  updated_at: Instant,
  updated_by: z.string().max(200),
  reason: z.string().max(500),
});
export type Policy = z.infer<typeof Policy>;

/** Where the policy as last written lies in the KV namespace, as JSON of `Policy`. */
export const POLICY_CACHE_KEY = "policy";

export function defaultPolicyDocument(): PolicyDocument {
  return PolicyDocument.parse({});
}

export const PolicyPut = z.strictObject({
  revision: z.number().int().nonnegative(),
  reason: Why,
  document: PolicyDocument,
});
export type PolicyPut = z.infer<typeof PolicyPut>;

/** PATCH: RFC 7396 merge patch over the document; the result is validated whole. */
export const PolicyPatch = z.strictObject({
  revision: z.number().int().nonnegative(),
  reason: Why,
  patch: z.record(z.string(), z.unknown()),
});
export type PolicyPatch = z.infer<typeof PolicyPatch>;

/** The kill switch takes no revision: it must work while somebody else edits. */
export const KillRequest = z.strictObject({ engaged: z.boolean(), reason: Why });
export type KillRequest = z.infer<typeof KillRequest>;

export const PolicyHistoryItem = z.object({
  revision: z.number().int(),
  document: PolicyDocument,
  changed_by: z.string(),
  reason: z.string(),
  changed_at: Instant,
});
export type PolicyHistoryItem = z.infer<typeof PolicyHistoryItem>;
