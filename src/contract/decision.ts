/** The decision service, SIRA: `POST /api/sira/decide` and `POST /api/sira/feedback`, the same shape local and remote. */
import { z } from "zod";
import { SettingValue } from "./command.ts";
import { Environment } from "./heartbeat.ts";
import {
  Action,
  AttemptId,
  IncidentId,
  Instant,
  PluginId,
  ProductName,
  RemedyId,
  Severity,
  Version,
} from "./ids.ts";

export const SemverStep = z.enum(["patch", "minor", "major", "downgrade"]);
export type SemverStep = z.infer<typeof SemverStep>;

export const Candidate = z.object({
  action: Action,
  version: Version.optional(),
  step: SemverStep.optional(),
  reversible: z.boolean().optional(),
  /** Of a `config`: the remedy that ops published for this kind of incident, and what it sets. */
  remedy: RemedyId.optional(),
  config: z.record(z.string().max(64), SettingValue).optional(),
});
export type Candidate = z.infer<typeof Candidate>;

/**
 * What the policy lets happen without a person. Only within it may a service try a move in order to learn; who does not say is
 * given the best move known.
 */
export const AllowedMoves = z.object({
  actions: z.array(Action).max(6),
  /** Below this a person is asked. */
  min_confidence: z.number().min(0).max(1),
  /** Steps of version that need no approval. */
  steps: z.array(SemverStep).max(4),
});
export type AllowedMoves = z.infer<typeof AllowedMoves>;

export const DecideRequest = z.object({
  incident: z.object({
    id: IncidentId,
    type: z.string().max(48),
    severity: Severity,
    /** What recurs when the same thing goes wrong again: type, version and dominant fingerprint. */
    signature: z.string().max(200),
    value: z.number().nullable(),
    bound: z.number().nullable(),
    detected_at: Instant,
    /** The version before the one that runs, when the fault began after that change; absent when it did not, or nobody knows. */
    changed_from: Version.optional(),
  }),
  plugin: z.object({ id: PluginId, product: ProductName, version: Version, env: Environment }),
  candidates: z.array(Candidate).max(64),
  /** Fixes that failed for this signature on this plugin: never to be chosen again. */
  excluded: z
    .array(z.object({ action: Action, version: Version.optional(), remedy: RemedyId.optional() }))
    .max(64),
  allowed: AllowedMoves.optional(),
});
export type DecideRequest = z.infer<typeof DecideRequest>;

export const DecisionSource = z.enum(["sira", "builtin", "heuristic", "manual"]);
export type DecisionSource = z.infer<typeof DecisionSource>;

/** So many of so many attempts healed, where `scope` says. */
export const Evidence = z.object({
  scope: z.string().min(1).max(200),
  successes: z.number().int().nonnegative().max(1e9),
  n: z.number().int().nonnegative().max(1e9),
});
export type Evidence = z.infer<typeof Evidence>;

const choice = {
  action: Action,
  patch_version: Version.optional(),
  config: z.record(z.string().max(64), SettingValue).optional(),
  remedy: RemedyId.optional(),
  /** Chance that the move heals the shop, 0 to 1. */
  confidence: z.number().min(0).max(1),
  /** Where that chance lies with 90 % certainty; absent where nobody counts. */
  interval: z
    .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
    .refine(([low, high]) => low <= high, "must be [low, high]")
    .optional(),
  /** Finished attempts with this fix for this kind of incident that it rests on. */
  n: z.number().int().nonnegative().max(1e9).optional(),
  /** What those attempts came to, the most particular first. */
  evidence: z.array(Evidence).max(5).optional(),
  /** Chosen to learn, within what the policy allows, although another move is known to be better. */
  explored: z.boolean().optional(),
  explanation: z.string().min(1).max(2000),
};

export const Alternative = z.object(choice);
export type Alternative = z.infer<typeof Alternative>;

/** What a decision service answers. `source` is set by whoever asked, never believed from the wire. */
export const DecideReply = z.object({ ...choice, alternatives: z.array(Alternative).max(8).default([]) });
export type DecideReply = z.infer<typeof DecideReply>;

export const Decision = z.object({
  ...choice,
  alternatives: z.array(Alternative).max(8),
  source: DecisionSource,
  decided_at: Instant,
  /** Why a better source was passed over, when it was. */
  fallback_reason: z.string().max(300).optional(),
});
export type Decision = z.infer<typeof Decision>;

/** Terminal outcomes that teach. */
export const Outcome = z.enum(["success", "rolled_back", "failed", "inconclusive"]);
export type Outcome = z.infer<typeof Outcome>;

/**
 * One finished attempt. A success that did not last is told again as `failed` under a higher revision: the highest revision of
 * an attempt is the one that counts, in whatever order they arrive.
 */
export const FeedbackRequest = z.object({
  attempt_id: AttemptId,
  /** 1 when absent. */
  revision: z.number().int().positive().max(1_000_000).optional(),
  incident_id: IncidentId,
  plugin_id: PluginId,
  product: ProductName,
  signature: z.string().max(200),
  env: Environment,
  from_version: Version,
  action: Action,
  target_version: Version.optional(),
  /** Of a `config` that ops published. */
  remedy: RemedyId.optional(),
  /** Kind of the incident; when absent, the signature begins with it. */
  incident_type: z.string().max(48).optional(),
  confidence: z.number().min(0).max(1),
  outcome: Outcome,
  reason: z.string().max(500),
  finished_at: Instant,
});
export type FeedbackRequest = z.infer<typeof FeedbackRequest>;
export const FeedbackReply = z.object({ status: z.enum(["learned", "known"]) });
export type FeedbackReply = z.infer<typeof FeedbackReply>;
