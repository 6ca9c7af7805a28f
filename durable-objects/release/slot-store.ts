/** The slots that attempts took, and how they ended. */
import type { Outcome } from "../../src/contract/decision.ts";
import type { RolloutSlot } from "../../src/contract/rollout.ts";
import type { Progress } from "../../src/core/rollout/canary.ts";
import type { ClassCount } from "../../src/core/rollout/holds.ts";
import type { AppliedSlot } from "../../src/core/rollout/revert-run.ts";
import { countSlots, FAILED, type StoredOutcome } from "./slot-counts.ts";

type SlotRow = {
  attempt_id: string;
  plugin_id: string;
  stage: number;
  environment: string | null;
  outcome: StoredOutcome | null;
  acknowledged: number;
  taken_at: number | null;
  finished_at: number | null;
  reverted_at: number | null;
};

const SHOWN_SLOTS = 200;
/** An attempt that came to nothing counts nowhere; its mark only has to outlast an admission that is still on its way. */
const CANCELLED_KEPT_MS = 7 * 86_400_000;
/** Two objects' clocks; a shop that is called back does not come again so soon. */
const CLOCKS_APART_MS = 2_000;

export class SlotStore {
  readonly #sql: SqlStorage;
  /** Counting thousands of slots for each shop that asks would cost more than all the rest; what changes them forgets them. */
  readonly #counted = new Map<string, Progress>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** To be called after whatever else changes what these counts depend on: holds. */
  forget(key: string): void {
    this.#counted.delete(key);
  }

  forgetAll(): void {
    this.#counted.clear();
  }

  progress(key: string): Progress {
    const known = this.#counted.get(key);
    if (known) return known;
    const counted = countSlots(this.#sql, key);
    this.#counted.set(key, counted);
    return counted;
  }

  /** Whether an attempt has a slot, had one, or never took one. */
  slotOf(key: string, attemptId: string): "open" | "finished" | "none" {
    const [row] = this.#sql
      .exec<{ outcome: StoredOutcome | null }>(
        "SELECT outcome FROM slots WHERE version = ? AND attempt_id = ?",
        key,
        attemptId,
      )
      .toArray();
    if (!row) return "none";
    return row.outcome === null ? "open" : "finished";
  }

  take(slot: {
    key: string;
    attemptId: string;
    pluginId: string;
    stage: number;
    environment: string | null;
    now: number;
  }): void {
    this.forget(slot.key);
    this.#sql.exec(
      `INSERT INTO slots (version, attempt_id, plugin_id, stage, environment, taken_at)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (version, attempt_id) DO UPDATE SET taken_at = excluded.taken_at WHERE outcome IS NULL`,
      slot.key,
      slot.attemptId,
      slot.pluginId,
      slot.stage,
      slot.environment,
      slot.now,
    );
  }

