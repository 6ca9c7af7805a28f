/** A memory built anew from the records, beside the one in use, and put in its place at once. */

import type { RebuildPage } from "../../src/contract/rpc/sira.ts";
import type { RebuildReply } from "../../src/contract/sira-memory.ts";
import { horizonKey, SiraStore } from "./sira-store.ts";

/** The generation in use, and the one being built. */
export interface Generations {
  current: number;
  next: { number: number; at: number } | null;
  /** The highest ever used, so that a page of an abandoned rebuild fits no later one. */
  last: number;
}

const KEY = "generations";
/** A rebuild that was not finished by then never will be. */
const ABANDONED_MS = 3_600_000;
/** Lessons this young may be ahead of their rows in the records, whose outbox may wait for Postgres. */
const KEEP_RECENT_MS = 24 * 3_600_000;
const TABLES = ["lessons", "places", "votes"] as const;

export class SiraGenerations {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  read(): Generations | null {
    return this.#storage.kv.get<Generations>(KEY) ?? null;
  }

  write(generations: Generations): void {
    this.#storage.kv.put(KEY, generations);
  }

  /** The memories that hear of news: the one in use first, and the one being built, lest it misses what comes meanwhile. */
  listening(generations: Generations, now: number): number[] {
    const { current, next } = generations;
    if (next === null) return [current];
    if (now - next.at < ABANDONED_MS) return [current, next.number];
    this.#drop(next.number);
    this.write({ ...generations, next: null });
    return [current];
  }

  begin(generations: Generations, now: number): number {
    return this.#storage.transactionSync(() => {
      if (generations.next) this.#drop(generations.next.number);
      const number = generations.last + 1;
      this.write({ ...generations, next: { number, at: now }, last: number });
      return number;
    });
  }

  take(number: number, page: RebuildPage): number {
    const store = new SiraStore(this.#storage, number);
    let taken = 0;
    for (const row of page.feedback) if (store.learn(row)) taken += 1;
    for (const row of page.votes) if (store.vote(row)) taken += 1;
    return taken;
  }

  isEmpty(number: number): boolean {
    return this.#count("SELECT count(*) AS n FROM lessons WHERE generation = ?", number) === 0;
  }

  /** Within a transaction. Counts what it would change, or has changed. */
  finish(
    generations: Generations,
    number: number,
    dryRun: boolean,
    now: number,
  ): Omit<RebuildReply, "dry_run"> {
    const { current } = generations;
    const store = new SiraStore(this.#storage, number);
    const attempts = this.#count("SELECT count(*) AS n FROM lessons WHERE generation = ?", number);
    const recent = new SiraStore(this.#storage, current).lessonsSince(now - KEEP_RECENT_MS);
    const kept = recent.filter((lesson) => store.take(lesson)).length;
    const counted = {
      attempts,
      votes: this.#count("SELECT count(*) AS n FROM votes WHERE generation = ?", number),
      added: this.#count(ABSENT, number, current),
      corrected: this.#count(DIFFERENT, number, current),
      dropped: this.#count(ABSENT, current, number),
      kept,
    };
    this.#drop(dryRun ? number : current);
    this.write({ ...generations, current: dryRun ? current : number, next: null });
    return counted;
  }

  #drop(generation: number): void {
    for (const table of TABLES)
      this.#storage.sql.exec(`DELETE FROM ${table} WHERE generation = ?`, generation);
    this.#storage.kv.delete(horizonKey(generation));
  }

  #count(sql: string, ...generations: number[]): number {
    return this.#storage.sql.exec<{ n: number }>(sql, ...generations).one().n;
  }
}

const ABSENT = `SELECT count(*) AS n FROM lessons a WHERE a.generation = ? AND NOT EXISTS
  (SELECT 1 FROM lessons b WHERE b.generation = ? AND b.attempt_id = a.attempt_id)`;
const DIFFERENT = `SELECT count(*) AS n FROM lessons a JOIN lessons b ON b.attempt_id = a.attempt_id
  WHERE a.generation = ? AND b.generation = ? AND (a.outcome <> b.outcome OR a.place <> b.place)`;
