/** Incidents as the ops API shows them. */
import { asc, eq, gte, inArray, lt } from "drizzle-orm";
import { AgentCommand } from "../contract/agent-command.ts";
import { Attempt } from "../contract/attempt.ts";
import { pluginIdOf } from "../contract/ids.ts";
import { Incident, IncidentEvent, IncidentVote } from "../contract/incident.ts";
import type { IncidentDetail, IncidentPage, IncidentQuery } from "../contract/ops.ts";
import { PluginRecord } from "../contract/plugin-record.ts";
import type { Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { anyOf } from "./filter.ts";
import { readPage } from "./page.ts";
import { attempts, commands, incidentEvents, incidents, plugins, votes } from "./schema.ts";

const INCIDENTS = { name: "incidents", table: incidents, at: incidents.detected_at, item: Incident };

/** A page of incidents, newest detection first. Refuses a foreign cursor as `invalid`. `until` is exclusive. */
export function listIncidents(db: Db, query: IncidentQuery): Promise<Result<IncidentPage>> {
  return readPage(db, INCIDENTS, query, [
    anyOf(incidents.status, query.status),
    anyOf(incidents.severity, query.severity),
    anyOf(incidents.type, query.type),
    query.product ? eq(incidents.product, query.product) : undefined,
    query.merchant_id ? eq(incidents.merchant_id, query.merchant_id) : undefined,
    query.plugin_id ? eq(incidents.plugin_id, query.plugin_id) : undefined,
    query.since ? gte(incidents.detected_at, query.since) : undefined,
    query.until ? lt(incidents.detected_at, query.until) : undefined,
  ]);
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
