/**
 * What people are told: ops by one address, merchants each by their own. An object appends a `NotificationRecord` to its outbox;
 * the notice desk makes one message of it for each audience, and keeps what became of each.
 */
import { z } from "zod";
import { FleetIncidentId } from "./fleet-incident.ts";
import { Action, AttemptId, IncidentId, Instant, MerchantId, PluginId, Severity } from "./ids.ts";
import { IncidentType, SilenceCause } from "./incident.ts";

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
export const NotificationRow = NotificationRecord.omit({ facts: true }).extend({
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
