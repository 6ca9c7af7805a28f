/** The decision service, SIRA: `POST /api/sira/decide` and `POST /api/sira/feedback`, the same shape local and remote. */
import { z } from "zod";
import { SettingValue } from "./command.ts";
import { Environment } from "./heartbeat.ts";
import { Action, AttemptId, IncidentId, Instant, PluginId, ProductName, Severity, Version } from "./ids.ts";

export const SemverStep = z.enum(["patch", "minor", "major", "downgrade"]);
export type SemverStep = z.infer<typeof SemverStep>;

export const Candidate = z.object({
  action: Action,
  version: Version.optional(),
  step: SemverStep.optional(),
  reversible: z.boolean().optional(),
});
export type Candidate = z.infer<typeof Candidate>;

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
  }),
  plugin: z.object({ id: PluginId, product: ProductName, version: Version, env: Environment }),
  candidates: z.array(Candidate).max(64),
  /** Fixes that failed for this signature on this plugin: never to be chosen again. */
  excluded: z.array(z.object({ action: Action, version: Version.optional() })).max(64),
});
export type DecideRequest = z.infer<typeof DecideRequest>;

export const DecisionSource = z.enum(["sira", "builtin", "heuristic", "manual"]);
export type DecisionSource = z.infer<typeof DecisionSource>;

const choice = {
  action: Action,
  patch_version: Version.optional(),
  config: z.record(z.string().max(64), SettingValue).optional(),
  confidence: z.number().min(0).max(1),
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

export const FeedbackRequest = z.object({
  attempt_id: AttemptId,
  incident_id: IncidentId,
  plugin_id: PluginId,
  product: ProductName,
  signature: z.string().max(200),
  env: Environment,
  from_version: Version,
  action: Action,
  target_version: Version.optional(),
  confidence: z.number().min(0).max(1),
  outcome: Outcome,
  reason: z.string().max(500),
  finished_at: Instant,
});
export type FeedbackRequest = z.infer<typeof FeedbackRequest>;
export const FeedbackReply = z.object({ status: z.enum(["learned", "known"]) });
export type FeedbackReply = z.infer<typeof FeedbackReply>;
