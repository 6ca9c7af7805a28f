/** A command's acknowledgement or failure. Late, repeated and contradicting reports are answered and change nothing twice. */
import { type AckData, type FailCode, type FailData, RETRYABLE_FAIL_CODES } from "../../contract/command.ts";
import { endAttempt, moveAttempt } from "./attempts.ts";
import { queueAttemptCommand } from "./command-payload.ts";
import { finishCommand, isLive } from "./commands.ts";
import { commandById, type Draft } from "./draft.ts";
import type { AttemptState, CommandState } from "./state.ts";
import { COMMAND_TRIES } from "./tuning.ts";
import { backAgain, startVerifying } from "./verifying.ts";

/** False when the command is not one of this plugin's. */
export function onAck(draft: Draft, data: AckData): boolean {
  const command = commandById(draft.state, data.command_id);
  if (command === null) return false;
  if (!isLive(command)) return true;
  finishCommand(draft, command, "acknowledged");
  draft.state.version = data.result.version;
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
  if (command === null) return false;
  const { code, message } = data.error;
  const live = isLive(command);
  if (live) finishCommand(draft, command, "failed", `${code}: ${message}`);
  if (data.version !== undefined) draft.state.version = data.version;
  const attempt = attemptOf(draft, command);
  if (attempt === null) return true;
  const { phase } = attempt;
  // The dead-man speaks after the acknowledgement: the command is finished, and yet this is news.
  const restored = code === "restored" && command.row.id === attempt.row.command_id;
  if (phase.name === "applying" && live) applyFailed(draft, attempt, code, message);
  else if ((phase.name === "verifying" || phase.name === "rolling_back") && restored)
    backAgain(draft, attempt, `the shop restored its last good version by itself: ${message}`);
  else if (
    phase.name === "rolling_back" &&
    live &&
    phase.commandId === command.row.id &&
    code === "rollback_failed"
  )
    endAttempt(draft, attempt, "rollback_failed", message);
  return true;
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
