/** A command's acknowledgement or failure. Late, repeated and contradicting reports are answered and change nothing twice. */
import { type AckData, type FailCode, type FailData, RETRYABLE_FAIL_CODES } from "../../contract/command.ts";
import { moveAttempt } from "./attempts.ts";
import { queueAttemptCommand } from "./command-payload.ts";
import { finishCommand, isLive } from "./commands.ts";
import { commandById, type Draft } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import type { AttemptState, CommandState } from "./state.ts";
import { COMMAND_TRIES } from "./tuning.ts";
import { startVerifying } from "./verifying.ts";
import { backAgain, backFailed, changedTo, commandOf, orderBackAgain } from "./way-back.ts";

/** False when the command is not one of this plugin's. */
export function onAck(draft: Draft, data: AckData): boolean {
  const command = commandById(draft.state, data.command_id);
  if (command === null || neverLeft(command)) return false;
  if (!isLive(command)) return true;
  finishCommand(draft, command, "acknowledged");
  if (data.result.version !== draft.state.version) changedTo(draft, data.result.version);
  const attempt = attemptOf(draft, command);
  if (attempt === null) return true;
  const { phase, row } = attempt;
  if (phase.name === "applying" && phase.commandId === command.row.id) {
    if (row.target_version !== null && data.result.version !== row.target_version)
      applyFailed(
        draft,
        attempt,
        "internal",
        `acknowledged with ${data.result.version} instead of ${row.target_version}`,
      );
    else startVerifying(draft, attempt);
  } else if (phase.name === "rolling_back" && phase.commandId === command.row.id) {
    if (data.result.version === row.from_version) backAgain(draft, attempt, phase.why);
    else
      endAttempt(
        draft,
        attempt,
        "rollback_failed",
        `the shop runs ${data.result.version} after the rollback`,
      );
  }
  return true;
}

export function onFail(draft: Draft, data: FailData): boolean {
  const command = commandById(draft.state, data.command_id);
  if (command === null || neverLeft(command)) return false;
  const { code, message } = data.error;
  const live = isLive(command);
  if (live) finishCommand(draft, command, "failed", `${code}: ${message}`);
  const attempt = attemptOf(draft, command);
  // The dead-man speaks after the acknowledgement: the command is finished, and yet this is news, good or bad.
  const deadMan = (code === "restored" || code === "rollback_failed") && isWatched(attempt);
  // A report that is repeated long after says nothing of what runs now.
  const news = live || deadMan;
  if (news && data.version !== undefined && data.version !== draft.state.version)
    changedTo(draft, data.version);
  if (attempt === null) return true;
  const { phase } = attempt;
  if (phase.name === "applying" && live) applyFailed(draft, attempt, code, message);
  else if (deadMan && code === "restored")
    backAgain(draft, attempt, `the shop restored its last good version by itself: ${message}`);
  else if (deadMan) backFailed(draft, attempt, message);
  else if (phase.name === "rolling_back" && live && RETRYABLE_FAIL_CODES.includes(code))
    orderBackAgain(draft, attempt, phase);
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
  applyFailed(
    draft,
    attempt,
    "internal",
    "the shop's heartbeat says that the command failed, without a reason",
  );
}

function attemptOf(draft: Draft, command: CommandState): AttemptState | null {
  const { attempt } = draft.state;
  return attempt !== null && attempt.row.id === command.row.attempt_id ? attempt : null;
}

/** Failures that say nothing about the fix: the command or the transport was at fault. */
const NOT_ABOUT_THE_FIX: ReadonlySet<FailCode> = new Set([
  "bad_signature",
  "expired",
  "foreign",
  "out_of_order",
  "busy",
  "unsupported",
  "download_failed",
]);

export function applyFailed(draft: Draft, attempt: AttemptState, code: FailCode, message: string): void {
  const { phase } = attempt;
  if (phase.name !== "applying") return;
  // An update that could not be undone either; a rollback that failed left the version it came from.
  if (code === "rollback_failed" && attempt.row.action === "patch")
    return backFailed(draft, attempt, `the shop could not restore its last good version: ${message}`);
  if (code === "restored" || code === "boot_failed")
    return backAgain(
      draft,
      attempt,
      `the shop restored its last good version by itself (${code}): ${message}`,
    );
  if (RETRYABLE_FAIL_CODES.includes(code) && phase.tries < COMMAND_TRIES) {
    const command = queueAttemptCommand(draft, attempt);
    attempt.row.command_id = command.row.id;
    return moveAttempt(draft, attempt, {
      name: "applying",
      commandId: command.row.id,
      handedOver: false,
      until: command.expiresAt,
      tries: phase.tries + 1,
    });
  }
  endAttempt(draft, attempt, "failed", `${code}: ${message}`, { aboutTheFix: !NOT_ABOUT_THE_FIX.has(code) });
}
