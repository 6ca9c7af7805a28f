/** What people do with an incident. Each action is refused by name when it cannot be. */
import type { ManualAction, Person, ReleaseRecord } from "../../contract/ops.ts";
import { ok, type Result, refuse } from "../../contract/refusal.ts";
import { settleSignal } from "../detect/settle.ts";
import { decideNotBefore } from "./bar.ts";
import { audit, type Draft, incidentById, note, recordIncident } from "./draft.ts";
import { closeIncident, escalateIncident } from "./incidents.ts";
import { giveUpAttempt, manualChange } from "./manual-change.ts";
import { closedOrUnknown, conflict, type Done } from "./person-reply.ts";
import { type IncidentState, iso } from "./state.ts";
import { SNOOZE_LIMIT_MS } from "./tuning.ts";
import { onVote } from "./voting.ts";
import { dropWorkOf, startWork } from "./work.ts";

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
      draft.state.detection = settleSignal(draft.state.detection, incident.row.type, draft.now);
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
