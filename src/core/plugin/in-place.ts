/** What an order may take back: the last change of version and the last one of settings that succeeded here. */
import type { Draft } from "./draft.ts";
import { type AttemptState, type IncidentState, type InPlace, isListed, type PluginState } from "./state.ts";

/** A success: it takes the place of the one before it of its kind. */
export function rememberInPlace(draft: Draft, attempt: AttemptState): void {
  const { state, now } = draft;
  const { row } = attempt;
  const change: InPlace = {
    attemptId: row.id,
    incidentId: row.incident_id,
    action: row.action,
    from: row.from_version,
    to: row.target_version,
    ...(row.remedy ? { remedy: row.remedy } : {}),
    // Without a record of a release it is the way to an earlier version, which an order never takes back.
    reversible:
      row.action === "config" ? attempt.provisional === true : (attempt.release?.reversible ?? true),
    commandId: row.command_id,
    listed: isListed(attempt),
    confidence: row.decision.confidence,
    at: now,
  };
  const others = (state.inPlace ?? []).filter((other) => (other.to === null) !== (change.to === null));
  // A taking-back leaves nothing of its own that could be taken back.
  keep(state, row.reverts === null ? [...others, change] : others);
}

export function forgetInPlace(state: PluginState, attemptId: string): void {
  keep(
    state,
    (state.inPlace ?? []).filter((change) => change.attemptId !== attemptId),
  );
}

function keep(state: PluginState, changes: InPlace[]): void {
  if (changes.length > 0) state.inPlace = changes;
  else delete state.inPlace;
}

/** The rest of the state is about to forget a closed incident: it stays with its fix, should that be taken back one day. */
export function keepWithItsFix(state: PluginState, incident: IncidentState): void {
  const change = state.inPlace?.find(({ incidentId }) => incidentId === incident.row.id);
  if (change) change.incident = incident;
}

/** It is open again, or remembered elsewhere: the copy would grow stale. */
export function dropKept(state: PluginState, incidentId: string): void {
  const change = state.inPlace?.find((one) => one.incidentId === incidentId);
  if (change) delete change.incident;
}
