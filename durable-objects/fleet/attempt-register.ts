/**
 * Attempts that wait, are in a shop's hands, or are applied and still in place, as their plugins told of them: what an emergency
 * action may touch. What is true at the moment of an order, the plugin's own object says.
 */
import type { Action } from "../../src/contract/ids.ts";
import type { AttemptReport, FinishedReport } from "../../src/contract/rpc/fleet.ts";
import type { Migration } from "../migrations.ts";

export const ATTEMPTS_MIGRATION: Migration = {
  name: "attempts under way and in place",
  sql: `
    CREATE TABLE attempts (
      id TEXT PRIMARY KEY,
      plugin_id TEXT NOT NULL,
      phase TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT,
      automatic INTEGER NOT NULL,
      takes_back INTEGER NOT NULL,
      at INTEGER NOT NULL
    ) WITHOUT ROWID;
  `,
};

export const ENDED_MIGRATION: Migration = {
  name: "attempts that ended and are in place",
  sql: "ALTER TABLE attempts ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;",
};

/** What was applied longer ago is no matter of an emergency any more. */
const APPLIED_KEPT_MS = 7 * 86_400_000;

/** Which attempts an emergency is about; an absent field means all. */
export interface AttemptScope {
  product?: string;
  /** Version or remedy. */
  subject?: string;
  merchant_id?: string;
}

export interface KnownAttempt {
  id: string;
  plugin_id: string;
  merchant_id: string;
  product: string;
  phase: AttemptReport["phase"];
  action: Action;
  subject: string | null;
  automatic: boolean;
  /** When it came into this phase, ms since the epoch. */
  at: number;
}

type Row = Omit<KnownAttempt, "automatic"> & { automatic: number };

export class AttemptRegister {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  report(report: AttemptReport): void {
    this.#sql.exec(
      `INSERT INTO attempts (id, plugin_id, phase, action, subject, automatic, takes_back, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, at = excluded.at`,
      report.attempt_id,
      report.plugin_id,
      report.phase,
      report.action,
      report.subject,
      report.automatic ? 1 : 0,
      report.takes_back ? 1 : 0,
      report.at,
    );
  }

  /** What stays in the shop is kept: a success, and what failed after it was applied and was left there. */
  finished({ attempt_id, ending, reverts }: FinishedReport): void {
    const stays = ending === "success" || ending === "failed";
    this.#sql.exec(
      "DELETE FROM attempts WHERE id = ? AND NOT (? AND phase = 'applied' AND takes_back = 0)",
      attempt_id,
      stays ? 1 : 0,
    );
    this.#sql.exec("UPDATE attempts SET ended = 1 WHERE id = ?", attempt_id);
    if (ending === "success" && typeof reverts === "string")
      this.#sql.exec("DELETE FROM attempts WHERE id = ?", reverts);
  }

  /** Not in a shop's hands, oldest first. What takes an earlier change back is left alone: it leads to the safe side. */
  waiting(scope: AttemptScope): KnownAttempt[] {
    return this.#list("a.phase = 'waiting' AND a.takes_back = 0", "a.at, a.id", scope, 0);
  }

  /** In a shop's hands or applied there since `since` (ms since epoch), the newest first. */
  appliedSince(since: number, scope: AttemptScope): KnownAttempt[] {
    const where = "a.phase IN ('handed_over', 'applied') AND a.takes_back = 0";
    return this.#list(where, "a.at DESC, a.id DESC", scope, since);
  }

  /** Those that have not ended, of any kind, oldest first. */
  underWay(limit: number): KnownAttempt[] {
    return this.#list("a.ended = 0", `a.at, a.id LIMIT ${limit}`, {}, 0);
  }

  /** How many have not ended: in no shop's hands, told to the shop, and applied and under watch. */
  counts(): { waiting: number; handed_over: number; watched: number } {
    return this.#sql
      .exec<{ waiting: number; handed_over: number; watched: number }>(
        `SELECT count(*) FILTER (WHERE phase = 'waiting') AS waiting,
           count(*) FILTER (WHERE phase = 'handed_over') AS handed_over,
           count(*) FILTER (WHERE phase = 'applied') AS watched FROM attempts WHERE ended = 0`,
      )
      .one();
  }

  prune(now: number): void {
    this.#sql.exec("DELETE FROM attempts WHERE phase = 'applied' AND at <= ?", now - APPLIED_KEPT_MS);
  }

  #list(where: string, order: string, scope: AttemptScope, since: number): KnownAttempt[] {
    return this.#sql
      .exec<Row>(
        `SELECT a.id, a.plugin_id, p.merchant_id, p.product, a.phase, a.action, a.subject, a.automatic, a.at
         FROM attempts AS a JOIN plugins AS p ON p.id = a.plugin_id
         WHERE ${where} AND a.at >= ?1 AND (?2 IS NULL OR p.product = ?2)
           AND (?3 IS NULL OR a.subject = ?3) AND (?4 IS NULL OR p.merchant_id = ?4)
         ORDER BY ${order}`,
        since,
        scope.product ?? null,
        scope.subject ?? null,
        scope.merchant_id ?? null,
      )
      .toArray()
      .map(({ automatic, ...row }) => ({ ...row, automatic: automatic === 1 }));
  }
}
