/** What has become of the slots of a release, counted. */
import { countUpTo } from "../../src/core/fleet/sorted-times.ts";
import {
  EMPTY_TALLY,
  type Progress,
  type SlotOutcome,
  type Tally,
  tallyOutcome,
} from "../../src/core/rollout/canary.ts";

export type StoredOutcome = SlotOutcome | "cancelled";

export const FAILED = "outcome IN ('rolled_back', 'failed', 'relapsed')";
/** What is held against it: not acknowledged, and not explained by a hold. Who says nothing of where it was taken belongs to no class. */
const OPEN = `acknowledged = 0 AND (environment IS NULL OR environment NOT IN
  (SELECT environment FROM holds WHERE version = slots.version AND lifted_at IS NULL))`;
const TALLY = "SELECT outcome, count(*) AS n FROM slots WHERE version = ? GROUP BY outcome";
const OPEN_TALLY = `SELECT outcome, count(*) AS n FROM slots WHERE version = ? AND ${OPEN} GROUP BY outcome`;
/** Rising, as are those of setbacks. What finished before finishing was dated comes first. */
const SUCCESS_TIMES = `SELECT coalesce(finished_at, 0) AS at FROM slots
  WHERE version = ? AND outcome = 'success' ORDER BY at`;
const SETBACK_TIMES = `SELECT coalesce(relapsed_at, finished_at, 0) AS at FROM slots
  WHERE version = ? AND ${OPEN} AND (outcome = 'inconclusive' OR ${FAILED}) ORDER BY at`;

/** As they are now: what is counted later is counted anew. */
export function countSlots(sql: SqlStorage, key: string): Progress {
  const successes = timesOf(sql, SUCCESS_TIMES, key);
  const setbacks = timesOf(sql, SETBACK_TIMES, key);
  return {
    all: tallyOf(sql, TALLY, key),
    open: tallyOf(sql, OPEN_TALLY, key),
    bakedBy: (cutoff) => countUpTo(successes, cutoff),
    setbacksSince: (from) => setbacks.length - countUpTo(setbacks, from - 1),
  };
}

function tallyOf(sql: SqlStorage, query: string, key: string): Tally {
  return sql
    .exec<{ outcome: StoredOutcome | null; n: number }>(query, key)
    .toArray()
    .reduce(
      (tally, { outcome, n }) => (outcome === "cancelled" ? tally : tallyOutcome(tally, outcome, n)),
      EMPTY_TALLY,
    );
}

function timesOf(sql: SqlStorage, query: string, key: string): number[] {
  return sql
    .exec<{ at: number }>(query, key)
    .toArray()
    .map(({ at }) => at);
}
