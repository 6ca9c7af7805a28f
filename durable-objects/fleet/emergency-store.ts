/** Emergency actions, until fifty newer ones have been made. */
import { type EmergencyRow, numberOf } from "../../src/core/fleet/emergency.ts";
import type { Migration } from "../migrations.ts";

export const EMERGENCIES_MIGRATION: Migration = {
  name: "emergency actions",
  sql: `
    CREATE TABLE emergencies (number INTEGER PRIMARY KEY, status TEXT NOT NULL, row TEXT NOT NULL);
    CREATE TABLE emergency_targets (
      emergency INTEGER NOT NULL,
      number INTEGER NOT NULL,
      attempt_id TEXT NOT NULL,
      plugin_id TEXT NOT NULL,
      merchant_id TEXT NOT NULL,
      product TEXT NOT NULL,
      action TEXT NOT NULL,
      version TEXT,
      at INTEGER NOT NULL,
      state TEXT NOT NULL,
      wave INTEGER,
      follows TEXT,
      tries INTEGER NOT NULL,
      due_at INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (emergency, number)
    ) WITHOUT ROWID;
    CREATE INDEX emergency_targets_followed ON emergency_targets (follows) WHERE follows IS NOT NULL;
  `,
};

const KEPT = 50;

export const PATIENCE_MIGRATION: Migration = {
  name: "emergency targets put off",
  sql: "ALTER TABLE emergency_targets ADD COLUMN put_off_s INTEGER NOT NULL DEFAULT 0;",
};

export class EmergencyStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  nextNumber(): number {
    return this.#sql.exec<{ n: number }>("SELECT coalesce(max(number), 0) + 1 AS n FROM emergencies").one().n;
  }

  /** Forgets what is old, and nothing that runs. */
  add(row: EmergencyRow): void {
    this.#sql.exec("DELETE FROM emergencies WHERE number <= ? AND status <> 'running'", numberOf(row) - KEPT);
    this.save(row);
  }

  save(row: EmergencyRow): void {
    this.#sql.exec(
      `INSERT INTO emergencies (number, status, row) VALUES (?, ?, ?)
       ON CONFLICT (number) DO UPDATE SET status = excluded.status, row = excluded.row`,
      numberOf(row),
      row.status,
      JSON.stringify(row),
    );
  }

  load(id: string): EmergencyRow | null {
    const [row] = this.#rows("WHERE number = ?", Number(id.slice("emg_".length)));
    return row ?? null;
  }

  /** Newest first. */
  all(): EmergencyRow[] {
    return this.#rows("ORDER BY number DESC");
  }

  running(): EmergencyRow[] {
    return this.#rows("WHERE status = 'running' ORDER BY number");
  }

  #rows(where: string, ...bindings: number[]): EmergencyRow[] {
    return this.#sql
      .exec<{ row: string }>(`SELECT row FROM emergencies ${where}`, ...bindings)
      .toArray()
      .map(({ row }) => JSON.parse(row) as EmergencyRow); // Written by `save`, from a whole row.
  }
}
