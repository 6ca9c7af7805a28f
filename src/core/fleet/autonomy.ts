/**
 * Pure: the autonomy budget. An error budget (Beyer et al., "Site Reliability Engineering", chapter 3) on what Vigie chose to do:
 * spent, it downgrades automatic healing to approval only, and stays so until a person restores it.
 *
 * The rule is the plain share, not a confidence bound, of at least `MIN_FINISHED` attempts: fewer are filled up with successes.
 * A budget asks how much harm there was, not whether chance could explain it: a lower Wilson bound (95 %) lets 8 of 200 be rolled
 * back, twice the budget. A mere minimum would be blind below it, and let 49 rollbacks in a row pass. Filled up, one rollback
 * alone never trips it, two do. Simulated, 1,000 fleets each: with half the budget spent on average (0.5 % rolled back, 0.5 %
 * failed) 12 % are downgraded wrongly within their first 200 attempts, as with a plain minimum of 50 (a minimum of 20: 27 %);
 * where 30 % are rolled back it takes 5 attempts in the median, with the plain minimum 50.
 */
import type { Outcome } from "../../contract/decision.ts";
import { type Result, refuse } from "../../contract/refusal.ts";

/** The company's goals: success above 95 %, rollbacks below 2 %. */
export const MIN_SUCCESS_SHARE = 0.95;
export const MAX_ROLLBACK_SHARE = 0.02;
/** Shares are of at least so many. */
export const MIN_FINISHED = 50;
/** The window: the newest attempts, none older than a week. */
export const WINDOW_ATTEMPTS = 200;
export const WINDOW_MS = 7 * 86_400_000;

export interface AutonomyVerdict {
  state: "normal" | "degraded";
  explanation: string;
  finished: number;
  success: number;
  rolledBack: number;
}

/** Judges the outcomes inside the window. */
export function judgeAutonomy(outcomes: readonly Outcome[]): AutonomyVerdict {
  const finished = outcomes.length;
  const rolledBack = outcomes.filter((outcome) => outcome === "rolled_back").length;
  const success = outcomes.filter((outcome) => outcome === "success").length;
  const of = Math.max(finished, MIN_FINISHED);
  const spent = rolledBack / of > MAX_ROLLBACK_SHARE || (finished - success) / of > 1 - MIN_SUCCESS_SHARE;
  const figures = { finished, success, rolledBack };
  if (finished === 0) return { state: "normal", explanation: "no finished automatic attempts", ...figures };
  const counted = `${success} of ${finished} automatic attempts succeeded, ${rolledBack} rolled back`;
  const bounds = `the budget is ${percent(MAX_ROLLBACK_SHARE)} rolled back and ${percent(1 - MIN_SUCCESS_SHARE)} without success, of at least ${MIN_FINISHED}`;
  return spent
    ? { state: "degraded", explanation: `${counted}; ${bounds}`, ...figures }
    : { state: "normal", explanation: counted, ...figures };
}

/** What is remembered of the budget: when it was spent, and when a person last restored autonomy. Persisted. */
export interface AutonomyRecord {
  downgraded: { at: number; explanation: string } | null;
  restored: { at: number; by: string; reason: string } | null;
}

export const FRESH_AUTONOMY: AutonomyRecord = { downgraded: null, restored: null };

/** Outcomes from this moment on count (ms since epoch, exclusive): inside the window, and not looked at by whoever restored it. */
export function countsAfter(record: AutonomyRecord, now: number): number {
  return Math.max(now - WINDOW_MS, record.restored?.at ?? 0);
}

/** The record after a look at the outcomes that count; the same one when nothing turns. A downgrade latches. */
export function followAutonomy(
  record: AutonomyRecord,
  verdict: AutonomyVerdict,
  now: number,
): AutonomyRecord {
  if (record.downgraded !== null || verdict.state === "normal") return record;
  return { ...record, downgraded: { at: now, explanation: verdict.explanation } };
}

/** A person has looked: what has finished so far is acknowledged and counts no more. Refused when there is nothing to restore. */
export function restoreAutonomy(
  record: AutonomyRecord,
  by: string,
  reason: string,
  now: number,
): Result<AutonomyRecord> {
  if (record.downgraded === null)
    return refuse({ reason: "conflict", message: "autonomy is not downgraded: there is nothing to restore" });
  return { ok: true, value: { downgraded: null, restored: { at: now, by, reason } } };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
