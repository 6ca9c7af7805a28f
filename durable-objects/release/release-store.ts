/** A product's catalogue of releases, how far each is rolled out, and the slots of its attempts. */
import type { Outcome } from "../../src/contract/decision.ts";
import { ReleaseRecord } from "../../src/contract/ops.ts";
import type { AbortRule } from "../../src/contract/policy.ts";
import { EMPTY_TALLY, type Rollout, type Tally, tallyOutcome } from "../../src/core/canary.ts";
import type { Migration } from "../migrations.ts";
import { OUTBOX_MIGRATION } from "../outbox/outbox-store.ts";

export const RELEASE_MIGRATIONS: readonly Migration[] = [
  OUTBOX_MIGRATION,
  {
    name: "catalogue and slots",
    sql: `
      CREATE TABLE releases (
        version TEXT PRIMARY KEY,
        record TEXT NOT NULL,
        changes INTEGER NOT NULL,
        stage INTEGER NOT NULL,
        stage_since INTEGER NOT NULL,
        stage_baseline INTEGER NOT NULL,
        abort_rules TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE slots (
        version TEXT NOT NULL,
        attempt_id TEXT NOT NULL,
        plugin_id TEXT NOT NULL,
        stage INTEGER NOT NULL,
        outcome TEXT,
        acknowledged INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (version, attempt_id)
      ) WITHOUT ROWID;
    `,
  },
];

export interface StoredRelease {
  record: ReleaseRecord;
  /** Changes made to the release so far, for ids of audit lines. */
  changes: number;
  rollout: Rollout;
  /** The abort rules that the last admission came with: a report of an outcome carries none. */
  abortRules: AbortRule[];
}

type ReleaseRow = {
  record: string;
  changes: number;
  stage: number;
  stage_since: number;
  stage_baseline: number;
  abort_rules: string;
};
type SlotOutcome = Outcome | "cancelled";

const COLUMNS = "record, changes, stage, stage_since, stage_baseline, abort_rules";

export class ReleaseStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  load(version: string): StoredRelease | null {
    const [row] = this.#sql
      .exec<ReleaseRow>(`SELECT ${COLUMNS} FROM releases WHERE version = ?`, version)
      .toArray();
    return row ? fromRow(row) : null;
  }

  all(): ReleaseRecord[] {
    return this.#sql
      .exec<ReleaseRow>(`SELECT ${COLUMNS} FROM releases`)
      .toArray()
      .map((row) => fromRow(row).record);
  }

  save({ record, changes, rollout, abortRules }: StoredRelease): void {
    this.#sql.exec(
      `INSERT INTO releases (version, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (version) DO UPDATE SET record = excluded.record, changes = excluded.changes,
         stage = excluded.stage, stage_since = excluded.stage_since,
         stage_baseline = excluded.stage_baseline, abort_rules = excluded.abort_rules`,
      record.version,
      JSON.stringify(record),
      changes,
      rollout.stage,
      rollout.since,
      rollout.baseline,
      JSON.stringify(abortRules),
    );
  }

  /** Whether an attempt has a slot, had one, or never took one. */
  slotOf(version: string, attemptId: string): "open" | "finished" | "none" {
    const [row] = this.#sql
      .exec<{ outcome: SlotOutcome | null }>(
        "SELECT outcome FROM slots WHERE version = ? AND attempt_id = ?",
        version,
        attemptId,
      )
      .toArray();
    if (!row) return "none";
    return row.outcome === null ? "open" : "finished";
  }

  takeSlot(slot: { version: string; attemptId: string; pluginId: string; stage: number }): void {
    this.#sql.exec(
      "INSERT INTO slots (version, attempt_id, plugin_id, stage) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
      slot.version,
      slot.attemptId,
      slot.pluginId,
      slot.stage,
    );
  }

  /**
   * Gives a slot back with its outcome; false when it was given back before, or never taken. An attempt that never took one
   * leaves a mark, so that an admission which arrives after its end finds it finished and takes none.
   */
  finishSlot(version: string, attemptId: string, outcome: SlotOutcome): boolean {
    this.#sql.exec(
      `INSERT INTO slots (version, attempt_id, plugin_id, stage, outcome, acknowledged)
       VALUES (?, ?, '', 0, 'cancelled', 1) ON CONFLICT (version, attempt_id) DO NOTHING`,
      version,
      attemptId,
    );
    return (
      this.#sql
        .exec(
          `UPDATE slots SET outcome = ? WHERE version = ? AND attempt_id = ? AND outcome IS NULL
           RETURNING attempt_id`,
          outcome,
          version,
          attemptId,
        )
        .toArray().length > 0
    );
  }

  /** A person has looked at what has finished so far and let the release go on: it cannot halt it again. */
  acknowledge(version: string): void {
    this.#sql.exec(
      "UPDATE slots SET acknowledged = 1 WHERE version = ? AND outcome IS NOT NULL AND acknowledged = 0",
      version,
    );
  }

  tally(version: string, options: { unacknowledgedOnly?: boolean } = {}): Tally {
    const rows = this.#sql
      .exec<{ outcome: SlotOutcome | null; n: number }>(
        `SELECT outcome, count(*) AS n FROM slots WHERE version = ? AND acknowledged <= ? GROUP BY outcome`,
        version,
        options.unacknowledgedOnly ? 0 : 1,
      )
      .toArray();
    return rows.reduce(
      (tally, { outcome, n }) => (outcome === "cancelled" ? tally : tallyOutcome(tally, outcome, n)),
      EMPTY_TALLY,
    );
  }
}

function fromRow(row: ReleaseRow): StoredRelease {
  return {
    record: ReleaseRecord.parse(JSON.parse(row.record)),
    changes: row.changes,
    rollout: { stage: row.stage, since: row.stage_since, baseline: row.stage_baseline },
    // Written by `save` from a validated policy.
    abortRules: JSON.parse(row.abort_rules) as AbortRule[],
  };
}
