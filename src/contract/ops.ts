/** The ops API: what the dashboard and runbooks send and receive. */
import { z } from "zod";
import { AgentCommand } from "./agent-command.ts";
import { Attempt, AttemptStatus } from "./attempt.ts";
import { SettingValue } from "./command.ts";
import {
  IncidentId,
  Instant,
  MerchantId,
  PluginId,
  ProductName,
  Severity,
  Sha256,
  Version,
  Why,
} from "./ids.ts";
import { Incident, IncidentEvent, IncidentStatus, IncidentType, IncidentVote, VOTES } from "./incident.ts";
import { PluginRecord } from "./plugin-record.ts";
import { MAX_RELEASE_BYTES, PublisherSignature, ReleaseStatus, SignedRelease, Standing } from "./release.ts";
import { RolloutState } from "./rollout.ts";

export const Role = z.enum(["viewer", "operator", "approver", "admin"]);
export type Role = z.infer<typeof Role>;

/** The verified person behind an ops request. */
export const Person = z.object({
  id: z.string().min(1).max(200),
  name: z.string().max(200),
  roles: z.array(Role),
});
export type Person = z.infer<typeof Person>;

const limit = z.coerce.number().int().min(1).max(200).default(50);
const cursor = z.string().max(300).optional();
/** A query parameter that may be repeated or comma-separated: `status=open,healing`. */
const list = <T extends z.ZodType<string>>(item: T) =>
  z.preprocess(
    (v) =>
      v === undefined || v === ""
        ? undefined
        : (Array.isArray(v) ? v : [v]).flatMap((s) => String(s).split(",")),
    z.array(item).max(16).optional(),
  );

export const IncidentQuery = z.object({
  status: list(IncidentStatus),
  severity: list(Severity),
  type: list(IncidentType),
  product: ProductName.optional(),
  merchant_id: MerchantId.optional(),
  plugin_id: PluginId.optional(),
  since: Instant.optional(),
  until: Instant.optional(),
  limit,
  cursor,
});
export type IncidentQuery = z.infer<typeof IncidentQuery>;

export const AttemptQuery = z.object({
  status: list(AttemptStatus),
  product: ProductName.optional(),
  plugin_id: PluginId.optional(),
  incident_id: IncidentId.optional(),
  target_version: Version.optional(),
  /** Only those that await a person's answer: to let them begin, or to keep what they changed. */
  asking: z.literal("true").optional(),
  since: Instant.optional(),
  until: Instant.optional(),
  limit,
  cursor,
});
export type AttemptQuery = z.infer<typeof AttemptQuery>;

export const PluginQuery = z.object({
  status: list(PluginRecord.shape.status),
  product: ProductName.optional(),
  version: Version.optional(),
  merchant_id: MerchantId.optional(),
  limit,
  cursor,
});
export type PluginQuery = z.infer<typeof PluginQuery>;

const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });
export const IncidentPage = page(Incident);
export type IncidentPage = z.infer<typeof IncidentPage>;
export const AttemptPage = page(Attempt);
export type AttemptPage = z.infer<typeof AttemptPage>;
export const PluginPage = page(PluginRecord);
export type PluginPage = z.infer<typeof PluginPage>;

/** Timeline, decision, gate verdicts, attempts, evidence: the whole incident page in one answer. */
export const IncidentDetail = z.object({
  incident: Incident,
  timeline: z.array(IncidentEvent),
  attempts: z.array(Attempt),
  commands: z.array(AgentCommand),
  plugin: PluginRecord.nullable(),
  votes: z.array(IncidentVote).optional(),
});
export type IncidentDetail = z.infer<typeof IncidentDetail>;

/** The plugin as its object knows it at this moment. Window buckets are oldest first. */
export const WindowBucket = z.object({
  start: Instant,
  errors: z.number(),
  requests: z.number(),
  webhooks_sent: z.number(),
  webhooks_failed: z.number(),
});
export const DetectorView = z.object({
  type: IncidentType,
  state: z.enum(["learning", "not_enough_data", "normal", "suspect", "firing"]),
  value: z.number().nullable(),
  bound: z.number().nullable(),
  explanation: z.string(),
});
export type DetectorView = z.infer<typeof DetectorView>;
export const PluginDetail = z.object({
  plugin: PluginRecord,
  live: z.object({
    seq: z.number().int(),
    state: z.enum(["running", "probation", "goodbye"]),
    last_beat_at: Instant.nullable(),
    deadline_at: Instant.nullable(),
    next_heartbeat_s: z.number().int(),
    recent: z.array(WindowBucket),
    daily: z.array(WindowBucket),
    detectors: z.array(DetectorView),
    open_incidents: z.array(Incident),
    attempt: Attempt.nullable(),
    commands: z.array(AgentCommand),
    outbox: z.number().int(),
  }),
});
export type PluginDetail = z.infer<typeof PluginDetail>;

