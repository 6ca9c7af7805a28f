/**
 * The roster and what the guard counts. Tables hold exceptions (busy, silent) rather than flags, so that reading them
 * costs as many rows as there are exceptions; all are WITHOUT ROWID: one written row per change.
 */
import type { Outcome } from "../../src/contract/decision.ts";
import {
  type AutonomyRecord,
  FRESH_AUTONOMY,
  WINDOW_ATTEMPTS,
  WINDOW_MS,
} from "../../src/core/fleet/autonomy.ts";
import type { Migration } from "../migrations.ts";
import { OUTBOX_MIGRATION } from "../outbox/outbox-store.ts";
import { ATTEMPTS_MIGRATION, ENDED_MIGRATION } from "./attempt-register.ts";
import { COHORTS_MIGRATION, MEMBERS_MIGRATION } from "./cohort-store.ts";
import { EMERGENCIES_MIGRATION, PATIENCE_MIGRATION } from "./emergency-store.ts";
import { FLEET_INCIDENTS_MIGRATION } from "./fleet-incidents.ts";
import { AFFECTED_MIGRATION } from "./storm-store.ts";

export const FLEET_MIGRATIONS: readonly Migration[] = [
  {
    name: "roster, guard, claims",
    sql: `
      CREATE TABLE plugins (id TEXT PRIMARY KEY, product TEXT NOT NULL, merchant_id TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE busy (plugin_id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE silent (plugin_id TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE nonces (nonce TEXT PRIMARY KEY, plugin_id TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE actions (attempt_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE outcomes (attempt_id TEXT PRIMARY KEY, outcome TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    `,
  },
  OUTBOX_MIGRATION,
  FLEET_INCIDENTS_MIGRATION,
  COHORTS_MIGRATION,
  MEMBERS_MIGRATION,
  ATTEMPTS_MIGRATION,
  {
    name: "actions reserved",
    sql: "ALTER TABLE actions ADD COLUMN handed_over INTEGER NOT NULL DEFAULT 1;",
  },
  AFFECTED_MIGRATION,
  EMERGENCIES_MIGRATION,
  ENDED_MIGRATION,
  PATIENCE_MIGRATION,
];

export const ACTION_WINDOW_MS = 3_600_000;
const AUTONOMY_KEY = "autonomy";

/** The two lists that `sweepBatch` walks round. */
type SweepList = "busy" | "plugins";
const SWEEP_SQL: Record<SweepList, { after: string; from: string }> = {
  busy: {
    after: "SELECT plugin_id AS id FROM busy WHERE plugin_id > ? ORDER BY plugin_id LIMIT ?",
    from: "SELECT plugin_id AS id FROM busy WHERE plugin_id <= ? ORDER BY plugin_id LIMIT ?",
  },
  plugins: {
    after: "SELECT id FROM plugins WHERE id > ? ORDER BY id LIMIT ?",
    from: "SELECT id FROM plugins WHERE id <= ? ORDER BY id LIMIT ?",
  },
};

