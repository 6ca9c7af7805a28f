/**
 * The outbox table of an object. Every method is synchronous, so that `append` can share a `transactionSync` with the
 * change it announces: both commit, or neither.
 */
import { nextBatch, nextDueAt, type OutboxHead, type Settlement } from "../../src/core/outbox-drain.ts";
import type { Migration } from "../migrations.ts";

/** For the migration list of every object that has an outbox. */
export const OUTBOX_MIGRATION: Migration = {
  name: "outbox",
  // No index: a row costs one written row to add and one to remove, and the table is almost always empty.
  sql: `CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    rejections INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    parked_why TEXT
  )`,
};

/** One message. Rows of the same `kind` and `lane` leave in the order they were appended. `body` is JSON text. */
export interface OutboxMessage {
  kind: string;
  lane: string;
  body: string;
}

export interface OutboxRow extends OutboxHead {
  body: string;
}

type HeadRow = {
  id: number;
  kind: string;
  lane: string;
  due_at: number;
  attempts: number;
  rejections: number;
};

/** Rows looked at when choosing; a longer queue is worked off from its old end. */
const HEADS_LIMIT = 2_000;
/** A parked row is in nobody's way, also not among the rows that are looked at. */
const NOT_RESTING = "(parked_why IS NULL OR due_at <= ?)";

export class OutboxStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Appends messages in order, due at `now` (ms since epoch). */
  append(messages: readonly OutboxMessage[], now: number): void {
    for (const { kind, lane, body } of messages) {
      this.#sql.exec(
        "INSERT INTO outbox (kind, lane, body, due_at) VALUES (?, ?, ?, ?)",
        kind,
        lane,
        body,
        now,
      );
    }
  }

  /** One receiver's next rows, oldest first; empty when none may leave at `now`. */
  due(kind: string, now: number, limit: number): OutboxRow[] {
    const heads = this.#sql
      .exec<HeadRow>(
        `SELECT id, kind, lane, due_at, attempts, rejections FROM outbox
         WHERE kind = ? AND ${NOT_RESTING} ORDER BY id LIMIT ?`,
        kind,
        now,
        HEADS_LIMIT,
      )
      .toArray();
    const ids = nextBatch(heads, now, limit);
    if (ids.length === 0) return [];
    return this.#sql
      .exec<HeadRow & { body: string }>(
        `SELECT id, kind, lane, due_at, attempts, rejections, body FROM outbox
         WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id`,
        JSON.stringify(ids),
      )
      .toArray();
  }

  /** Receivers that have rows waiting. */
  kinds(): string[] {
    return this.#sql
      .exec<{ kind: string }>("SELECT DISTINCT kind FROM outbox")
      .toArray()
      .map((row) => row.kind);
  }

  /** Delivered: forget them. */
  done(ids: readonly number[]): void {
    this.#sql.exec("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  }

  /** The receiver is down: this row, and with it every later row of its kind, waits until `dueAt`. */
  hold(id: number, dueAt: number): void {
    this.#sql.exec("UPDATE outbox SET attempts = attempts + 1, due_at = ? WHERE id = ?", dueAt, id);
  }

  /** The receiver refused: each of these rows travels alone from `dueAt` on, its lane waiting behind it. */
  retry(ids: readonly number[], dueAt: number): void {
    this.#sql.exec(
      `UPDATE outbox SET rejections = rejections + 1, due_at = ?
       WHERE id IN (SELECT value FROM json_each(?))`,
      dueAt,
      JSON.stringify(ids),
    );
  }

  /** Refused too often: out of everybody's way, with the reason for a person to read, until `dueAt`. */
  park(id: number, dueAt: number, why: string): void {
    this.#sql.exec(
      "UPDATE outbox SET rejections = rejections + 1, due_at = ?, parked_why = ? WHERE id = ?",
      dueAt,
      why.slice(0, 500),
      id,
    );
  }

  settle(settlement: Settlement): void {
    switch (settlement.action) {
      case "done":
        this.done(settlement.ids);
        break;
      case "hold":
        this.hold(settlement.id, settlement.dueAt);
        break;
      case "suspect":
        this.retry(settlement.ids, settlement.dueAt);
        break;
      case "park":
        this.park(settlement.id, settlement.dueAt, settlement.why);
        break;
      default:
        settlement satisfies never;
    }
  }

  /** When to drain next (ms since epoch, not after `now` when rows may leave at once); null when nothing waits. */
  nextDue(now: number): number | null {
    const heads = this.#sql
      .exec<HeadRow>(
        `SELECT id, kind, lane, due_at, attempts, rejections FROM outbox WHERE ${NOT_RESTING} ORDER BY id LIMIT ?`,
        now,
        HEADS_LIMIT,
      )
      .toArray();
    const { at } = this.#sql
      .exec<{ at: number | null }>("SELECT min(due_at) AS at FROM outbox WHERE parked_why IS NOT NULL")
      .one();
    const next = nextDueAt(heads, now);
    return at === null || next === null ? (at ?? next) : Math.min(at, next);
  }

  /** Rows that wait, parked ones not counted. */
  size(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM outbox WHERE parked_why IS NULL").one().n;
  }

  /** Rows that were refused too often; they are tried again now and then. */
  parked(): number {
    return this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM outbox WHERE parked_why IS NOT NULL")
      .one().n;
  }
}
