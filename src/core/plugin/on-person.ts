/** What people do: approve, reject, and the manual actions. Each is refused by name when it cannot be. */
import type { ApproveRequest, ManualAction, Person, ReleaseRecord } from "../../contract/ops.ts";
import { ok, type Refusal, type Result, refuse } from "../../contract/refusal.ts";
import { beginAttempt, describeChange } from "./attempts.ts";
import { decideNotBefore } from "./bar.ts";
import { audit, type Draft, incidentById, note, recordAttempt, recordIncident } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { closeIncident, escalateIncident } from "./incidents.ts";
import { chosen } from "./on-work.ts";
import { type AttemptState, type IncidentState, inShopsHands, iso } from "./state.ts";
import { APPROVALS_LIMIT, CONFIG_LIMIT, SNOOZE_LIMIT_MS } from "./tuning.ts";
import { succeed } from "./verifying.ts";
import { onVote, wasOpened } from "./voting.ts";
import { dropLiveCommand, goBack } from "./way-back.ts";
import { dropWorkOf, startWork } from "./work.ts";

type Done = Result<IncidentState>;

const conflict = (message: string): { ok: false; refusal: Refusal } =>
  refuse({ reason: "conflict", message });

export function onApprove(draft: Draft, incidentId: string, input: ApproveRequest, person: Person): Done {
  const incident = incidentById(draft.state, incidentId);
  if (incident === null) return closedOrUnknown(draft, incidentId);
  const { attempt } = draft.state;
  if (attempt === null || attempt.row.id !== input.attempt_id || attempt.row.incident_id !== incidentId)
    return conflict("this attempt is not the one in flight");
  const { phase } = attempt;
  const asked =
    phase.name === "awaiting_approval" || (phase.name === "verifying" && phase.askedUntil !== null);
  if (!asked) return conflict(`the attempt awaits no approval; it is ${attempt.row.status}`);
  if (input.evidence_hash !== attempt.row.evidence_hash)
    return conflict("the evidence has changed since you saw it; look again");
  if (person.id === attempt.row.requested_by && input.decision === "approve")
    return refuse({ reason: "forbidden", message: "whoever asked for a change cannot approve it" });
  if (phase.name === "awaiting_approval" && hasAnswered(attempt, person))
    return conflict("you have already answered");

  const approval = {
    attempt_id: attempt.row.id,
    person: person.id,
    decision: input.decision,
    evidence_hash: input.evidence_hash,
    reason: input.reason,
    at: iso(draft.now),
  };
  attempt.row.approvals = [...attempt.row.approvals, approval].slice(-APPROVALS_LIMIT);
  draft.outbox.push({ to: "ledger", record: { kind: "approval", row: approval } });
  audit(draft, incident, person, `attempt.${input.decision}`, { ...approval });
  recordAttempt(draft, attempt);
  note(draft, incident, {
    kind: input.decision === "approve" ? "approved" : "rejected",
    text: `${person.name}: ${input.reason}`,
    actor: person.id,
    attemptId: attempt.row.id,
  });
  if (phase.name === "verifying") keepOrGoBack(draft, attempt, input, person);
  else if (input.decision === "reject")
    endAttempt(draft, attempt, "rejected", `${person.name}: ${input.reason}`, { aboutTheFix: false });
  else {
    dropWorkOf(draft, { attemptId: attempt.row.id });
    startWork(draft, { kind: "gate", attemptId: attempt.row.id });
  }
  return ok(incident);
}

/** To keep a change under watch is another question than to allow it, and an answer about other evidence is none. */
function hasAnswered(attempt: AttemptState, person: Person): boolean {
  return attempt.row.approvals.some(
    (approval) => approval.person === person.id && approval.evidence_hash === attempt.row.evidence_hash,
  );
}

function keepOrGoBack(draft: Draft, attempt: AttemptState, input: ApproveRequest, person: Person): void {
  const why = `${person.name}: ${input.reason}`;
  if (input.decision === "approve") succeed(draft, attempt, `kept by ${why}`);
  else goBack(draft, attempt, `rejected by ${why}`);
}

export function onAct(
  draft: Draft,
  incidentId: string,
  action: ManualAction,
  person: Person,
  release: ReleaseRecord | null,
): Result<IncidentState | null> {
  if (action.action === "vote") return onVote(draft, incidentId, action, person);
  const incident = incidentById(draft.state, incidentId);
  if (incident === null) return closedOrUnknown(draft, incidentId);
  const done = perform(draft, incident, action, person, release);
  if (done.ok) audit(draft, incident, person, `incident.${action.action}`, { ...action });
  return done;
}

