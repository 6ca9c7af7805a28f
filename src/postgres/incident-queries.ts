/** Incidents as the ops API shows them. */
import { and, asc, desc, eq, gte, inArray, lt } from "drizzle-orm";
import { AgentCommand } from "../contract/agent-command.ts";
import { Attempt } from "../contract/attempt.ts";
import { pluginIdOf } from "../contract/ids.ts";
import { Incident, IncidentEvent, IncidentVote } from "../contract/incident.ts";
import type { IncidentDetail, IncidentPage, IncidentQuery } from "../contract/ops.ts";
import { PluginRecord } from "../contract/plugin-record.ts";
import { ok, type Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { after, pageOf, readCursor } from "./cursor.ts";
import { anyOf } from "./filter.ts";
import { attempts, commands, incidentEvents, incidents, plugins, votes } from "./schema.ts";

/** A page of incidents, newest detection first. Refuses a foreign cursor as `invalid`. `until` is exclusive. */
export async function listIncidents(db: Db, query: IncidentQuery): Promise<Result<IncidentPage>> {
  const cursor = readCursor("incidents", query.cursor);
  if (!cursor.ok) return cursor;
  const rows = await db
    .select()
    .from(incidents)
    .where(
      and(
        anyOf(incidents.status, query.status),
        anyOf(incidents.severity, query.severity),
        anyOf(incidents.type, query.type),
        query.product ? eq(incidents.product, query.product) : undefined,
        query.merchant_id ? eq(incidents.merchant_id, query.merchant_id) : undefined,
        query.plugin_id ? eq(incidents.plugin_id, query.plugin_id) : undefined,
        query.since ? gte(incidents.detected_at, query.since) : undefined,
        query.until ? lt(incidents.detected_at, query.until) : undefined,
        after(incidents.detected_at, incidents.id, cursor.value),
      ),
    )
    .orderBy(desc(incidents.detected_at), desc(incidents.id))
    .limit(query.limit + 1);
  return ok(
    pageOf(
      rows,
      query.limit,
      "incidents",
      (row) => row.detected_at,
      (row) => Incident.parse(row),
    ),
  );
}

/** Everything about one incident, of one moment; null when there is none by that id. */
export async function incidentDetail(db: Db, id: string): Promise<IncidentDetail | null> {
  const ofIncident = db.select({ id: attempts.id }).from(attempts).where(eq(attempts.incident_id, id));
  const [found, timeline, tries, sent, owners, voted] = await db.batch([
    db.select().from(incidents).where(eq(incidents.id, id)),
    db
      .select()
      .from(incidentEvents)
      .where(eq(incidentEvents.incident_id, id))
      .orderBy(asc(incidentEvents.number), asc(incidentEvents.id)),
    db
      .select()
      .from(attempts)
      .where(eq(attempts.incident_id, id))
      .orderBy(asc(attempts.created_at), asc(attempts.id)),
    db.select().from(commands).where(inArray(commands.attempt_id, ofIncident)).orderBy(asc(commands.number)),
    db
      .select()
      .from(plugins)
      .where(eq(plugins.id, pluginIdOf(id) ?? "")),
    db.select().from(votes).where(eq(votes.incident_id, id)).orderBy(asc(votes.at), asc(votes.person)),
  ]);
  const [incident] = found;
  if (!incident) return null;
  const [plugin] = owners;
  return {
    incident: Incident.parse(incident),
    timeline: timeline.map((row) => IncidentEvent.parse(row)),
    attempts: tries.map((row) => Attempt.parse(row)),
    commands: sent.map((row) => AgentCommand.parse(row)),
    plugin: plugin ? PluginRecord.parse(plugin) : null,
    votes: voted.map((row) => IncidentVote.parse(row)),
  };
}
