/** The incident's verbs: open, refresh, escalate, bake, re-open, close. Each exists once. */
import { SEVERITIES } from "../../contract/ids.ts";
import type { IncidentStatus } from "../../contract/incident.ts";
import { type Finding, telemetrySnapshot } from "../detection.ts";
import { type Draft, note, notify, recordIncident } from "./draft.ts";
import { type IncidentState, iso, keyOf } from "./state.ts";
import { dropWorkOf, startWork } from "./work.ts";

export function dedupeKey(pluginId: string, type: string): string {
  return `${pluginId}:${type}`;
}

/** Recurs when the same thing goes wrong again: type, product, version and the dominant error. */
export function signatureOf(product: string, version: string, finding: Finding): string {
  return [finding.type, `${product}@${version}`, finding.fingerprint]
    .filter((part) => part !== "")
    .join(":")
    .slice(0, 200);
}

export function openIncident(draft: Draft, finding: Finding): IncidentState {
  const { state, now } = draft;
  state.numbers.incident += 1;
  const incident: IncidentState = {
    events: 0,
    bakeUntil: null,
    healedBy: null,
    row: {
      id: `inc_${keyOf(state.id)}_${state.numbers.incident}`,
      revision: 0,
      plugin_id: state.id,
      merchant_id: state.merchantId,
      product: state.product,
      version: state.version,
      type: finding.type,
      dedupe_key: dedupeKey(state.id, finding.type),
      signature: signatureOf(state.product, state.version, finding),
      severity: finding.severity,
      status: "open",
      signal: finding.signal,
      telemetry_snapshot: telemetrySnapshot(state.detection, now),
      decision: null,
      onset_at: finding.signal.onset_at,
      detected_at: iso(now),
      decided_at: null,
      acknowledged_by: null,
      acknowledged_at: null,
      resolved_at: null,
      resolution: null,
      reopened: 0,
    },
  };
  state.incidents.push(incident);
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "detected",
    text: finding.signal.explanation,
    data: { signal: finding.signal, severity: finding.severity },
  });
  notify(
    draft,
    incident,
    "incident_detected",
    "notice",
    titleOf(draft, incident),
    finding.signal.explanation,
  );
  startWork(draft, { kind: "decide", incidentId: incident.row.id });
  return incident;
}

export function titleOf(draft: Draft, incident: IncidentState): string {
  return `${incident.row.type.replaceAll("_", " ")} at ${incident.row.merchant_id} (${draft.state.product} ${incident.row.version})`;
}

/** The signal goes on: severity may only rise while it is open, so that a dip does not disarm what a peak demanded. */
export function refreshIncident(draft: Draft, incident: IncidentState, finding: Finding): void {
  if (SEVERITIES.indexOf(finding.severity) <= SEVERITIES.indexOf(incident.row.severity)) return;
  const before = incident.row.severity;
  incident.row.severity = finding.severity;
  incident.row.signal = finding.signal;
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "severity_raised",
    text: `Severity rose from ${before} to ${finding.severity}. ${finding.signal.explanation}`,
    data: { from: before, to: finding.severity, signal: finding.signal },
  });
}

export function setIncidentStatus(draft: Draft, incident: IncidentState, status: IncidentStatus): void {
  if (incident.row.status === status) return;
  incident.row.status = status;
  recordIncident(draft, incident);
}

/** Hands the incident to a person, loudly: no bake closes it any more, and no decision under way acts on it. */
export function escalateIncident(draft: Draft, incident: IncidentState, why: string, actor = "vigie"): void {
  incident.bakeUntil = null;
  incident.healedBy = null;
  dropWorkOf(draft, { incidentId: incident.row.id });
  setIncidentStatus(draft, incident, "escalated");
  note(draft, incident, { kind: "escalated", text: why, actor });
  notify(draft, incident, "escalated", "page", `A person is needed: ${titleOf(draft, incident)}`, why);
}

/** Healed: watched on until the bake ends. */
export function bakeIncident(
  draft: Draft,
  incident: IncidentState,
  fix: NonNullable<IncidentState["healedBy"]>,
): void {
  incident.bakeUntil = draft.now + draft.policy.intervals.bake_s * 1000;
  incident.healedBy = fix;
  setIncidentStatus(draft, incident, "baking");
}

export function closeIncident(
  draft: Draft,
  incident: IncidentState,
  status: "resolved" | "dismissed",
  resolution: string,
  actor = "vigie",
): void {
  incident.row.resolved_at = iso(draft.now);
  incident.row.resolution = resolution.slice(0, 500);
  incident.row.status = status;
  recordIncident(draft, incident);
  note(draft, incident, { kind: status, text: resolution, actor });
  dropWorkOf(draft, { incidentId: incident.row.id });
  draft.state.incidents = draft.state.incidents.filter((open) => open !== incident);
}

/** The same signature came back while the fix was being watched: the fix is excluded, and a person decides. */
export function reopenIncident(draft: Draft, incident: IncidentState, why: string): void {
  incident.row.reopened += 1;
  note(draft, incident, { kind: "reopened", text: why });
  escalateIncident(draft, incident, why);
}
