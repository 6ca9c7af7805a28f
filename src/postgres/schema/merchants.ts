/** Merchants, their plugins, and what people were told. */
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import {
  Audience,
  Language,
  NotificationKind,
  NotificationStatus,
  NotifyFormat,
} from "../../contract/notification.ts";
import { PluginRecord } from "../../contract/plugin-record.ts";
import { figures, instant, json, oneOf, revision } from "../columns.ts";

export const merchants = pgTable("merchants", {
  id: text().primaryKey(),
  name: text().notNull(),
  created_at: instant().notNull(),
  notify_revision: revision().default(0),
  language: oneOf(Language.options),
  notify_url: text(),
  notify_format: oneOf(NotifyFormat.options),
  notify_secret: text(),
  notify_disabled: text(),
  notify_updated_at: instant(),
});

export const plugins = pgTable("merchant_plugins", {
  id: text().primaryKey(),
  revision: revision(),
  merchant_id: text().notNull(),
  product: text().notNull(),
  version: text().notNull(),
  status: oneOf(PluginRecord.shape.status.options).notNull(),
  site_url: text(),
  env: json<PluginRecord["env"]>().notNull(),
  cadence: oneOf(PluginRecord.shape.cadence.options).notNull(),
  telemetry: figures().notNull(),
  open_incidents: integer().notNull(),
  enrolled_at: instant().notNull(),
  last_seen_at: instant(),
  credential_kind: oneOf(["hmac", "ed25519"]),
  sealed_secret: text(),
  public_key: text(),
});

export const notifications = pgTable("notifications", {
  id: text().primaryKey(),
  kind: oneOf(NotificationKind.options).notNull(),
  urgency: oneOf(["page", "notice"]).notNull(),
  incident_id: text(),
  plugin_id: text(),
  title: text().notNull(),
  text: text().notNull(),
  at: instant().notNull(),
  revision: revision().default(1),
  audience: oneOf(Audience.options).notNull().default("ops"),
  merchant_id: text(),
  fleet_incident_id: text(),
  attempt_id: text(),
  status: oneOf(NotificationStatus.options),
  detail: text(),
  digest_id: text(),
  sent_at: instant(),
});
