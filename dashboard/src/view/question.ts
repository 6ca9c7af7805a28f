/** Pure. What an attempt asks people: to let it begin, or, after an inconclusive health check, to keep what it changed. */
import type { Approval, Attempt } from "../../../src/contract/attempt.ts";

export type Question = "begin" | "keep";

export function questionOf(attempt: Attempt): Question | null {
  if (attempt.status === "awaiting_approval") return "begin";
  return attempt.status === "verifying" && attempt.asked_until ? "keep" : null;
}

/** The answers that let it begin or not; one after it was applied is about keeping it. */
export function answersToBegin({ approvals, executed_at: executedAt }: Attempt): Approval[] {
  return approvals.filter(({ at }) => executedAt === null || at <= executedAt);
}

/** Those of them that let it begin: it needs `approvals_needed`. */
export function approvalsToBegin(attempt: Attempt): Approval[] {
  return answersToBegin(attempt).filter(({ decision }) => decision === "approve");
}

/** How many more it needs, at least 0. */
export function approvalsMissing(attempt: Attempt): number {
  return Math.max(0, attempt.approvals_needed - approvalsToBegin(attempt).length);
}
