/** The incident's verbs: open, refresh, escalate, bake, close, and return after either. Each exists once. */
import type { IncidentStatus } from "../../contract/incident.ts";
import { type Finding, telemetrySnapshot } from "../detect/detection.ts";
import { isFlapping, withReturn } from "../detect/flapping.ts";
import { isGraver } from "../severity-rank.ts";
import { type Draft, note, notify, recordIncident } from "./draft.ts";
import { keepWithItsFix } from "./in-place.ts";
import { breakSnooze, markQuiet, noteQuiet } from "./quiet.ts";
import { outcomeOfShadow, settleShadow } from "./shadow-outcome.ts";
import { type AttemptState, CLOSED_LIMIT, type IncidentState, iso, keyOf } from "./state.ts";
import { TRIAGE_SETTLE_MS } from "./tuning.ts";
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

/** A new incident, or the one that was resolved a moment ago when the same has come back. */
export function openOrReturn(draft: Draft, finding: Finding): IncidentState {
  const { state } = draft;
  const key = dedupeKey(state.id, finding.type);
  forgetClosed(draft);
  const past = state.closed?.find(({ incident }) => incident.row.dedupe_key === key);
  if (past === undefined) return openIncident(draft, finding);
  state.closed = state.closed?.filter((other) => other !== past) ?? [];
  return returnIncident(draft, past.incident, finding);
}

/** What is too long ago to return takes up no room. */
export function forgetClosed(draft: Draft): void {
  const { state, now, policy } = draft;
  const kept = state.closed?.filter(({ at }) => now - at <= policy.intervals.reopen_s * 1000) ?? [];
  for (const past of state.closed ?? []) if (!kept.includes(past)) keepWithItsFix(state, past.incident);
  if (kept.length > 0) state.closed = kept;
  else delete state.closed;
}

/** It keeps who acknowledged and who snoozed it: a silence must not be lost because the signal paused. */
function returnIncident(draft: Draft, incident: IncidentState, finding: Finding): IncidentState {
  const { state, now } = draft;
  const { row } = incident;
  const snooze = row.snoozed ?? null;
  const graver = isGraver(finding.severity, row.severity);
  Object.assign(row, {
    status: "open",
    version: state.version,
    signature: signatureOf(state.product, state.version, finding),
    severity: finding.severity,
    signal: finding.signal,
    telemetry_snapshot: telemetrySnapshot(state.detection, now),
    resolved_at: null,
    resolution: null,
    reopened: row.reopened + 1,
    ...(row.cause ? { cause: null } : {}),
    ...(snooze && (graver || Date.parse(snooze.until) <= now) ? { snoozed: null } : {}),
  } satisfies Partial<IncidentState["row"]>);
  delete incident.looks;
  delete incident.downLooks;
  countReturn(draft, incident);
  markQuiet(draft, incident);
  state.incidents.push(incident);
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "reopened",
    text: `It is back. ${finding.signal.explanation}`,
    data: { signal: finding.signal, severity: finding.severity, reopened: row.reopened },
  });
  if (graver && snooze)
    note(draft, incident, {
      kind: "snooze_broken",
      text: `It is ${finding.severity} by now: the snooze is over.`,
    });
  noteQuiet(draft, incident);
  seeTo(draft, incident, finding, `Back again: ${titleOf(draft, incident)}`);
  return incident;
}

/** Its caller records it. */
function countReturn(draft: Draft, incident: IncidentState): void {
  const before = incident.row.flapping ?? false;
  incident.returns = withReturn(incident.returns ?? [], draft.now);
  incident.row.flapping = isFlapping(incident.returns, before, draft.now);
}

function openIncident(draft: Draft, finding: Finding): IncidentState {
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
      detected_at: iso(Math.min(now, finding.firingSince ?? now)),
      decided_at: null,
      acknowledged_by: null,
      acknowledged_at: null,
      resolved_at: null,
      resolution: null,
      reopened: 0,
    },
  };
  markQuiet(draft, incident);
  state.incidents.push(incident);
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "detected",
    text: finding.signal.explanation,
    data: { signal: finding.signal, severity: finding.severity },
  });
  noteQuiet(draft, incident);
  seeTo(draft, incident, finding, titleOf(draft, incident));
  return incident;
}

/** What a new incident, or one that is back, sets going. */
function seeTo(draft: Draft, incident: IncidentState, finding: Finding, title: string): void {
  const incidentId = incident.row.id;
  // Nobody is told before the cause is known: in a storm there would be thousands to tell.
  if (finding.type === "heartbeat_missed")
    return startWork(draft, { kind: "triage", incidentId }, draft.now + TRIAGE_SETTLE_MS);
  if (incident.row.flapping) return escalateIncident(draft, incident, flappingText(incident));
  notify(draft, incident, "incident_detected", "notice", title, finding.signal.explanation);
  startWork(draft, { kind: "decide", incidentId });
}

