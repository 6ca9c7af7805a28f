/** What was found, in one shop and in many, and what people thought of it. */
import { boolean, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import {
  FLEET_INCIDENT_KINDS,
  FLEET_INCIDENT_STATUSES,
  type FleetIncident,
} from "../../contract/fleet-incident.ts";
import { SEVERITIES } from "../../contract/ids.ts";
import {
  INCIDENT_STATUSES,
  INCIDENT_TYPES,
  type Incident,
  type Quiet,
  SILENCE_CAUSES,
  VOTES,
} from "../../contract/incident.ts";
import { figures, instant, json, oneOf, revision } from "../columns.ts";

export const incidents = pgTable("plugin_incidents", {
  id: text().primaryKey(),
  revision: revision(),
  plugin_id: text().notNull(),
  merchant_id: text().notNull(),
  product: text().notNull(),
  version: text().notNull(),
  type: oneOf(INCIDENT_TYPES).notNull(),
  dedupe_key: text().notNull(),
  signature: text().notNull(),
  severity: oneOf(SEVERITIES).notNull(),
  status: oneOf(INCIDENT_STATUSES).notNull(),
  signal: json<Incident["signal"]>().notNull(),
  telemetry_snapshot: figures().notNull(),
  decision: json<NonNullable<Incident["decision"]>>(),
  onset_at: instant(),
  detected_at: instant().notNull(),
  decided_at: instant(),
  acknowledged_by: text(),
  acknowledged_at: instant(),
  resolved_at: instant(),
  resolution: text(),
  reopened: integer().notNull(),
  flapping: boolean().notNull().default(false),
  snoozed: json<Quiet>(),
  muted: json<Quiet>(),
  in_maintenance: json<Quiet>(),
  cause: oneOf(SILENCE_CAUSES),
});

export const votes = pgTable(
  "incident_votes",
  {
    incident_id: text().notNull(),
    plugin_id: text().notNull(),
    person: text().notNull(),
    revision: revision(),
    vote: oneOf(VOTES).notNull(),
    reason: text().notNull(),
    at: instant().notNull(),
  },
  (t) => [primaryKey({ columns: [t.incident_id, t.person] })],
);

export const incidentEvents = pgTable("incident_events", {
  id: text().primaryKey(),
  incident_id: text().notNull(),
  plugin_id: text().notNull(),
  attempt_id: text(),
  number: integer().notNull(),
  at: instant().notNull(),
  kind: text().notNull(),
  actor: text().notNull(),
  text: text().notNull(),
  data: figures().notNull(),
});

export const fleetIncidents = pgTable("fleet_incidents", {
  id: text().primaryKey(),
  revision: revision(),
  kind: oneOf(FLEET_INCIDENT_KINDS).notNull(),
  key: text().notNull(),
  status: oneOf(FLEET_INCIDENT_STATUSES).notNull(),
  signal: json<FleetIncident["signal"]>().notNull(),
  product: text(),
  version: text(),
  platform_version: text(),
  plugins: json<FleetIncident["plugins"]>().notNull(),
  plugin_count: integer().notNull(),
  opened_at: instant().notNull(),
  resolved_at: instant(),
  resolution: text(),
});
