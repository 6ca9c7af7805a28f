/**
 * What the fleet is told of a plugin's attempt: that it waits, that the shop was told, that it is applied. An emergency action
 * lists attempts from this, without asking thousands of plugins first. By changes only; the end is told by `end-attempt.ts`.
 */
import type { AttemptReport } from "../../contract/rpc/fleet.ts";
import type { Draft } from "./draft.ts";
import type { AttemptState } from "./state.ts";

export function tellAttempt(draft: Draft): void {
  const { attempt, told } = draft.state;
  if (attempt === null) return;
  const phase = phaseOf(attempt);
  const known = told?.attemptId === attempt.row.id ? told.phase : null;
  // On its way back it stays what it was told as; one of which nothing was told before is in the shop's hands.
  if (known === phase || (attempt.phase.name === "rolling_back" && known !== null)) return;
  const { row } = attempt;
  draft.state.told = { attemptId: row.id, phase };
  draft.outbox.push({
    to: "fleet",
    report: "attempt",
    attempt: {
      attempt_id: row.id,
      phase,
      action: row.action,
      subject: row.remedy ?? row.target_version,
      automatic: attempt.automatic,
      takes_back: row.reverts !== null,
      at: draft.now,
    },
  });
}

function phaseOf(attempt: AttemptState): AttemptReport["phase"] {
  switch (attempt.phase.name) {
    case "pending":
    case "awaiting_approval":
    case "staging":
      return "waiting";
    case "applying":
      return attempt.phase.handedOver ? "handed_over" : "waiting";
    case "verifying":
    case "rolling_back":
      return "applied";
    default:
      return attempt.phase satisfies never;
  }
}
