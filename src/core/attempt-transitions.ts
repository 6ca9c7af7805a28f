/** Pure: the arrows of an attempt. The trigger `attempt_moves` of the migrations holds the same table; a test compares them. */
import type { AttemptStatus } from "../contract/attempt.ts";

/** Every status an attempt may move to, by the status it has. A terminal status leads nowhere. */
export const ATTEMPT_TRANSITIONS: Record<AttemptStatus, readonly AttemptStatus[]> = {
  pending: ["awaiting_approval", "staging", "failed", "expired", "rejected", "cancelled"],
  awaiting_approval: ["staging", "failed", "expired", "rejected", "cancelled"],
  staging: ["applying", "failed", "expired", "cancelled"],
  // Half applied is undone; never applied is simply over, or called back because people are missing by now.
  applying: ["awaiting_approval", "verifying", "rolling_back", "failed", "expired", "cancelled"],
  // `rolled_back` without an order of ours: the client's own dead-man was faster.
  verifying: ["success", "rolling_back", "rolled_back", "rollback_failed", "failed", "cancelled"],
  // `expired`: the change that was to be undone turned out never to have been carried out, or nobody ever told.
  rolling_back: ["rolled_back", "rollback_failed", "expired"],
  success: [],
  rolled_back: [],
  rollback_failed: [],
  failed: [],
  expired: [],
  rejected: [],
  cancelled: [],
};

/** May an attempt move from one status to another? Staying is no move: false for equal statuses. */
export function mayMove(from: AttemptStatus, to: AttemptStatus): boolean {
  return ATTEMPT_TRANSITIONS[from].includes(to);
}
