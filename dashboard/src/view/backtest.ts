/** Pure. The figures of a back-test in the order and the words in which they are read. */

import { ATTEMPT_STATUSES } from "../../../src/contract/attempt.ts";
import { BacktestCourse, type BacktestReply } from "../../../src/contract/backtest.ts";

export const BACKTEST_DAYS = ["1", "7", "30"] as const;
export type BacktestDays = (typeof BACKTEST_DAYS)[number];

/** Dictionary of how a decision ended: an attempt ends in a status, a shadow decision in an outcome or not yet. */
export function endedWords(ended: string): "attemptStatus" | "shadowOutcome" {
  return ATTEMPT_STATUSES.some((status) => status === ended) ? "attemptStatus" : "shadowOutcome";
}

export interface CourseRow {
  course: BacktestCourse;
  was: number;
  would: number;
}

/** Courses that anything took then or would take now, with both counts. */
export function courseRows({ was, would }: Pick<BacktestReply, "was" | "would">): CourseRow[] {
  return BacktestCourse.options
    .map((course) => ({ course, was: was[course] ?? 0, would: would[course] ?? 0 }))
    .filter((row) => row.was > 0 || row.would > 0);
}

/** Rules that forbid or ask at all under the draft, the busiest first. */
export function busyRules({ by_rule }: Pick<BacktestReply, "by_rule">): BacktestReply["by_rule"] {
  return by_rule
    .filter(({ forbids, asks }) => forbids + asks > 0)
    .toSorted((a, b) => b.forbids + b.asks - (a.forbids + a.asks));
}
