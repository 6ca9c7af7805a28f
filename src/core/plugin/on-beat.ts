/** A heartbeat: what it says is observed, what it implies for the attempt under way is drawn, findings are reviewed. */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { counterDelta } from "../detect/counter-delta.ts";
import { markVersionChange, observeBeat } from "../detect/detection.ts";
import { NO_SUMS, type Sums } from "../detect/rolling-window.ts";
import { finishCommand, isLive } from "./commands.ts";
import { followCommit } from "./commit.ts";
import { commandById, type Draft, incidentById } from "./draft.ts";
import { endDrifted, followDrift, isForeign, orderedVersions } from "./drift.ts";
import { endAttempt } from "./end-attempt.ts";
import { hurryGate } from "./gate-again.ts";
import { setIncidentStatus } from "./incidents.ts";
import { isReturn, leaveOut, mayBeLate, tellsOfReturn } from "./late-beat.ts";
import { carriedOutLate, lateInBeat } from "./late-change.ts";
import { followLate, lateBehind, lateIsGone } from "./late-return.ts";
import { applyFailed } from "./on-report.ts";
import { hearProbes } from "./probes-before.ts";
import { askProbes } from "./probing.ts";
import { review } from "./review.ts";
import type { AttemptState } from "./state.ts";
import { bakeWithout } from "./taking-back.ts";
import { REPORT_GRACE_MS } from "./tuning.ts";
import { judge, startVerifying } from "./verifying.ts";
import { tellCohorts } from "./view.ts";
import { watchBeat } from "./watching.ts";
import { backAgain, commandOf, dropLiveCommand, endUnheard, formerOf, noteChange } from "./way-back.ts";
import { startWork } from "./work.ts";

export function onBeat(draft: Draft, beat: HeartbeatData): void {
  const { state, now } = draft;
  if (mayBeLate(state, beat)) return leaveOut(state, beat);
  const counted = beat.counters ? counterDelta(state.counters, beat.boot_id, beat.counters) : null;
  // What the first beat after a change counts belongs to what ran before, unless the counters began again with it.
  const reportedAt = state.changedAt ?? null;
  const fresh =
    beat.version !== state.version || (reportedAt !== null && reportedAt > (state.lastBeatAt ?? 0));
  const restarted = beat.boot_id !== state.bootId;
  if (fresh && restarted) state.detection = markVersionChange(state.detection, beat.version, now);
  state.detection = observeBeat(state.detection, beat, now);
  if (fresh && !restarted) state.detection = markVersionChange(state.detection, beat.version, now);

  const ranBefore = state.version;
  const ordered = orderedVersions(state).has(beat.version);
  noteChange(state, beat.version, now);
  state.seq = beat.seq;
  state.bootId = beat.boot_id;
  state.lastBeatAt = now;
  state.version = beat.version;
  state.runState = beat.state;
  state.cadence = beat.cadence;
  if (beat.env) state.env = beat.env;
  if (counted) state.counters = counted.mark;

  hearProbes(state, beat);
  tellCohorts(draft, fresh && !restarted ? NO_SUMS : (counted?.delta ?? null));
  const late = lateInBeat(state, beat);
  if (late) carriedOutLate(draft, late, ranBefore, { ...beat, provisional: true, already: false });
  else if (!ordered) followDrift(draft, ranBefore, beat.version);
  followReturn(draft, beat);
  followCommit(draft, beat);
  if (state.attempt)
    followAttempt(draft, state.attempt, beat, fresh && !restarted ? null : (counted?.delta ?? null));
  review(draft);
  askProbes(draft);
  hurryGate(draft);
}

/** What was carried out too late is gone again: by its version, or as the last command tells. */
function followReturn(draft: Draft, beat: HeartbeatData): void {
  followLate(draft, beat.version);
  const last = beat.last_command;
  if (last === undefined || !isReturn(last.outcome)) return;
  const named = commandById(draft.state, last.id);
  const late = named && lateBehind(draft.state, named);
  if (late) lateIsGone(draft, late, beat.version);
}

function followAttempt(
  draft: Draft,
  attempt: AttemptState,
  beat: HeartbeatData,
  /** Null when nothing was counted, or when it belongs to the version before. */
  delta: Sums | null,
): void {
  const { phase } = attempt;
  switch (phase.name) {
    case "pending":
    case "awaiting_approval":
    case "staging":
      return followWaiting(draft, attempt, beat);
    case "applying":
      return phase.handedOver || phase.tries > 1
        ? followApplying(draft, attempt, beat, phase)
        : followWaiting(draft, attempt, beat);
    case "verifying":
      if (isForeign(attempt, beat.version)) return endDrifted(draft, attempt, beat.version);
      if (isRestored(attempt, beat))
        return backAgain(draft, attempt, `The shop went back to ${formerOf(attempt)} by itself.`);
      watchBeat(draft, attempt, phase, beat, delta);
      return judge(draft, attempt);
    case "rolling_back":
      if (isForeign(attempt, beat.version)) return endDrifted(draft, attempt, beat.version);
      return followReturning(draft, attempt, phase, beat);
    default:
      return phase satisfies never;
  }
}

