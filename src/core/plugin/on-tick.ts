/** Time passes: every deadline of the state, and nothing else. Safe to run early, late or twice. */
import { endAttempt } from "./attempts.ts";
import { finishCommand, isLive } from "./commands.ts";
import { commandById, type Draft } from "./draft.ts";
import { review } from "./review.ts";
import type { AttemptState } from "./state.ts";
import { backAgain, dropLiveCommand, goBack, judge } from "./verifying.ts";

export function onTick(draft: Draft): void {
  const { state, now } = draft;
  if (state.attempt) overdue(draft, state.attempt);
  for (const command of state.commands)
    if (isLive(command) && command.expiresAt <= now) finishCommand(draft, command, "expired");
  if (state.commit && state.commit.expiresAt <= now) state.commit = null;
  review(draft);
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
      return;
    case "applying":
      if (now >= phase.until) applyingOverdue(draft, attempt, phase.handedOver, phase.commandId);
      return;
    case "verifying":
      return judge(draft, attempt);
    case "rolling_back":
      if (now < phase.until) return;
      if (draft.state.version === attempt.row.from_version) return backAgain(draft, attempt, phase.why);
      dropLiveCommand(draft, attempt);
      return endAttempt(
        draft,
        attempt,
        "rollback_failed",
        `the shop did not report ${attempt.row.from_version} in time`,
      );
    default:
      return phase satisfies never;
  }
}

function applyingOverdue(draft: Draft, attempt: AttemptState, handedOver: boolean, commandId: string): void {
  const command = commandById(draft.state, commandId);
  if (command && isLive(command)) finishCommand(draft, command, "expired");
  if (!handedOver)
    return endAttempt(draft, attempt, "expired", "the shop did not ask for its command in time", {
      aboutTheFix: false,
    });
  // It may be half applied: order the way back; the shop's dead-man takes it by itself when it cannot hear us.
  goBack(draft, attempt, "the shop did not acknowledge the command in time");
}
