/** Findings become incidents, incidents follow their findings. Runs after every beat and at every deadline. */
import { anyFires, type Finding, findings } from "../detect/detection.ts";
import { renewEvidence } from "./attempts.ts";
import { type Draft, note } from "./draft.ts";
import { endAttempt, excludeFix } from "./end-attempt.ts";
import {
  beginAfresh,
  closeIncident,
  forgetClosed,
  openOrReturn,
  refreshIncident,
  reopenIncident,
} from "./incidents.ts";
import { followQuiet } from "./quiet.ts";
import { blameWatchedFix } from "./regression.ts";
import { reportRelapse } from "./relapse.ts";
import { commitUnheard, type IncidentState, inShopsHands, isSettledSilence } from "./state.ts";
import { dropLiveCommand } from "./way-back.ts";

export function review(draft: Draft): void {
  const { state, now } = draft;
  const intervalMs = state.askedS * 1000;
  const concerned = state.incidents.length > 0 || anyFires(state.detection, now, intervalMs);
  for (const finding of concerned ? findings(state.detection, now, intervalMs) : []) {
    const incident = state.incidents.find((open) => open.row.type === finding.type) ?? null;
    if (finding.firing) {
      if (incident === null) {
        if (finding.type === "heartbeat_missed" && isSettledSilence(state)) continue;
        // Its health check judges what fires after a change; no second incident is opened about it.
        if (inShopsHands(state.attempt)) continue;
        const opened = openOrReturn(draft, finding);
        // A silence may be the shop's or ours: its triage tells.
        if (finding.type !== "heartbeat_missed") blameWatchedFix(draft, opened);
      } else follow(draft, incident, finding);
    } else if (incident !== null && finding.cleared && incident.row.status !== "baking") {
      signalCleared(draft, incident, finding);
    }
  }
  endBakes(draft);
  forgetClosed(draft);
  for (const incident of state.incidents) followQuiet(draft, incident);
}

function follow(draft: Draft, incident: IncidentState, finding: Finding): void {
  if (incident.row.status !== "baking") {
    if (refreshIncident(draft, incident, finding)) blameWatchedFix(draft, incident, "grew worse");
    return renewEvidence(draft, incident);
  }
  const fix = incident.healedBy;
  if (fix?.takenBack) return decideAfresh(draft, incident, finding);
  const why = `The same signal is back while ${fix?.version ?? fix?.remedy ?? "the fix"} was being watched. ${finding.signal.explanation}`;
  if (fix) {
    excludeFix(draft.state, incident, fix, draft.now);
    if (!fix.regressed) reportRelapse(draft, incident, fix, finding.signal.explanation);
  }
  reopenIncident(draft, incident, why);
}

/** What a change had healed is back since the change was taken back by order: nobody's failure, and to be healed otherwise. */
function decideAfresh(draft: Draft, incident: IncidentState, finding: Finding): void {
  incident.bakeUntil = null;
  incident.healedBy = null;
  beginAfresh(draft, incident);
  note(draft, incident, {
    kind: "back_again",
    text: `It is back since its fix was taken back, and is decided on afresh. ${finding.signal.explanation}`,
  });
}

/**
 * The signal went away by itself. Waiting for a person, or for staging, never disarms this: an attempt not yet in the shop is
 * cancelled. What a person asked for is not: they saw the same signal, and it may have cleared before they asked.
 */
function signalCleared(draft: Draft, incident: IncidentState, finding: Finding): void {
  const { attempt } = draft.state;
  if (attempt?.row.incident_id === incident.row.id) {
    if (inShopsHands(attempt) || !attempt.automatic) return;
    dropLiveCommand(draft, attempt);
    endAttempt(draft, attempt, "cancelled", "the signal cleared before the change was handed over", {
      aboutTheFix: false,
      escalate: false,
    });
  }
  closeIncident(draft, incident, "resolved", `Recovered. ${finding.signal.explanation}`);
}

function endBakes(draft: Draft): void {
  for (const incident of [...draft.state.incidents])
    if (
      incident.bakeUntil !== null &&
      draft.now >= incident.bakeUntil &&
      !commitUnheard(draft.state, incident)
    )
      closeIncident(
        draft,
        incident,
        "resolved",
        incident.healedBy?.regressed
          ? "Healed; its fix is held for another fault, which began in its bake."
          : `${incident.healedBy?.unproved ? "Kept" : "Healed"}, and sound through its bake time.`,
      );
}