export class FleetStore {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;
  /** Asked several times for every attempt and every silence: counting thousands of rows each time would be most of the work. */
  #roster: number | null = null;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = storage.sql;
    this.#kv = storage.kv;
  }

  /** The plugin that consumed a claim's nonce; null when nobody has. */
  nonceOwner(nonce: string): string | null {
    const [row] = this.#sql
      .exec<{ plugin_id: string }>("SELECT plugin_id FROM nonces WHERE nonce = ?", nonce)
      .toArray();
    return row?.plugin_id ?? null;
  }

  enroll(input: {
    pluginId: string;
    product: string;
    merchantId: string;
    nonce: string;
    expiresAt: number;
  }): void {
    this.#roster = null;
    this.#sql.exec(
      "INSERT INTO nonces (nonce, plugin_id, expires_at) VALUES (?, ?, ?)",
      input.nonce,
      input.pluginId,
      input.expiresAt,
    );
    this.#sql.exec(
      "INSERT INTO plugins (id, product, merchant_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      input.pluginId,
      input.product,
      input.merchantId,
    );
  }

  roster(): number {
    this.#roster ??= this.#count("SELECT count(*) AS n FROM plugins");
    return this.#roster;
  }

  /** Marks a plugin on the roster; one that is not on it is ignored. */
  setBusy(pluginId: string, busy: boolean): void {
    if (busy) {
      this.#sql.exec(
        "INSERT INTO busy (plugin_id) SELECT id FROM plugins WHERE id = ? ON CONFLICT DO NOTHING",
        pluginId,
      );
    } else {
      this.#sql.exec("DELETE FROM busy WHERE plugin_id = ?", pluginId);
    }
  }

  /** The product under which a plugin is on the roster; null when it is not on it. */
  productOf(pluginId: string): string | null {
    const [row] = this.#sql
      .exec<{ product: string }>("SELECT product FROM plugins WHERE id = ?", pluginId)
      .toArray();
    return row?.product ?? null;
  }

  /** The command has left, with or without a reservation: it counts from then on. Repeated, it changes nothing. */
  countAction(attemptId: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO actions (attempt_id, at, handed_over) VALUES (?, ?, 1)
       ON CONFLICT (attempt_id) DO UPDATE SET handed_over = 1, at = excluded.at WHERE handed_over = 0`,
      attemptId,
      now,
    );
  }

  /** Actions of the hour that are not this attempt's. */
  otherActions(attemptId: string, now: number): number {
    return this.#count(
      "SELECT count(*) AS n FROM actions WHERE at > ? AND attempt_id <> ?",
      now - ACTION_WINDOW_MS,
      attemptId,
    );
  }

  /** Counts an action before its command leaves, from the last time it asked; an attempt is counted once. */
  reserveAction(attemptId: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO actions (attempt_id, at, handed_over) VALUES (?, ?, 0)
       ON CONFLICT (attempt_id) DO UPDATE SET at = excluded.at WHERE handed_over = 0`,
      attemptId,
      now,
    );
  }

  /** The attempt is over, or waits for people: what was reserved and never left is given back. */
  giveBackAction(attemptId: string): void {
    this.#sql.exec("DELETE FROM actions WHERE attempt_id = ? AND handed_over = 0", attemptId);
  }

  actionsSince(since: number): number {
    return this.#count("SELECT count(*) AS n FROM actions WHERE at > ?", since);
  }

  addOutcome(attemptId: string, outcome: Outcome, now: number): void {
    this.#sql.exec(
      "INSERT INTO outcomes (attempt_id, outcome, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      attemptId,
      outcome,
      now,
    );
  }

  /** A finished attempt turned out otherwise; one that was not counted stays uncounted. Repeated, it changes nothing. */
  reviseOutcome(attemptId: string, outcome: Outcome, now: number): void {
    this.#sql.exec(
      "UPDATE outcomes SET outcome = ?1, at = ?2 WHERE attempt_id = ?3 AND outcome <> ?1",
      outcome,
      now,
      attemptId,
    );
  }

  /** The newest outcomes after a moment (ms since epoch), at most a window of them. */
  outcomesAfter(after: number): Outcome[] {
    return this.#sql
      .exec<{ outcome: Outcome }>(
        "SELECT outcome FROM outcomes WHERE at > ? ORDER BY at DESC LIMIT ?",
        after,
        WINDOW_ATTEMPTS,
      )
      .toArray()
      .map((row) => row.outcome);
  }

  autonomy(): AutonomyRecord {
    return this.#kv.get<AutonomyRecord>(AUTONOMY_KEY) ?? FRESH_AUTONOMY;
  }

  setAutonomy(record: AutonomyRecord): void {
    this.#kv.put(AUTONOMY_KEY, record);
  }

  /** The next `limit` ids of a list after where the last call ended, round and round. */
  nextInRotation(list: SweepList, limit: number): string[] {
    if (limit <= 0) return [];
    const key = `sweep_${list}`;
    const cursor = this.#kv.get<string>(key) ?? "";
    const take = (sql: string, n: number) =>
      this.#sql
        .exec<{ id: string }>(sql, cursor, n)
        .toArray()
        .map((row) => row.id);
    const ids = take(SWEEP_SQL[list].after, limit);
    if (ids.length < limit) ids.push(...take(SWEEP_SQL[list].from, limit - ids.length));
    const last = ids.at(-1);
    if (last !== undefined && last !== cursor) this.#kv.put(key, last);
    return ids;
  }

  /** Forgets what can matter no more; an expired claim is refused by its own date. */
  prune(now: number): void {
    this.#sql.exec("DELETE FROM nonces WHERE expires_at <= ?", now);
    this.#sql.exec("DELETE FROM actions WHERE at <= ?", now - ACTION_WINDOW_MS);
    this.#sql.exec("DELETE FROM outcomes WHERE at <= ?", now - WINDOW_MS);
  }

  /** When the first of the things to forget is due; null when there is none. */
  nextPrune(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        `SELECT min(at) AS at FROM (
           SELECT min(expires_at) AS at FROM nonces
           UNION ALL SELECT min(at) + ? FROM actions
           UNION ALL SELECT min(at) + ? FROM outcomes
         )`,
        ACTION_WINDOW_MS,
        WINDOW_MS,
      )
      .one().at;
  }

  #count(sql: string, ...bindings: (number | string)[]): number {
    return this.#sql.exec<{ n: number }>(sql, ...bindings).one().n;
  }
}
