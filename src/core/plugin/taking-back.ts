/** Taking a success back by order: a new attempt that points to the old one, on the incident that the old one healed. */

import type { HealthVerdict } from "../../contract/attempt.ts";
import type { Decision } from "../../contract/decision.ts";
import type { PluginOrder } from "../../contract/order.ts";
import { beginAttempt } from "./attempts.ts";
import { type Draft, incidentById, note, recordAttempt, recordIncident } from "./draft.ts";
import { endAttempt, excludeFix } from "./end-attempt.ts";
import { dropKept, forgetInPlace } from "./in-place.ts";
import { bakeIncident, dedupeKey } from "./incidents.ts";
import { type AttemptState, type ChosenRelease, type IncidentState, type InPlace, iso } from "./state.ts";
import { TAKEN_BACK_BEATS } from "./tuning.ts";
import { watchSilentAt } from "./watch-silence.ts";
import { dropWorkOf } from "./work.ts";

/** @returns the new attempt; null when its incident is no longer known here */
export function beginTakingBack(
  draft: Draft,
  change: InPlace,
  order: PluginOrder,
  release: ChosenRelease | null,
): AttemptState | null {
  const { state, now } = draft;
  const incident = incidentOf(draft, change);
  if (incident === null) return null;
  const back = change.to === null ? "the former settings" : change.from;
  const text = `${order.by} (${order.cause}) takes ${change.attemptId} back, to ${back}: ${order.reason}`;
  note(draft, incident, { kind: "ordered_back", text, actor: order.by, attemptId: change.attemptId });
  dropWorkOf(draft, { incidentId: incident.row.id });
  // Its commit would make final what is to go.
  if (state.commit?.attemptId === change.attemptId) state.commit = null;
  const decision: Decision = {
    action: change.to === null ? "config" : "rollback",
    ...(change.to === null ? {} : { patch_version: change.from }),
    ...remedyOf(change),
    confidence: 1,
    explanation: text.slice(0, 2000),
    alternatives: [],
    source: "manual",
    decided_at: iso(now),
  };
  return beginAttempt(draft, {
    incident,
    decision,
    release,
    requestedBy: order.by,
    reverts: change.attemptId,
    // An emergency action follows what it orders, and orders again what was stopped.
    ...(order.cause === "emergency" ? {} : { waitsOutStop: true as const }),
    ...(change.to === null && change.commandId !== null ? { restores: change.commandId } : {}),
  });
}

/** The incident that was healed: open still, or else opened again; another open one of its kind stands in for it. */
function incidentOf(draft: Draft, change: InPlace): IncidentState | null {
  const { state } = draft;
  const open = incidentById(state, change.incidentId);
  if (open) return open;
  const closed = state.closed?.find(({ incident }) => incident.row.id === change.incidentId);
  const incident = closed?.incident ?? change.incident;
  if (incident === undefined) return null;
  const key = dedupeKey(state.id, incident.row.type);
  const sameKind = state.incidents.find(({ row }) => row.dedupe_key === key);
  if (sameKind) return sameKind;
  if (closed) state.closed = state.closed?.filter((other) => other !== closed) ?? [];
  dropKept(state, incident.row.id);
  return reopen(draft, structuredClone(incident));
}

function reopen(draft: Draft, incident: IncidentState): IncidentState {
  const { row } = incident;
  row.status = "open";
  row.resolved_at = null;
  row.resolution = null;
  row.reopened += 1;
  draft.state.incidents.push(incident);
  recordIncident(draft, incident);
  note(draft, incident, { kind: "reopened", text: "Its fix is to be taken back." });
  return incident;
}

/**
 * What was before runs again, and beats: that is all a taking-back promises. A shop that beats when a page is viewed may be too
 * quiet for that, and is believed unless it is silent for longer than it ever is. The fault that the change had healed may
 * well be there again; its detectors find it, and it is decided on afresh, without this fix.
 */
export function judgeTakingBack(draft: Draft, attempt: AttemptState): void {
  const { now, state, policy } = draft;
  const { phase, row } = attempt;
  if (phase.name !== "verifying") return;
  const back = row.target_version ?? "the former settings";
  const { beats, startedAt, limitAt } = phase;
  if (beats < TAKEN_BACK_BEATS && now < limitAt) return;
  const silentAt = watchSilentAt(state, phase, policy.intervals);
  const mute = beats === 0 && state.cadence === "resident";
  const silent = mute || (silentAt !== null && now > silentAt);
  if (beats < TAKEN_BACK_BEATS && silent) {
    const silentForS = Math.round((now - (state.lastBeatAt ?? startedAt)) / 1000);
    const why = `No heartbeat for ${silentForS} s after going back to ${back}.`;
    row.health = verdict(draft, startedAt, "unhealthy", beats, why);
    recordAttempt(draft, attempt);
    return endAttempt(draft, attempt, "failed", why, { aboutTheFix: false });
  }
  const text =
    beats > 0
      ? `${back}: running and beating again.`
      : `${back}: running as the shop reports, quiet no longer than it often is.`;
  row.health = verdict(draft, startedAt, "healthy", beats, text);
  takenBack(draft, attempt);
}

function verdict(
  draft: Draft,
  startedAt: number,
  kind: HealthVerdict["verdict"],
  beats: number,
  explanation: string,
): HealthVerdict {
  return {
    verdict: kind,
    rule: "taken_back",
    value: beats,
    bound: TAKEN_BACK_BEATS,
    window_s: Math.round((draft.now - startedAt) / 1000),
    explanation,
    at: iso(draft.now),
  };
}

function takenBack(draft: Draft, attempt: AttemptState): void {
  const { state, now } = draft;
  const { row } = attempt;
  const past = state.history.find(({ attemptId }) => attemptId === row.reverts);
  if (past) past.takenBack = true;
  const change = state.inPlace?.find(({ attemptId }) => attemptId === row.reverts);
  const incident = incidentById(state, row.incident_id);
  // What was ordered away is not brought back automatically for the same fault.
  if (incident && change)
    excludeFix(state, incident, { action: change.action, version: change.to, ...remedyOf(change) }, now);
  if (row.reverts !== null) forgetInPlace(state, row.reverts);
  endAttempt(draft, attempt, "success", row.decision.explanation, { aboutTheFix: false });
  if (incident) bakeWithout(draft, attempt, incident);
}

/** Watched without its fix: should its fault return, it is decided on afresh; otherwise it closes by itself. */
export function bakeWithout(draft: Draft, attempt: AttemptState, incident: IncidentState): void {
  const { id: attemptId, action, target_version: version } = attempt.row;
  bakeIncident(draft, incident, { attemptId, action, version, takenBack: true });
}

function remedyOf(change: InPlace): { remedy?: string } {
  return change.remedy === undefined ? {} : { remedy: change.remedy };
}