/** Open again, to be decided on afresh. A silence is looked into first: only a silent plugin in a sound shop is decided on. */
export function beginAfresh(draft: Draft, incident: IncidentState): void {
  setIncidentStatus(draft, incident, "open");
  const incidentId = incident.row.id;
  if (incident.row.type !== "heartbeat_missed") return startWork(draft, { kind: "decide", incidentId });
  // Whatever the cause was, it may be another by now.
  delete incident.looks;
  delete incident.downLooks;
  startWork(draft, { kind: "triage", incidentId }, draft.now + TRIAGE_SETTLE_MS);
}

/** Why nothing is tried automatically. */
export function flappingText(incident: IncidentState): string {
  return `It came back ${incident.returns?.length ?? 0} times in a day: nothing is tried automatically until it is steady.`;
}

export function titleOf(draft: Draft, incident: IncidentState): string {
  return `${incident.row.type.replaceAll("_", " ")} at ${incident.row.merchant_id} (${draft.state.product} ${incident.row.version})`;
}

/**
 * The signal goes on: severity may only rise while it is open, so that a dip does not disarm what a peak demanded. Whoever was called for
 * it, and works on it, hears of the rise.
 *
 * @returns whether it rose
 */
export function refreshIncident(draft: Draft, incident: IncidentState, finding: Finding): boolean {
  if (!isGraver(finding.severity, incident.row.severity)) return false;
  const before = incident.row.severity;
  const snoozed = Boolean(incident.row.snoozed);
  incident.row.severity = finding.severity;
  incident.row.signal = finding.signal;
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "severity_raised",
    text: `Severity rose from ${before} to ${finding.severity}. ${finding.signal.explanation}`,
    data: { from: before, to: finding.severity, signal: finding.signal },
  });
  breakSnooze(draft, incident, `It is ${finding.severity} by now: the snooze is over.`);
  // The end of a snooze has been told of just now.
  if (incident.row.status === "escalated" && !snoozed) {
    const title = `Graver, ${finding.severity} by now: ${titleOf(draft, incident)}`;
    notify(draft, incident, "escalated", "page", title, finding.signal.explanation);
  }
  return true;
}

export function setIncidentStatus(draft: Draft, incident: IncidentState, status: IncidentStatus): void {
  if (incident.row.status === status) return;
  incident.row.status = status;
  recordIncident(draft, incident);
}

/** Hands the incident to a person, loudly unless it is only a `notice`: no bake closes it any more, and no decision under way acts on it. */
export function escalateIncident(
  draft: Draft,
  incident: IncidentState,
  why: string,
  actor = "vigie",
  urgency: "page" | "notice" = "page",
  about: AttemptState | null = draft.state.attempt,
): void {
  incident.bakeUntil = null;
  incident.healedBy = null;
  dropWorkOf(draft, { incidentId: incident.row.id });
  setIncidentStatus(draft, incident, "escalated");
  note(draft, incident, { kind: "escalated", text: why, actor });
  // An order that ends here is told as what Vigie does by itself; a page in a person's name is that person's call.
  const calledBy = actor !== "vigie" && urgency === "page" ? actor : undefined;
  const title = `A person is needed: ${titleOf(draft, incident)}`;
  notify(draft, incident, "escalated", urgency, title, why, { about, calledBy });
}

/** Healed: watched on until the bake ends. */
export function bakeIncident(
  draft: Draft,
  incident: IncidentState,
  fix: NonNullable<IncidentState["healedBy"]>,
): void {
  dropWorkOf(draft, { incidentId: incident.row.id });
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
  settleShadow(draft, incident, outcomeOfShadow(draft, incident, status), resolution);
  // What was healed has been told as such. Of what was only kept it is not known before that it helped.
  const { healedBy } = incident;
  const news = healedBy === null || (healedBy.unproved && !healedBy.regressed);
  if (status === "resolved" && incident.told && news)
    notify(draft, incident, "incident_resolved", "notice", `Over: ${titleOf(draft, incident)}`, resolution);
  dropWorkOf(draft, { incidentId: incident.row.id });
  draft.state.incidents = draft.state.incidents.filter((open) => open !== incident);
  if (status === "resolved") rememberClosed(draft, incident);
  else keepWithItsFix(draft.state, incident);
}

function rememberClosed(draft: Draft, incident: IncidentState): void {
  const { state, now } = draft;
  incident.bakeUntil = null;
  incident.healedBy = null;
  delete incident.held;
  forgetClosed(draft);
  if (draft.policy.intervals.reopen_s === 0) return keepWithItsFix(state, incident);
  const closed = [...(state.closed ?? []), { incident, at: now }];
  for (const past of closed.slice(0, -CLOSED_LIMIT)) keepWithItsFix(state, past.incident);
  state.closed = closed.slice(-CLOSED_LIMIT);
}

/** The same signature came back while the fix was being watched: the fix is excluded, and a person decides. */
export function reopenIncident(draft: Draft, incident: IncidentState, why: string): void {
  incident.row.reopened += 1;
  countReturn(draft, incident);
  note(draft, incident, { kind: "reopened", text: why });
  escalateIncident(draft, incident, why);
}
