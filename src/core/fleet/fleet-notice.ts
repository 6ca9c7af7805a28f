/** Pure: what people are told of a storm or a cohort, when it begins and when it is over. */
import type { FleetIncident } from "../../contract/fleet-incident.ts";
import type { IncidentType } from "../../contract/incident.ts";
import type { NotificationRecord } from "../../contract/notification.ts";

export type FleetTurn = "opened" | "resolved";

/** The type of incident that single plugins have of it: what a mute by type means. */
export function fleetType({ kind, signal }: Pick<FleetIncident, "kind" | "signal">): IncidentType {
  if (kind === "cohort") return "webhook_fail_rate";
  const [, type] = /^storm_(.+)$/.exec(signal.type) ?? [];
  // Written by the storm desk from the list of types; a storm without a name is one of silences.
  return type === undefined ? "heartbeat_missed" : (type as IncidentType);
}

/** One for each turn of an incident, whatever is repeated. Its beginning wakes a person; its end can wait for the morning. */
export function fleetNoticeOf(incident: FleetIncident, turn: FleetTurn): NotificationRecord {
  const opened = turn === "opened";
  const text = opened
    ? `${incident.signal.explanation}. ${consequence(incident)}`
    : `${incident.resolution ?? "It has ended."} It affected ${incident.plugin_count} plugin(s).`;
  return {
    id: `${incident.id}.${turn}`,
    kind: opened ? "fleet_incident_opened" : "fleet_incident_closed",
    urgency: opened ? "page" : "notice",
    incident_id: null,
    plugin_id: null,
    fleet_incident_id: incident.id,
    title: `${opened ? "" : "Over: "}${titleOf(incident)}`.slice(0, 200),
    text: text.slice(0, 2000),
    ...(incident.kind === "storm" ? { storm: fleetType(incident) } : {}),
    at: (opened ? incident.opened_at : incident.resolved_at) ?? incident.opened_at,
  };
}

function titleOf(incident: FleetIncident): string {
  const count = `${incident.plugin_count} plugins`;
  if (incident.kind === "storm")
    return `Storm of ${fleetType(incident).replaceAll("_", " ")}: ${count} at once`;
  const where = incident.version ?? `platform version ${incident.platform_version ?? "unknown"}`;
  return `Webhooks fail in ${count} on ${incident.product ?? "a product"} ${where}`;
}

function consequence({ kind, version }: FleetIncident): string {
  if (kind === "storm") return "Nothing is changed automatically until it is over.";
  return version === null
    ? "No release is blamed for it."
    : "If the release is the only one that fails so, it is halted.";
}
