/** Time passes: every deadline of the state, and nothing else. Safe to run early, late or twice. */

import { waitLimitMs } from "./attempts.ts";
import { finishCommand, isLive } from "./commands.ts";
import { commandById, type Draft } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { hurryGate } from "./gate-again.ts";
import { KEPT_BACK } from "./keep-back.ts";
import { reportMissing, sendAgain } from "./on-report.ts";
import { review } from "./review.ts";
import type { AttemptState, CommandState } from "./state.ts";
import { PROBATION_SILENCE_BEATS } from "./tuning.ts";
import { judge } from "./verifying.ts";
import {
  backAgain,
  backFailed,
  endUnheard,
  formerOf,
  goBack,
  isProvisional,
  isVersioned,
  orderBackAgain,
} from "./way-back.ts";

export function onTick(draft: Draft): void {
  const { state, now } = draft;
  if (state.attempt) overdue(draft, state.attempt);
  for (const command of [...state.commands])
    if (isLive(command) && command.expiresAt <= now) commandExpired(draft, command);
  review(draft);
  hurryGate(draft);
}

function overdue(draft: Draft, attempt: AttemptState): void {
  const { now } = draft;
  const { phase } = attempt;
  switch (phase.name) {
    case "pending":
    case "awaiting_approval":
      if (now < phase.until) return;
      return endAttempt(
        draft,
        attempt,
        "expired",
        `nothing allowed it in time (${phase.name.replace("_", " ")})`,
        {
          aboutTheFix: false,
        },
      );
    case "staging":
      if (now < phase.until) return;
      return endAttempt(draft, attempt, "failed", "staging gave no answer in time", { aboutTheFix: false });
    case "applying":
      if (now >= phase.until) return applyingOverdue(draft, attempt, phase);
      if (phase.reportBy !== undefined && now >= phase.reportBy) reportMissing(draft, attempt);
      return;
    case "verifying":
      return judge(draft, attempt);
    case "rolling_back":
      if (now < phase.until) return;
      if (phase.unheardSince !== undefined) return endUnheard(draft, attempt, phase);
      if (isVersioned(attempt) && draft.state.version === attempt.row.from_version)
        return backAgain(draft, attempt, phase.why);
      return backFailed(draft, attempt, `the shop did not report ${formerOf(attempt)} in time`);
    default:
      return phase satisfies never;
  }
}

/** While the way back has not been heard of it is ordered again; anything else that expired is simply over. */
function commandExpired(draft: Draft, command: CommandState): void {
  finishCommand(draft, command, "expired");
  const { attempt } = draft.state;
  if (attempt?.phase.name === "rolling_back" && attempt.phase.commandId === command.row.id)
    orderBackAgain(draft, attempt, attempt.phase);
}

function applyingOverdue(
  draft: Draft,
  attempt: AttemptState,
  phase: Extract<AttemptState["phase"], { name: "applying" }>,
): void {
  const { state, now, policy } = draft;
  const command = commandById(state, phase.commandId);
  if (command && isLive(command)) finishCommand(draft, command, "expired");
  const notTheFix = { aboutTheFix: false };
  if (!phase.handedOver && phase.waitsSince !== undefined && now < phase.waitsSince + waitLimitMs(attempt))
    return sendAgain(draft, attempt, phase);
  if (!phase.handedOver) {
    // Attempts under way since before it was kept: those wait for a slot, or for leave.
    const by = phase.keptBackBy ?? (attempt.waitsOutStop ? "stop" : "slot");
    const why = phase.waitsSince === undefined ? "the shop did not ask for its command" : KEPT_BACK[by].end;
    return endAttempt(draft, attempt, "expired", `${why} in time`, notTheFix);
  }
  if (phase.reportBy !== undefined) return reportMissing(draft, attempt);
  const quietMs = PROBATION_SILENCE_BEATS * policy.intervals.probation_s * 1000;
  const beating = state.lastBeatAt !== null && now - state.lastBeatAt <= quietMs;
  // It never was applied as far as anybody can tell; should it be yet, the shop's dead-man takes it back.
  if (beating && state.version !== attempt.row.target_version)
    return endAttempt(
      draft,
      attempt,
      "expired",
      `the shop still runs ${state.version} and never said that the command was carried out`,
      notTheFix,
    );
  const why = "the shop did not acknowledge the command in time";
  if (!isProvisional(attempt))
    return endAttempt(
      draft,
      attempt,
      "expired",
      `${why}, and was not heard of since: whether it was carried out is not known`,
      notTheFix,
    );
  // It may be half applied: order the way back; the shop's dead-man takes it by itself when it cannot hear us.
  goBack(draft, attempt, why);
}
