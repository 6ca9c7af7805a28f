/** The way back from a change that is bad, and the commit of one that is kept. Versions and settings go back alike. */
import type { FailData } from "../../contract/command.ts";
import { markVersionChange } from "../detect/detection.ts";
import { moveAttempt } from "./attempts.ts";
import { commitWithinS, queueRestore, queueRollback } from "./command-payload.ts";
import { dropCommandsOf } from "./commands.ts";
import { commandById, type Draft, incidentById, note, notify } from "./draft.ts";
import { type EndOptions, endAttempt } from "./end-attempt.ts";
import { classOf, describeFailure } from "./failure-class.ts";
import { titleOf } from "./incidents.ts";
import { askGuard } from "./silence-guard.ts";
import { type AttemptState, type CommandState, iso, type Millis, type PluginState } from "./state.ts";
import { inStorm } from "./triage.ts";
import { COMMAND_TRIES, PROBATION_SILENCE_BEATS } from "./tuning.ts";

type RollingBack = Extract<AttemptState["phase"], { name: "rolling_back" }>;

/** What runs is another version, not other settings. */
export function isVersioned({ row }: AttemptState): boolean {
  return row.target_version !== null;
}

/** The shop holds what was before until the commit: a version, or the settings of a client that says so. */
export function isProvisional(attempt: AttemptState): boolean {
  return attempt.row.action === "patch" || attempt.provisional === true;
}

/**
 * A rollback is final in the shop at once, but the version that it left is still on the shop's disk. Where the older one is seen to be
 * bad, or a person rejects it, the shop is put back to how it was found: nobody asked for a second fault. Without
 * evidence it stays: the version that it left had a fault for certain.
 */
function isUndone({ row, phase }: AttemptState): boolean {
  if (row.action !== "rollback" || row.reverts !== null || phase.name !== "verifying") return false;
  return row.health?.verdict === "unhealthy" || row.approvals.at(-1)?.decision === "reject";
}

/** Sends the commit with every reply until the plugin has left probation. */
export function keepInShop(draft: Draft, attempt: AttemptState): void {
  const { command_id: commandId, target_version: target } = attempt.row;
  if (!isProvisional(attempt) || commandId === null) return;
  const expiresAt = attempt.deadManAt ?? draft.now + commitWithinS(draft.policy.intervals) * 1000;
  const version = target ?? draft.state.version;
  draft.state.commit = { commandId, attemptId: attempt.row.id, version, expiresAt };
}

/** The change is bad: back to what was before, or, when there is no way back or it would be worse, freeze and page. */
export function goBack(
  draft: Draft,
  attempt: AttemptState,
  why: string,
  { ordered = false }: { ordered?: boolean } = {},
): void {
  dropLiveCommand(draft, attempt);
  const undone = isUndone(attempt);
  const unheard = attempt.phase.name === "applying";
  const silent = attempt.row.health?.rule === "no_beat";
  // Of silence alone nobody knows whose it is: an unanswered command may never have arrived, and in a storm all are silent.
  const blameless = !ordered && (unheard || (silent && inStorm(draft.state, draft.now)));
  const ending = { aboutTheFix: !blameless };
  if (!isProvisional(attempt) && !undone)
    return endAttempt(
      draft,
      attempt,
      "failed",
      `It is final in the shop and was left in place. ${why}`,
      ending,
    );
  if (attempt.release !== null && !attempt.release.reversible && !undone) {
    keepInShop(draft, attempt);
    const place = unheard ? "stays in place if it was carried out, which is not known" : "was left in place";
    const text = `The release cannot be taken back and ${place}. ${why}`;
    return endAttempt(draft, attempt, "failed", text, ending);
  }
  const command = queueWayBack(draft, attempt, why);
  const { apply_s, probation_s } = draft.policy.intervals;
  const graceMs = (apply_s + PROBATION_SILENCE_BEATS * probation_s) * 1000;
  const deadMan = attempt.deadManAt ?? draft.now + commitWithinS(draft.policy.intervals) * 1000;
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident)
    note(draft, incident, {
      kind: "rolling_back",
      text: `Going back to ${formerOf(attempt)}: ${why}`,
      attemptId: attempt.row.id,
      data: { health: attempt.row.health },
    });
  moveAttempt(draft, attempt, {
    name: "rolling_back",
    commandId: command.row.id,
    // Without the network the shop's own dead-man goes back first; only after it has had its turn is this a failure.
    until: Math.max(deadMan, draft.now) + graceMs,
    why,
    ...(ordered ? { ordered: true as const } : {}),
    ...(unheard ? { unheardSince: draft.now } : {}),
    ...(silent ? { silent: true as const } : {}),
    ...(blameless ? { blameless: true as const } : {}),
  });
  if (silent && !blameless) askGuard(draft, attempt);
}