/** A version shows in the beat; that settings are back is only told of the command that brought them. */
function isRestored({ row }: AttemptState, beat: HeartbeatData): boolean {
  if (row.target_version !== null) return beat.version === row.from_version;
  const last = beat.last_command;
  return last !== undefined && last.id === row.command_id && last.outcome === "restored";
}

/** While nobody has said that the change was carried out, what ran before is no proof that it is gone: it may come yet. */
function followReturning(
  draft: Draft,
  attempt: AttemptState,
  phase: Extract<AttemptState["phase"], { name: "rolling_back" }>,
  beat: HeartbeatData,
): void {
  const last = beat.last_command;
  if (last && last.id === phase.commandId && last.outcome === "applied")
    // A way back that found nothing to undo is "applied", one that undid something "rolled back".
    return phase.unheardSince === undefined
      ? backAgain(draft, attempt, phase.why)
      : endUnheard(draft, attempt, phase);
  if (beat.version === attempt.row.target_version) delete phase.unheardSince;
  const shown = phase.unheardSince === undefined && isRestored(attempt, beat);
  if (shown || tellsOfReturn(draft.state, beat, attempt.row.id)) backAgain(draft, attempt, phase.why);
}

/** The shop changed its version by itself: what was decided, and approved, was about another one. It is decided afresh. */
function followWaiting(draft: Draft, attempt: AttemptState, beat: HeartbeatData): void {
  if (beat.version === attempt.row.from_version) return;
  const incident = incidentById(draft.state, attempt.row.incident_id);
  dropLiveCommand(draft, attempt);
  endAttempt(
    draft,
    attempt,
    "cancelled",
    `the shop runs ${beat.version} by now, no longer ${attempt.row.from_version}`,
    { aboutTheFix: false, escalate: false },
  );
  if (incident === null) return;
  // What was to be taken back is gone: there is nothing to decide on unless its fault is there again.
  if (attempt.row.reverts !== null) return bakeWithout(draft, attempt, incident);
  if (incident.row.status !== "escalated") setIncidentStatus(draft, incident, "open");
  startWork(draft, { kind: "decide", incidentId: incident.row.id });
}

/** Of several tries the shop says which one it carried out: only that one's commit counts there. */
function nameCarriedOut(draft: Draft, { row }: AttemptState, beat: HeartbeatData): void {
  const said = beat.last_command && commandById(draft.state, beat.last_command.id);
  if (said?.row.attempt_id === row.id && said.row.type !== "probe") row.command_id = said.row.id;
}

/** The acknowledgement may be lost or late; the beat itself says which version runs and how the last command ended. */
function followApplying(
  draft: Draft,
  attempt: AttemptState,
  beat: HeartbeatData,
  phase: Extract<AttemptState["phase"], { name: "applying" }>,
): void {
  const { row } = attempt;
  if (isForeign(attempt, beat.version)) return endDrifted(draft, attempt, beat.version);
  const outcome = beat.last_command?.id === phase.commandId ? beat.last_command.outcome : null;
  // Settings that are put back by order are "rolled back"; those that are set, "applied".
  const carriedOut =
    row.target_version === null
      ? outcome === "applied" || outcome === "committed" || outcome === "rolled_back"
      : beat.version === row.target_version;
  if (carriedOut) {
    if (row.action === "config" && beat.state === "probation") attempt.provisional = true;
    nameCarriedOut(draft, attempt, beat);
    const command = commandOf(draft, attempt);
    // The one before it was carried out after all, when this one has not even left.
    const ended = phase.handedOver ? "acknowledged" : "superseded";
    if (command && isLive(command)) finishCommand(draft, command, ended);
    return startVerifying(draft, attempt);
  }
  if (row.action !== "rollback" && isReturn(outcome))
    return applyFailed(
      draft,
      attempt,
      "restored",
      "The shop reports that it restored its last good version.",
    );
  // The report that says why is on its way: it decides whether the command is sent again.
  if (outcome === "failed" || outcome === "rejected") phase.reportBy ??= draft.now + REPORT_GRACE_MS;
}
