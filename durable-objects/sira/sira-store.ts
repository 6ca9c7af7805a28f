/** What one product's shops taught: outcome counts by signature and fix, and which attempts are already in them. */
import type { FeedbackRequest } from "../../src/contract/decision.ts";
import { type FixRecord, fixKeyOf, learnOutcome, NO_RECORD } from "../../src/core/sira/record.ts";
import type { Migration } from "../migrations.ts";

export const SIRA_MIGRATIONS: readonly Migration[] = [
  {
    name: "fixes",
    sql: `
      CREATE TABLE fixes (
        signature TEXT NOT NULL,
        fix TEXT NOT NULL,
        successes INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (signature, fix)
      ) WITHOUT ROWID;
      CREATE TABLE learned (attempt_id TEXT PRIMARY KEY, outcome TEXT NOT NULL) WITHOUT ROWID;
    `,
  },
];

type FixRow = { fix: string; successes: number; failures: number };

export class SiraStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Counts a finished attempt; false when it was counted before. */
  learn(feedback: FeedbackRequest): boolean {
    const { sql } = this.#storage;
    return this.#storage.transactionSync(() => {
      const added = sql.exec(
        "INSERT INTO learned (attempt_id, outcome) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING attempt_id",
        feedback.attempt_id,
        feedback.outcome,
      );
      if (added.toArray().length === 0) return false;
      const fix = fixKeyOf(feedback);
      const before = this.records(feedback.signature).get(fix) ?? NO_RECORD;
      const { successes, failures } = learnOutcome(before, feedback.outcome);
      sql.exec(
        `INSERT INTO fixes (signature, fix, successes, failures) VALUES (?, ?, ?, ?)
         ON CONFLICT (signature, fix) DO UPDATE SET successes = excluded.successes, failures = excluded.failures`,
        feedback.signature,
        fix,
        successes,
        failures,
      );
      return true;
    });
  }

  /** What is known of one signature, by `fixKey`. */
  records(signature: string): Map<string, FixRecord> {
    const rows = this.#storage.sql
      .exec<FixRow>("SELECT fix, successes, failures FROM fixes WHERE signature = ?", signature)
      .toArray();
    return new Map(rows.map(({ fix, successes, failures }) => [fix, { successes, failures }]));
  }
}