function perform(
  draft: Draft,
  incident: IncidentState,
  action: Exclude<ManualAction, { action: "vote" }>,
  person: Person,
  release: ReleaseRecord | null,
): Done {
  switch (action.action) {
    case "acknowledge":
      if (incident.row.acknowledged_by !== null)
        return conflict(`already acknowledged by ${incident.row.acknowledged_by}`);
      incident.row.acknowledged_by = person.id;
      incident.row.acknowledged_at = iso(draft.now);
      recordIncident(draft, incident);
      note(draft, incident, {
        kind: "acknowledged",
        text: `${person.name}: ${action.reason}`,
        actor: person.id,
      });
      return ok(incident);
    case "escalate":
      // It would close itself at the next beat, since its signal is gone; a rollback can be asked for instead.
      if (incident.row.status === "baking") return conflict("it is healed and still watched");
      // Whoever calls for a person wants one now.
      if (incident.row.snoozed) {
        incident.row.snoozed = null;
        recordIncident(draft, incident);
      }
      delete incident.flapTold;
      escalateIncident(draft, incident, `${person.name}: ${action.reason}`, person.id);
      return ok(incident);
    case "resolve":
    case "dismiss": {
      const refusal = giveUpAttempt(draft, incident, `${person.name}: ${action.reason}`);
      if (refusal) return refusal;
      const silent = incident.row.type === "heartbeat_missed" && incident.row.status !== "baking";
      if (silent && draft.state.lastBeatAt !== null) draft.state.settledSilence = draft.state.lastBeatAt;
      const status = action.action === "resolve" ? "resolved" : "dismissed";
      closeIncident(draft, incident, status, `${person.name}: ${action.reason}`, person.id);
      return ok(incident);
    }
    case "snooze":
      return snooze(draft, incident, action, person);
    case "retry":
      if (incident.row.flapping)
        return conflict("it is flapping: nothing is tried automatically, but you may order a change");
      if (decideNotBefore(draft, incident.row.id) > draft.now)
        return conflict("it is muted or in a maintenance window: nothing is tried automatically");
      if (draft.state.attempt !== null) return conflict("an attempt is under way on this plugin");
      if (incident.row.status === "baking") return conflict("it is healed and still watched");
      dropWorkOf(draft, { incidentId: incident.row.id });
      // Whatever the cause was, it may be another by now; and only a silent plugin in a sound shop is decided on.
      delete incident.looks;
      delete incident.downLooks;
      startWork(draft, {
        kind: incident.row.type === "heartbeat_missed" ? "triage" : "decide",
        incidentId: incident.row.id,
      });
      note(draft, incident, { kind: "retry", text: `${person.name}: ${action.reason}`, actor: person.id });
      return ok(incident);
    case "patch":
    case "rollback":
    case "config":
      return manualChange(draft, incident, action, person, release);
    default:
      return action satisfies never;
  }
}

function snooze(
  draft: Draft,
  incident: IncidentState,
  action: Extract<ManualAction, { action: "snooze" }>,
  person: Person,
): Done {
  const until = Date.parse(action.until);
  if (until <= draft.now || until > draft.now + SNOOZE_LIMIT_MS)
    return refuse({ reason: "invalid", field: "until", message: "must be ahead, by a week at most" });
  incident.row.snoozed = { by: person.id, reason: action.reason, until: iso(until) };
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "snoozed",
    text: `${person.name} wants no notice before ${iso(until)}: ${action.reason}`,
    actor: person.id,
  });
  return ok(incident);
}

/** Cancels the incident's attempt when the shop has not been told yet; refuses when it has. */
function giveUpAttempt(
  draft: Draft,
  incident: IncidentState,
  why: string,
): { ok: false; refusal: Refusal } | null {
  const { attempt } = draft.state;
  if (attempt === null || attempt.row.incident_id !== incident.row.id) return null;
  if (inShopsHands(attempt))
    return conflict(
      `${describeChange(attempt)} is in the shop's hands (${attempt.row.status}); wait for its verdict`,
    );
  dropLiveCommand(draft, attempt);
  endAttempt(draft, attempt, "cancelled", why, { aboutTheFix: false, escalate: false });
  return null;
}

function manualChange(
  draft: Draft,
  incident: IncidentState,
  action: Extract<ManualAction, { action: "patch" | "rollback" | "config" }>,
  person: Person,
  release: ReleaseRecord | null,
): Done {
  const { state } = draft;
  if (state.attempt !== null && state.attempt.row.incident_id !== incident.row.id)
    return conflict("an attempt for another incident of this plugin is under way");
  if (action.action === "config") {
    const settings = Object.keys(action.set).length;
    if (settings < 1 || settings > CONFIG_LIMIT)
      return refuse({ reason: "invalid", field: "set", message: `name 1 to ${CONFIG_LIMIT} settings` });
  }
  const target = action.action === "config" ? null : (action.version ?? release?.version ?? null);
  if (action.action !== "config" && target === null)
    return refuse({
      reason: "invalid",
      field: "version",
      message: "name the version: no earlier one is known",
    });
  if (target === state.version)
    return refuse({ reason: "invalid", field: "version", message: `the shop already runs ${target}` });
  if (action.action === "patch" && release === null)
    return refuse({ reason: "not_found", message: `no release ${target} of ${state.product}` });
  const refusal = giveUpAttempt(draft, incident, `superseded by ${person.name}: ${action.reason}`);
  if (refusal) return refusal;
  dropWorkOf(draft, { incidentId: incident.row.id });
  const decision = {
    action: action.action,
    ...(target === null ? {} : { patch_version: target }),
    ...(action.action === "config" ? { config: action.set } : {}),
    confidence: 1,
    explanation: `${person.name}: ${action.reason}`,
    alternatives: [],
    source: "manual" as const,
    decided_at: iso(draft.now),
  };
  note(draft, incident, {
    kind: "manual_action",
    text: `${person.name} asks for ${action.action}${target === null ? "" : ` to ${target}`}: ${action.reason}`,
    actor: person.id,
  });
  beginAttempt(draft, {
    incident,
    decision,
    release: release === null ? null : chosen(release),
    requestedBy: person.id,
  });
  return ok(incident);
}

function closedOrUnknown(draft: Draft, incidentId: string): { ok: false; refusal: Refusal } {
  return wasOpened(draft.state, incidentId)
    ? conflict("this incident is closed")
    : refuse({ reason: "not_found", message: "no such incident" });
}