/** Nothing but silence, of which nobody knows whose it is, speaks against the fix. */
function blame({ phase }: AttemptState): EndOptions {
  return phase.name === "rolling_back" && phase.blameless ? { aboutTheFix: false } : {};
}

/** The shop said neither that the change was carried out nor that it was not: where it runs what it ran, there is nothing to undo. */
export function endUnheard(draft: Draft, attempt: AttemptState, phase: RollingBack): void {
  const { lastBeatAt } = draft.state;
  const former = formerOf(attempt);
  const heard = lastBeatAt !== null && lastBeatAt > (phase.unheardSince ?? 0);
  const known = heard
    ? `${former} is what the shop runs, and it never said that the command was carried out`
    : `not heard of since: whether it was carried out is not known; if it was, the shop goes back to ${former} by itself`;
  dropLiveCommand(draft, attempt);
  // Whoever ordered it back has what was ordered.
  const ending = heard && phase.ordered ? "rolled_back" : "expired";
  endAttempt(draft, attempt, ending, `${phase.why}; ${known}`, { aboutTheFix: false });
}

function queueWayBack(draft: Draft, attempt: AttemptState, why: string, readyAt?: Millis): CommandState {
  const { command_id: commandId, from_version: from } = attempt.row;
  return !isVersioned(attempt) && commandId !== null
    ? queueRestore(draft, attempt, commandId, readyAt)
    : queueRollback(draft, attempt, from, why, readyAt);
}

/** What the way back leads to, for people. */
export function formerOf(attempt: AttemptState): string {
  return isVersioned(attempt) ? attempt.row.from_version : "the former settings";
}

export function dropLiveCommand(draft: Draft, attempt: AttemptState): void {
  dropCommandsOf(draft, attempt.row.id);
}

/** The way back was not carried out for a reason that may pass: order it again, a few times. */
export function orderBackAgain(
  draft: Draft,
  attempt: AttemptState,
  phase: RollingBack,
  readyAt?: Millis,
): void {
  const tries = phase.tries ?? 1;
  if (tries >= COMMAND_TRIES || draft.now >= phase.until) return;
  const command = queueWayBack(draft, attempt, phase.why, readyAt);
  moveAttempt(draft, attempt, { ...phase, commandId: command.row.id, tries: tries + 1 });
}

/** No command takes the shop back; its own dead-man still may. People see what is waited for, and hear at once of what smells of tampering. */
export function backRefused(
  draft: Draft,
  attempt: AttemptState,
  { until }: RollingBack,
  { code, message }: FailData["error"],
): void {
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident === null) return;
  const text = `The shop refuses the way back. ${describeFailure(code, message)} By ${iso(until)} it should have gone back by itself.`;
  note(draft, incident, { kind: "back_refused", text, attemptId: attempt.row.id });
  if (classOf(code) === "tampered")
    notify(draft, incident, "escalated", "page", `Way back refused: ${titleOf(draft, incident)}`, text);
}

/** The shop could not go back either: whatever it runs now, a person must look. */
export function backFailed(draft: Draft, attempt: AttemptState, why: string): void {
  dropLiveCommand(draft, attempt);
  if (attempt.row.status === "applying")
    moveAttempt(draft, attempt, { name: "rolling_back", commandId: null, until: draft.now, why });
  endAttempt(draft, attempt, "rollback_failed", why, blame(attempt));
}

/** What runs now is not what the evidence is about: it is dropped, and the next beat is not counted against it either. */
export function changedTo(draft: Draft, version: string): void {
  const { state, now } = draft;
  noteChange(state, version, now);
  state.version = version;
  state.changedAt = now;
  state.detection = markVersionChange(state.detection, version, now);
}

/** Before the version is set: what ran until now may be worth going back to. */
export function noteChange(state: PluginState, version: string, now: Millis): void {
  if (version !== state.version) state.lastChange = { from: state.version, at: now };
}

/** What was before is back: by our command, or because the shop's dead-man restored it. */
export function backAgain(draft: Draft, attempt: AttemptState, why: string): void {
  dropLiveCommand(draft, attempt);
  // A version shows in the beat; settings do not.
  if (!isVersioned(attempt)) changedTo(draft, draft.state.version);
  if (attempt.row.status !== "rolling_back")
    moveAttempt(draft, attempt, { name: "rolling_back", commandId: null, until: draft.now, why });
  endAttempt(draft, attempt, "rolled_back", why, blame(attempt));
}

export function commandOf(draft: Draft, attempt: AttemptState): CommandState | null {
  return attempt.row.command_id === null ? null : commandById(draft.state, attempt.row.command_id);
}
