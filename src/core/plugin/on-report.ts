/** A command's acknowledgement or failure. Late, repeated and contradicting reports are answered and change nothing twice. */
import type { AckData, FailCode, FailData } from "../../contract/command.ts";
import { moveAttempt } from "./attempts.ts";
import { queueAttemptCommand } from "./command-payload.ts";
import { finishCommand, isLive } from "./commands.ts";
import { lostBeforeCommit } from "./commit.ts";
import { commandById, type Draft } from "./draft.ts";
import { endDrifted, isForeign, seeVersion } from "./drift.ts";
import { endAttempt } from "./end-attempt.ts";
import { blamesTheFix, describeFailure, retryAfterMs } from "./failure-class.ts";
import { gateAgain } from "./gate-again.ts";
import { carriedOutLate, isUnheardOf } from "./late-change.ts";
import { lateBehind, lateFailed, lateIsGone } from "./late-return.ts";
import { hearProbesBefore } from "./probes-before.ts";
import { refusesProbes, takeProbes } from "./probing.ts";
import type { AttemptState, CommandState, Millis } from "./state.ts";
import { COMMAND_TRIES } from "./tuning.ts";
import { startVerifying } from "./verifying.ts";
import {
  backAgain,
  backFailed,
  backRefused,
  commandOf,
  endUnheard,
  isProvisional,
  orderBackAgain,
} from "./way-back.ts";

/** False when the command is not one of this plugin's. */
export function onAck(draft: Draft, data: AckData): boolean {
  const command = commandById(draft.state, data.command_id);
  if (command === null || neverLeft(command)) return false;
  if (!isLive(command)) {
    lateAck(draft, command, data.result);
    return true;
  }
  finishCommand(draft, command, "acknowledged");
  const { version, details } = data.result;
  seeVersion(draft, version);
  const late = lateBehind(draft.state, command);
  if (late) lateIsGone(draft, late, version);
  const attempt = attemptOf(draft, command);
  if (attempt === null) return true;
  const { phase, row } = attempt;
  if (command.row.type === "probe") takeProbes(draft, attempt, details);
  else if (phase.name === "applying" && phase.commandId === command.row.id) {
    if (version !== (row.target_version ?? row.from_version)) endDrifted(draft, attempt, version);
    else {
      if (row.action === "config" && details?.provisional === true) attempt.provisional = true;
      hearProbesBefore(draft.state, attempt, details);
      startVerifying(draft, attempt);
    }
  } else if (phase.name === "rolling_back" && phase.commandId === command.row.id) {
    if (version === row.from_version && phase.unheardSince !== undefined && details?.already_running === true)
      endUnheard(draft, attempt, phase);
    else if (version === row.from_version) backAgain(draft, attempt, phase.why);
    else endAttempt(draft, attempt, "rollback_failed", `the shop runs ${version} after the rollback`);
  }
  return true;
}

/** Of a command that is finished: a repetition, or the first word of a change that was given up for lost. */
function lateAck(draft: Draft, command: CommandState, { version, details }: AckData["result"]): void {
  const { state } = draft;
  if (isUnheardOf(state, command))
    return carriedOutLate(draft, command, state.version, {
      version,
      provisional: details?.provisional === true,
      already: details?.already_running === true,
    });
  const attempt = attemptOf(draft, command);
  const { phase } = attempt ?? {};
  if (phase?.name !== "rolling_back" || phase.unheardSince === undefined) return;
  if (command.row.id !== attempt?.row.command_id) return;
  delete phase.unheardSince;
  seeVersion(draft, version);
}

