/**
 * What people are told: ops by one address, merchants each by their own. An object appends a `NotificationRecord` to its outbox;
 * the notice desk makes one message of it for each audience, and keeps what became of each.
 */
import { z } from "zod";
import { HealthVerdict } from "./attempt.ts";
import { FleetIncidentId } from "./fleet-incident.ts";
import { Action, AttemptId, IncidentId, Instant, MerchantId, PluginId, Severity, Why } from "./ids.ts";
import { IncidentStatus, IncidentType, SilenceCause } from "./incident.ts";

export const NOTIFICATION_KINDS = [
  "incident_detected",
  "approval_needed",
  "patched",
  "rolled_back",
  "escalated",
  "rollback_failed",
  "incident_resolved",
  "fleet_incident_opened",
  "fleet_incident_closed",
  "autonomy_downgraded",
  "autonomy_restored",
  "emergency_started",
  "emergency_ended",
  "release_halted",
  "address_disabled",
  "digest",
  "test",
] as const;
export const NotificationKind = z.enum(NOTIFICATION_KINDS);
export type NotificationKind = z.infer<typeof NotificationKind>;

export const Audience = z.enum(["ops", "merchant"]);
export type Audience = z.infer<typeof Audience>;

/** The figures behind a notice about one plugin: a merchant's text is made from these alone, never from the ops text. */
export const NotificationFacts = z.object({
  type: IncidentType,
  severity: Severity,
  cause: SilenceCause.nullish(),
  /** Absent from objects of an earlier version. */
  status: IncidentStatus.optional(),
  /** Of the signal: a share for rates, else a count; its sample and window (seconds). */
  value: z.number().nullable(),
  sample: z.number().nonnegative(),
  window_s: z.number().nonnegative(),
  product: z.string().max(64),
  /** The shop's site as enrolled; hostile text until it is escaped. */
  site_url: z.string().max(2048).nullable(),
  attempt: z
    .object({
      action: Action,
      from_version: z.string().max(64),
      target_version: z.string().max(64).nullable(),
      /** The rule that decided the health check, as in `HealthVerdict`; null before it. */
      health_rule: z.string().max(64).nullable(),
      /** What it came to; absent before it, and from objects of an earlier version. */
      health_verdict: HealthVerdict.shape.verdict.optional(),
      /** It takes an earlier success back. */
      takes_back: z.boolean().optional(),
    })
    .nullish(),
});
export type NotificationFacts = z.infer<typeof NotificationFacts>;

/** One thing that happened and that people should hear of. Fields that rows of older versions lack are optional. */
export const NotificationRecord = z.object({
  /** Deterministic: one notification per subject, kind and occasion. */
  id: z.string().max(128),
  kind: NotificationKind,
  /** `page` wakes a person; `notice` can wait for the morning. */
  urgency: z.enum(["page", "notice"]),
  /** Whom this very message is for; absent: the desk decides from kind and facts. */
  audience: Audience.optional(),
  /** Whose shop it is about. */
  merchant_id: MerchantId.nullish(),
  /** Null for what is about no single plugin. */
  incident_id: IncidentId.nullable(),
  plugin_id: PluginId.nullable(),
  fleet_incident_id: FleetIncidentId.nullish(),
  attempt_id: AttemptId.nullish(),
  title: z.string().max(200),
  text: z.string().max(2000),
  facts: NotificationFacts.optional(),
  /** Of a storm's beginning and end: the type of its single incidents. */
  storm: IncidentType.optional(),
  /** The person who calls for another, by id: such a call is news whatever was told a moment before. */
  called_by: z.string().max(200).optional(),
  at: Instant,
});
export type NotificationRecord = z.infer<typeof NotificationRecord>;

/**
 * `queued`: on its way. `held`: too many at once, its digest is to come. `digested`: a digest spoke of it. `skipped`: nobody to tell,
 * or told a moment ago. `failed`: given up; `detail` says why.
 */
