/** A change that a person asks for, in place of what waits on its incident. */
import type { ManualAction, Person, ReleaseRecord } from "../../contract/ops.ts";
import { ok, refuse } from "../../contract/refusal.ts";
import { beginAttempt, describeChange } from "./attempts.ts";
import { type Draft, note } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { chosen } from "./on-work.ts";
import { conflict, type Done, type No } from "./person-reply.ts";
import { type IncidentState, inShopsHands, iso } from "./state.ts";
import { CONFIG_LIMIT } from "./tuning.ts";
import { dropLiveCommand } from "./way-back.ts";
import { dropWorkOf } from "./work.ts";

/** Cancels the incident's attempt when the shop has not been told yet; refuses when it has. */
export function giveUpAttempt(draft: Draft, incident: IncidentState, why: string): No | null {
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

export function manualChange(
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
