/** Takings-back: one run per version or remedy, the latest, and its shops in the order in which they go back. */
import { REVERT_STATUSES, type RevertRun } from "../../src/contract/revert.ts";
import type { AppliedSlot, RevertEntry, RevertStatus } from "../../src/core/rollout/revert-run.ts";
import { isoOrNull } from "./slot-store.ts";

export type RunHead = Omit<RevertRun, "counts" | "items">;
type ItemRow = {
  attempt_id: string;
  plugin_id: string;
  applied_at: number | null;
  status: RevertStatus;
  text: string;
  at: number | null;
  tries: number;
  ask_at: number | null;
};

const SHOWN_ITEMS = 200;

export class RevertStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  head(key: string): RunHead | null {
    const [row] = this.#sql.exec<{ run: string }>("SELECT run FROM reverts WHERE version = ?", key).toArray();
    return row ? (JSON.parse(row.run) as RunHead) : null; // written by `save`
  }

  /** Keys of the runs under way. */
  running(): string[] {
    return this.#sql
      .exec<{ version: string }>("SELECT version FROM reverts WHERE state = 'running'")
      .toArray()
      .map(({ version }) => version);
  }

  save(key: string, head: RunHead): void {
    this.#sql.exec(
      `INSERT INTO reverts (version, run, state) VALUES (?, ?, ?)
       ON CONFLICT (version) DO UPDATE SET run = excluded.run, state = excluded.state`,
      key,
      JSON.stringify(head),
      head.state,
    );
  }

  /** A new run in place of the last one. */
  begin(key: string, head: RunHead, slots: readonly AppliedSlot[]): void {
    this.save(key, head);
    this.#sql.exec("DELETE FROM revert_items WHERE version = ?", key);
    for (const slot of slots) this.#add(key, slot, "coalesce(max(position), 0) + 1");
  }

  /** First in the line, as the newest; nothing when it is in it already. */
  addFirst(key: string, slot: AppliedSlot): void {
    this.#add(key, slot, "coalesce(min(position), 1) - 1");
  }

  #add(key: string, slot: AppliedSlot, position: string): void {
    this.#sql.exec(
      `INSERT INTO revert_items (version, position, attempt_id, plugin_id, applied_at, status)
       SELECT ?1, (SELECT ${position} FROM revert_items WHERE version = ?1), ?2, ?3, ?4, 'waiting'
       WHERE NOT EXISTS (SELECT 1 FROM revert_items WHERE version = ?1 AND attempt_id = ?2)`,
      key,
      slot.attemptId,
      slot.pluginId,
      slot.finishedAt,
    );
  }

  entries(key: string): RevertEntry[] {
    return this.#rows(key, "").map(({ attempt_id, plugin_id, applied_at, status, at, ask_at }) => ({
      attemptId: attempt_id,
      pluginId: plugin_id,
      appliedAt: applied_at,
      status,
      at,
      askAt: ask_at,
    }));
  }

  statusOf(key: string, attemptId: string): RevertStatus | null {
    const [row] = this.#sql
      .exec<{ status: RevertStatus }>(
        "SELECT status FROM revert_items WHERE version = ? AND attempt_id = ?",
        key,
        attemptId,
      )
      .toArray();
    return row?.status ?? null;
  }

  /** `askAt`: of one that waits, when its turn may come (ms since epoch); null for at once. */
  mark(
    key: string,
    attemptId: string,
    status: RevertStatus,
    text: string,
    now: number,
    askAt: number | null = null,
  ): void {
    this.#sql.exec(
      "UPDATE revert_items SET status = ?, text = ?, at = ?, ask_at = ? WHERE version = ? AND attempt_id = ?",
      status,
      text.slice(0, 500),
      now,
      askAt,
      key,
      attemptId,
    );
  }

  /** Counts one call to its shop. @returns calls so far, this one included */
  countTry(key: string, attemptId: string): number {
    const sql =
      "UPDATE revert_items SET tries = tries + 1 WHERE version = ? AND attempt_id = ? RETURNING tries";
    return this.#sql.exec<{ tries: number }>(sql, key, attemptId).toArray()[0]?.tries ?? 1;
  }

  /** Whoever was told is waited for from now on: until now nothing could leave. */
  waitAfresh(key: string, now: number): void {
    this.#sql.exec("UPDATE revert_items SET at = ? WHERE version = ? AND status = 'ordered'", now, key);
  }

  /** Who has not had its turn will not have one. Nor who was ordered and has not been told: an order that was has its answer's text. */
  stopUntold(key: string, now: number): void {
    this.#sql.exec(
      `UPDATE revert_items SET status = 'stopped', at = ?
       WHERE version = ? AND (status = 'waiting' OR (status = 'ordered' AND text = ''))`,
      now,
      key,
    );
  }

  run(key: string, options: { items: boolean }): RevertRun | null {
    const head = this.head(key);
    if (head === null) return null;
    const items = options.items ? this.#rows(key, `LIMIT ${SHOWN_ITEMS}`) : [];
    return {
      ...head,
      counts: this.#counts(key),
      items: items.map(({ tries: _tries, ask_at: _ask, ...row }) => ({
        ...row,
        applied_at: isoOrNull(row.applied_at),
        at: isoOrNull(row.at),
      })),
    };
  }

  #rows(key: string, limit: string): ItemRow[] {
    return this.#sql
      .exec<ItemRow>(
        `SELECT attempt_id, plugin_id, applied_at, status, text, at, tries, ask_at FROM revert_items
         WHERE version = ? ORDER BY position ${limit}`,
        key,
      )
      .toArray();
  }

  #counts(key: string): RevertRun["counts"] {
    const rows = this.#sql
      .exec<{ status: RevertStatus; n: number }>(
        "SELECT status, count(*) AS n FROM revert_items WHERE version = ? GROUP BY status",
        key,
      )
      .toArray();
    return countsOf(new Map(rows.map(({ status, n }) => [status, n])));
  }
}

export function countsOf(counted: ReadonlyMap<RevertStatus, number>): RevertRun["counts"] {
  const counts = REVERT_STATUSES.map((status) => [status, counted.get(status) ?? 0] as const);
  return Object.fromEntries(counts) as RevertRun["counts"]; // the keys are exactly the statuses
}