export const NotificationStatus = z.enum(["queued", "sent", "held", "digested", "failed", "skipped"]);
export type NotificationStatus = z.infer<typeof NotificationStatus>;

/** One message to one audience as the ledger keeps it. Rows of before the desk have no revision and no status. */
export const NotificationRow = NotificationRecord.omit({ facts: true, storm: true, called_by: true }).extend({
  revision: z.number().int().positive().optional(),
  status: NotificationStatus.nullish(),
  detail: z.string().max(300).nullish(),
  digest_id: z.string().max(128).nullish(),
  sent_at: Instant.nullish(),
});
export type NotificationRow = z.infer<typeof NotificationRow>;

export const Language = z.enum(["en", "fr"]);
export type Language = z.infer<typeof Language>;

/** `vigie`: the record as JSON. `slack`: `{ text, blocks }`, as Slack's incoming webhooks and those like them take it. */
export const NotifyFormat = z.enum(["vigie", "slack"]);
export type NotifyFormat = z.infer<typeof NotifyFormat>;

/** `PUT /api/ops/merchants/:id/notifications`. */
export const MerchantNotificationsPut = z.strictObject({
  language: Language,
  /** Null: send nothing. Kept sealed: an incoming webhook's address is a secret of its own. */
  url: z
    .url({ protocol: /^https?$/, error: "not an http(s) address" })
    .max(1000)
    .nullable(),
  format: NotifyFormat.default("vigie"),
  /** Absent: the stored one stays, or a new one is made and answered once. */
  secret: z
    .string()
    .max(200)
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "not a whsec_ secret of 24 to 64 bytes")
    .optional(),
  reason: Why,
});
export type MerchantNotificationsPut = z.infer<typeof MerchantNotificationsPut>;

/** Where a merchant wants its notices, as it may be shown. */
export const MerchantNotifications = z.object({
  merchant_id: MerchantId,
  revision: z.number().int().positive(),
  language: Language,
  /** The address without its path's secrets; null when nothing is to be sent. */
  url: z.string().max(300).nullable(),
  format: NotifyFormat,
  /** Why nothing is sent there any more; null while all is well. */
  disabled: z.string().max(300).nullable(),
  updated_at: Instant,
  updated_by: z.string().max(200),
});
export type MerchantNotifications = z.infer<typeof MerchantNotifications>;

/** The answer to a `PUT`: with the secret, when one was made for it. It is not shown again. */
export const MerchantNotificationsReply = MerchantNotifications.extend({
  secret: z.string().max(200).optional(),
});
export type MerchantNotificationsReply = z.infer<typeof MerchantNotificationsReply>;

/** How a test message went. */
export const TestNotice = z.object({
  status: z.enum(["sent", "failed"]),
  detail: z.string().max(300).nullable(),
});
export type TestNotice = z.infer<typeof TestNotice>;

/** `POST .../notifications/test`. */
export const TestNoticeRequest = z.strictObject({ reason: Why });
export type TestNoticeRequest = z.infer<typeof TestNoticeRequest>;

/** A merchant's row in the ledger: what may be shown, and the sealed rest. */
export const MerchantNotificationsRow = MerchantNotifications.extend({
  sealed: z.string().max(4096).nullable(),
});
export type MerchantNotificationsRow = z.infer<typeof MerchantNotificationsRow>;

/** `GET /api/ops/notifications`. */
export const NotificationQuery = z.object({
  audience: Audience.optional(),
  kind: NotificationKind.optional(),
  status: NotificationStatus.optional(),
  incident_id: IncidentId.optional(),
  merchant_id: MerchantId.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(300).optional(),
});
export type NotificationQuery = z.infer<typeof NotificationQuery>;

export const NotificationPage = z.object({
  items: z.array(NotificationRow),
  next_cursor: z.string().nullable(),
});
export type NotificationPage = z.infer<typeof NotificationPage>;