export function onFail(draft: Draft, data: FailData): boolean {
  const command = commandById(draft.state, data.command_id);
  if (command === null || neverLeft(command)) return false;
  const { code, message } = data.error;
  const live = isLive(command);
  if (live) finishCommand(draft, command, "failed", `${code}: ${message}`);
  const attempt = attemptOf(draft, command);
  if (command.row.type === "probe") {
    if (live && attempt !== null) refusesProbes(attempt);
    return true;
  }
  // The dead-man speaks after the acknowledgement: the command is finished, and yet this is news, good or bad.
  const unheard = attempt?.phase.name === "rolling_back" && attempt.phase.unheardSince !== undefined;
  const restores = code === "restored" || code === "rollback_failed" || (code === "boot_failed" && unheard);
  const deadMan = restores && isWatched(attempt);
  const lost = restores && draft.state.commit?.commandId === command.row.id;
  // A report that is repeated long after says nothing of what runs now.
  if (live || deadMan || lost) seeVersion(draft, data.version);
  if (lost) lostBeforeCommit(draft, `The shop did not keep the change (${code}): ${message}`);
  lateFailed(draft, command, data);
  if (attempt === null) return true;
  const { phase } = attempt;
  if (phase.name === "applying" && live) {
    if (data.version !== undefined && isForeign(attempt, data.version))
      endDrifted(draft, attempt, data.version);
    else applyFailed(draft, attempt, code, message);
  } else if (deadMan && code !== "rollback_failed") {
    // Its own word against the change, where silence was all there was.
    if (code === "boot_failed" && phase.name === "rolling_back") delete phase.blameless;
    backAgain(draft, attempt, `the shop restored its last good version by itself: ${message}`);
  } else if (deadMan) backFailed(draft, attempt, message);
  else if (phase.name === "rolling_back" && live) {
    const tries = phase.tries ?? 1;
    const waitMs = tries < COMMAND_TRIES ? retryAfterMs(code, tries) : null;
    if (waitMs !== null) orderBackAgain(draft, attempt, phase, draft.now + waitMs);
    // No dead-man stands behind what was final in the shop: waiting for one would only put off the call.
    else if (!isProvisional(attempt)) backFailed(draft, attempt, describeFailure(code, message));
    else backRefused(draft, attempt, phase, data.error);
  }
  return true;
}

/** Its number can be guessed, but nobody was given it: a report about it is about nothing. */
function neverLeft(command: CommandState): boolean {
  return command.row.handed_over_at === null;
}

function isWatched(attempt: AttemptState | null): boolean {
  return attempt?.phase.name === "verifying" || attempt?.phase.name === "rolling_back";
}

/** A beat said that the command failed, and the report that would say why never came. */
export function reportMissing(draft: Draft, attempt: AttemptState): void {
  const command = commandOf(draft, attempt);
  if (command && isLive(command)) finishCommand(draft, command, "failed", "reported by a heartbeat only");
  // Not sent again: nobody knows whether that may help.
  endAttempt(draft, attempt, "failed", "the shop's heartbeat says that the command failed, without a reason");
}

/** The same change under a new number. */
export function sendAgain(
  draft: Draft,
  attempt: AttemptState,
  { tries, waitsSince, keptBackBy }: Extract<AttemptState["phase"], { name: "applying" }>,
  readyAt?: Millis,
): void {
  const command = queueAttemptCommand(draft, attempt, readyAt);
  attempt.row.command_id = command.row.id;
  moveAttempt(draft, attempt, {
    name: "applying",
    commandId: command.row.id,
    handedOver: false,
    until: command.expiresAt,
    tries,
    ...(waitsSince === undefined ? {} : { waitsSince }),
    ...(keptBackBy === undefined ? {} : { keptBackBy }),
  });
  gateAgain(draft, attempt);
}

function attemptOf(draft: Draft, command: CommandState): AttemptState | null {
  const { attempt } = draft.state;
  return attempt !== null && attempt.row.id === command.row.attempt_id ? attempt : null;
}

export function applyFailed(draft: Draft, attempt: AttemptState, code: FailCode, message: string): void {
  const { phase } = attempt;
  if (phase.name !== "applying") return;
  // An update that could not be undone either; a rollback that failed left the version it came from.
  if (code === "rollback_failed" && attempt.row.action !== "rollback")
    return backFailed(draft, attempt, `the shop could not restore its last good version: ${message}`);
  if (code === "restored" || code === "boot_failed")
    return backAgain(
      draft,
      attempt,
      `the shop restored its last good version by itself (${code}): ${message}`,
    );
  const waitMs = retryAfterMs(code, phase.tries);
  if (waitMs !== null) {
    return sendAgain(draft, attempt, { ...phase, tries: phase.tries + 1 }, draft.now + waitMs);
  }
  endAttempt(draft, attempt, "failed", describeFailure(code, message), { aboutTheFix: blamesTheFix(code) });
}
