/**
 * What an object's outbox carries to Postgres. Every row is whole and idempotent: rows with a revision replace only
 * older revisions, rows without one are inserted once by id. Written in outbox order, any number of times.
 */
import { z } from "zod";
import { AgentCommand } from "./agent-command.ts";
import { Approval, Attempt } from "./attempt.ts";
import { FeedbackRequest } from "./decision.ts";
import { FleetIncident } from "./fleet-incident.ts";
import { Instant, MerchantId } from "./ids.ts";
import { Incident, IncidentEvent, IncidentVote } from "./incident.ts";
import { MerchantNotificationsRow, NotificationRow } from "./notification.ts";
import { ReleaseRecord } from "./ops.ts";
import { PluginRecord } from "./plugin-record.ts";
import { Policy } from "./policy.ts";
import { Remedy } from "./remedy.ts";
import { ShadowDecision } from "./shadow.ts";

export const MerchantRecord = z.object({ id: MerchantId, name: z.string().max(120), created_at: Instant });
export type MerchantRecord = z.infer<typeof MerchantRecord>;

/** A plugin's credential as stored: a sealed secret, or the public key that replaces it. */
export const PluginCredential = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hmac"), sealed: z.string().max(2048) }),
  z.object({ kind: z.literal("ed25519"), public_key: z.string().max(64) }),
]);
export type PluginCredential = z.infer<typeof PluginCredential>;

export const AuditRecord = z.object({
  /** Deterministic id, so that a repeated write adds nothing. */
  id: z.string().max(128),
  stream: z.string().max(96),
  at: Instant,
  actor: z.string().max(200),
  action: z.string().max(64),
  subject: z.string().max(128),
  data: z.record(z.string(), z.unknown()),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

export const LedgerRecord = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("merchant"), row: MerchantRecord }),
  z.object({ kind: z.literal("plugin"), row: PluginRecord, credential: PluginCredential.optional() }),
  z.object({ kind: z.literal("incident"), row: Incident }),
  z.object({ kind: z.literal("attempt"), row: Attempt }),
  z.object({ kind: z.literal("command"), row: AgentCommand }),
  z.object({ kind: z.literal("event"), row: IncidentEvent }),
  z.object({ kind: z.literal("shadow"), row: ShadowDecision }),
  z.object({ kind: z.literal("approval"), row: Approval }),
  z.object({ kind: z.literal("vote"), row: IncidentVote }),
  z.object({ kind: z.literal("feedback"), row: FeedbackRequest }),
  z.object({ kind: z.literal("notification"), row: NotificationRow }),
  z.object({ kind: z.literal("merchant_notifications"), row: MerchantNotificationsRow }),
  z.object({ kind: z.literal("policy"), row: Policy }),
  z.object({ kind: z.literal("release"), row: ReleaseRecord }),
  z.object({ kind: z.literal("remedy"), row: Remedy }),
  z.object({ kind: z.literal("fleet_incident"), row: FleetIncident }),
  z.object({ kind: z.literal("audit"), row: AuditRecord }),
]);
export type LedgerRecord = z.infer<typeof LedgerRecord>;