/** Approve or reject the attempt that awaits it, for exactly the evidence that was on the screen. */
export const ApproveRequest = z.strictObject({
  attempt_id: z.string().max(64),
  decision: z.enum(["approve", "reject"]).default("approve"),
  evidence_hash: Sha256,
  reason: Why,
});
export type ApproveRequest = z.infer<typeof ApproveRequest>;

export const ManualAction = z.discriminatedUnion("action", [
  z.strictObject({ action: z.literal("patch"), version: Version, reason: Why }),
  z.strictObject({ action: z.literal("rollback"), version: Version.optional(), reason: Why }),
  z.strictObject({
    action: z.literal("config"),
    set: z.record(z.string().min(1).max(64), SettingValue),
    reason: Why,
  }),
  z.strictObject({ action: z.literal("retry"), reason: Why }),
  z.strictObject({ action: z.literal("acknowledge"), reason: Why }),
  z.strictObject({ action: z.literal("resolve"), reason: Why }),
  z.strictObject({ action: z.literal("escalate"), reason: Why }),
  z.strictObject({ action: z.literal("dismiss"), reason: Why }),
  z.strictObject({ action: z.literal("snooze"), until: Instant, reason: Why }),
  z.strictObject({ action: z.literal("vote"), vote: z.enum(VOTES), reason: Why }),
]);
export type ManualAction = z.infer<typeof ManualAction>;

export const ActionReply = z.object({ incident: Incident, attempt: Attempt.nullable() });
export type ActionReply = z.infer<typeof ActionReply>;

export { ReleaseStatus };

export const ReleaseRecord = z.object({
  /** Rises with every change of its standing. */
  revision: z.number().int().positive(),
  product: ProductName,
  version: Version,
  sha256: Sha256,
  size: z.number().int(),
  min_from: Version,
  reversible: z.boolean(),
  expires: Instant,
  status: ReleaseStatus,
  signed: SignedRelease,
  notes: z.string(),
  published_by: z.string(),
  published_at: Instant,
  /** Who brought it to its status; null while nobody has. */
  standing: Standing.nullish(),
});
export type ReleaseRecord = z.infer<typeof ReleaseRecord>;
/** A release with where its rollout stands; null when its object did not answer. */
export const LiveRelease = ReleaseRecord.extend({ rollout: RolloutState.nullish() });
export type LiveRelease = z.infer<typeof LiveRelease>;
export const ReleaseList = z.object({ items: z.array(LiveRelease) });
export type ReleaseList = z.infer<typeof ReleaseList>;

/** `POST /api/ops/releases`: the signed manifest and the file itself, base64. */
export const PublishRequest = z.strictObject({
  manifest: z.string().min(2).max(4096),
  signatures: z.array(PublisherSignature).min(1).max(8),
  file: z.base64().max(Math.ceil(MAX_RELEASE_BYTES / 3) * 4),
  notes: z.string().max(2000).default(""),
});
export type PublishRequest = z.infer<typeof PublishRequest>;

/** A share with its sample: null below the minimum sample, never a made-up 100 %. */
export const Share = z.object({
  value: z.number().nullable(),
  n: z.number().int(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  target: z.number(),
});
export const Duration = z.object({
  median_s: z.number().nullable(),
  p95_s: z.number().nullable(),
  n: z.number().int(),
  target_s: z.number().nullable(),
});
export const Kpis = z.object({
  window_s: z.number().int(),
  success_rate: Share,
  rollback_rate: Share,
  /** Onset to detected. */
  time_to_detect: Duration,
  /** Detected to resolved or baking. */
  time_to_repair: Duration,
  stages: z.object({
    decide: Duration,
    approve: Duration,
    stage: Duration,
    apply: Duration,
    verify: Duration,
  }),
  open_incidents: z.record(z.string(), z.number().int()),
  plugins: z.record(z.string(), z.number().int()),
  /** People's votes in the window, by vote; what there is none of is absent. */
  votes: z.record(z.string(), z.number().int()).optional(),
  fleet: z.object({ storm: z.boolean(), autonomy: z.enum(["normal", "degraded"]) }),
});
export type Kpis = z.infer<typeof Kpis>;

export const Readiness = z.object({
  ready: z.boolean(),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});
export type Readiness = z.infer<typeof Readiness>;
