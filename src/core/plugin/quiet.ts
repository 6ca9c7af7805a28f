/**
 * Which incidents stay quiet now: follows the policy's mutes and maintenance windows, people's snoozes, and the end of
 * flapping. Whatever is held back is told when the quiet ends, so that nothing is forgotten. A resolution is never held back.
 */
import { isFlapping } from "../detect/flapping.ts";
import { maintenanceOf, muteOf } from "../policy/suppression.ts";
import { quietSubject } from "./bar.ts";
import { type Draft, isQuiet, note, notify, recordIncident } from "./draft.ts";
import type { IncidentState, Millis } from "./state.ts";
import { startWork } from "./work.ts";

/** Writes what the policy says of the incident onto its row; the caller records it. */
export function markQuiet(draft: Draft, incident: IncidentState): void {
  const subject = quietSubject(draft.state, incident.row.type);
  const { row } = incident;
  const muted = muteOf(draft.policy, subject, draft.now);
  const window = maintenanceOf(draft.policy, subject, draft.now);
  // A row that says nothing new stays as it was stored, absent fields and all.
  if (told(muted) !== told(row.muted)) row.muted = muted;
  if (told(window) !== told(row.in_maintenance)) row.in_maintenance = window;
}

/** For every beat and deadline: what has become quiet, what has woken. */
export function followQuiet(draft: Draft, incident: IncidentState): void {
  const { row } = incident;
  const before = structuredClone(row);
  const wasQuiet = before.muted || before.in_maintenance || before.snoozed;
  if (row.snoozed && Date.parse(row.snoozed.until) <= draft.now) row.snoozed = null;
  markQuiet(draft, incident);
  if (row.flapping && !isFlapping(incident.returns ?? [], true, draft.now)) {
    row.flapping = false;
    delete incident.flapTold;
  }
  const changed = {
    snoozed: told(before.snoozed) !== told(row.snoozed),
    muted: told(before.muted) !== told(row.muted),
    in_maintenance: told(before.in_maintenance) !== told(row.in_maintenance),
    flapping: (before.flapping ?? false) !== (row.flapping ?? false),
  };
  if (!Object.values(changed).some(Boolean)) return;
  recordIncident(draft, incident);
  if (changed.snoozed) note(draft, incident, { kind: "snooze_over", text: "The snooze is over." });
  if (changed.muted) noteMute(draft, incident);
  if (changed.in_maintenance) noteMaintenance(draft, incident);
  if (changed.flapping) note(draft, incident, { kind: "steady", text: "It no longer comes and goes." });
  if (changed.muted || changed.in_maintenance) redecide(draft, row.id);
  if (wasQuiet && !isQuiet(incident, draft.now)) wake(draft, incident, changed.snoozed);
}

/** A decision that waited for the old end waits for the new one, or is asked for at once. */
function redecide(draft: Draft, incidentId: string): void {
  const { state } = draft;
  const others = state.work.filter((work) => work.kind !== "decide" || work.incidentId !== incidentId);
  if (others.length === state.work.length) return;
  state.work = others;
  startWork(draft, { kind: "decide", incidentId });
}

function told(quiet: IncidentState["row"]["muted"]): string {
  return quiet ? `${quiet.by} ${quiet.until} ${quiet.reason}` : "";
}

function noteMute(draft: Draft, incident: IncidentState): void {
  const { muted } = incident.row;
  note(draft, incident, {
    kind: muted ? "muted" : "unmuted",
    text: muted ? `Muted by ${muted.by} until ${muted.until}: ${muted.reason}` : "No longer muted.",
  });
}

function noteMaintenance(draft: Draft, incident: IncidentState): void {
  const { in_maintenance: window } = incident.row;
  note(draft, incident, {
    kind: window ? "in_maintenance" : "maintenance_over",
    text: window
      ? `In a maintenance window of ${window.by} until ${window.until}: ${window.reason}`
      : "The maintenance window is over.",
  });
}

/** Says on the timeline, beside the detection, who keeps a new incident quiet. */
export function noteQuiet(draft: Draft, incident: IncidentState): void {
  if (incident.row.muted) noteMute(draft, incident);
  if (incident.row.in_maintenance) noteMaintenance(draft, incident);
}

/** A healed one that is only watched needs nobody; any other is told of, as loudly as what was held back. */
function wake(draft: Draft, incident: IncidentState, asked: boolean): void {
  // In a storm of silences nobody is told of a single one.
  if (incident.row.status === "unknown") return;
  const { held } = incident;
  delete incident.held;
  // Whoever put it aside asked for this one: it is no mere return of what flaps.
  delete incident.flapTold;
  if (incident.row.status === "baking" || (held === undefined && !asked)) return;
  const text = `It is quiet no longer, and still there. ${held?.count ?? 0} notice(s) were held back. ${incident.row.signal.explanation}`;
  note(draft, incident, { kind: "woken", text });
  const title = `${incident.row.type.replaceAll("_", " ")} goes on at ${incident.row.merchant_id}`;
  if (held?.page) notify(draft, incident, "escalated", "page", title, text);
  else notify(draft, incident, "incident_detected", "notice", title, text);
}

/** A rise in severity is news that nobody has put aside. */
export function breakSnooze(draft: Draft, incident: IncidentState, why: string): void {
  if (!incident.row.snoozed) return;
  incident.row.snoozed = null;
  recordIncident(draft, incident);
  note(draft, incident, { kind: "snooze_broken", text: why });
  if (!isQuiet(incident, draft.now)) wake(draft, incident, true);
}

/** When the quiet of an open incident ends: the object wakes then by itself. */
export function quietEnds(incident: IncidentState): Millis[] {
  const { snoozed, muted, in_maintenance: window } = incident.row;
  return [snoozed, muted, window].flatMap((quiet) => (quiet ? [Date.parse(quiet.until)] : []));
}