  /** An open slot that was asked for again since `at` (ms since epoch) is kept. False when nothing was given up. */
  giveUp(key: string, attemptId: string, at: number): boolean {
    this.forget(key);
    return (
      this.#changed(
        "DELETE FROM slots WHERE version = ? AND attempt_id = ? AND outcome IS NULL AND taken_at <= ?",
        key,
        attemptId,
        at + CLOCKS_APART_MS,
      ) !== null
    );
  }

  /**
   * Gives a slot back with its outcome; null when it was given back before, or never taken, else whose it was. An attempt that
   * never took one leaves a mark, so that an admission which arrives after its end finds it finished and takes none.
   */
  finish(key: string, attemptId: string, outcome: Outcome | "cancelled", now: number): AppliedSlot | null {
    this.forget(key);
    this.#sql.exec(
      `INSERT INTO slots (version, attempt_id, plugin_id, stage, outcome, acknowledged, finished_at)
       VALUES (?, ?, '', 0, 'cancelled', 1, ?) ON CONFLICT (version, attempt_id) DO NOTHING`,
      key,
      attemptId,
      now,
    );
    // What an older version marked has no date, and stays.
    this.#sql.exec(
      "DELETE FROM slots WHERE version = ? AND outcome = 'cancelled' AND finished_at <= ?",
      key,
      now - CANCELLED_KEPT_MS,
    );
    return this.#changed(
      `UPDATE slots SET outcome = ?, finished_at = ? WHERE version = ? AND attempt_id = ? AND outcome IS NULL`,
      outcome,
      now,
      key,
      attemptId,
    );
  }

  /** A success that came back is a failure that nobody has acknowledged yet; false when it is none, or was one already. */
  relapse(key: string, attemptId: string, now: number): boolean {
    this.forget(key);
    const sql = `UPDATE slots SET outcome = 'relapsed', acknowledged = 0, relapsed_at = ?
       WHERE version = ? AND attempt_id = ? AND outcome = 'success'`;
    return this.#changed(sql, now, key, attemptId) !== null;
  }

  #changed(update: string, ...values: (string | number)[]): AppliedSlot | null {
    const [row] = this.#sql.exec<SlotRow>(`${update} RETURNING ${SLOT_COLUMNS}`, ...values).toArray();
    return row ? appliedSlot(row) : null;
  }

  /** A person has looked at what has finished so far and let it go on: it cannot be halted for that again. */
  acknowledge(key: string): void {
    this.forget(key);
    this.#sql.exec(
      "UPDATE slots SET acknowledged = 1 WHERE version = ? AND outcome IS NOT NULL AND acknowledged = 0",
      key,
    );
  }

  /** The same for one class of environments, when its hold is lifted. */
  acknowledgeClass(key: string, environment: string): void {
    this.forget(key);
    this.#sql.exec(
      `UPDATE slots SET acknowledged = 1
       WHERE version = ? AND environment = ? AND outcome IS NOT NULL AND acknowledged = 0`,
      key,
      environment,
    );
  }

  /** It is no longer in place in its shop. How its attempt ended stays as it was. */
  takenBack(key: string, attemptId: string, now: number): void {
    this.#sql.exec(
      "UPDATE slots SET reverted_at = ? WHERE version = ? AND attempt_id = ? AND reverted_at IS NULL",
      now,
      key,
      attemptId,
    );
  }

  /** How each class of environments has fared; of one whose hold a person lifted, only since then. */
  classCounts(key: string): ClassCount[] {
    return this.#sql
      .exec<{ environment: string; finished: number; failures: number }>(
        `SELECT slots.environment AS environment, count(*) AS finished, sum(${FAILED}) AS failures
         FROM slots LEFT JOIN holds ON holds.version = slots.version AND holds.environment = slots.environment
         WHERE slots.version = ? AND slots.environment IS NOT NULL
           AND outcome IS NOT NULL AND outcome <> 'cancelled'
           AND (holds.lifted_at IS NULL OR slots.finished_at > holds.lifted_at)
         GROUP BY slots.environment`,
        key,
      )
      .toArray();
  }

  /** Every slot in which something was applied, or may be at this moment. */
  applied(key: string): AppliedSlot[] {
    const sql = `SELECT ${SLOT_COLUMNS} FROM slots
      WHERE version = ? AND reverted_at IS NULL AND (outcome IS NULL OR outcome IN ('success', 'relapsed'))`;
    return this.#sql.exec<SlotRow>(sql, key).toArray().map(appliedSlot);
  }

  newest(key: string): RolloutSlot[] {
    return this.#sql
      .exec<SlotRow>(
        `SELECT ${SLOT_COLUMNS} FROM slots WHERE version = ? AND plugin_id <> ''
         ORDER BY taken_at DESC, attempt_id LIMIT ${SHOWN_SLOTS}`,
        key,
      )
      .toArray()
      .map(({ acknowledged, taken_at, finished_at, reverted_at, ...row }) => ({
        ...row,
        reverted_at: isoOrNull(reverted_at),
        acknowledged: acknowledged === 1,
        taken_at: isoOrNull(taken_at),
        finished_at: isoOrNull(finished_at),
      }));
  }
}

const SLOT_COLUMNS =
  "attempt_id, plugin_id, stage, environment, outcome, acknowledged, taken_at, finished_at, reverted_at";

function appliedSlot(row: SlotRow): AppliedSlot {
  return {
    attemptId: row.attempt_id,
    pluginId: row.plugin_id,
    outcome: row.outcome,
    takenAt: row.taken_at,
    finishedAt: row.finished_at,
  };
}

export function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
