/**
 * What one product's shops taught: lessons (one for each attempt), the places they are counted at, and votes. Bounded: the oldest
 * lessons and places are forgotten (`sira-bounds.ts`). All methods work on one generation.
 */
import type { FeedbackRequest, Outcome } from "../../src/contract/decision.ts";
import type { VoteRequest } from "../../src/contract/sira-memory.ts";
import { SIBLINGS } from "../../src/core/sira/belief.ts";
import type { Learned } from "../../src/core/sira/decide.ts";
import {
  changeTally,
  LEVELS,
  type Lesson,
  lessonOf,
  NO_TALLY,
  type Place,
  type Tally,
  type TallyChange,
  tallyChanges,
} from "../../src/core/sira/lesson.ts";
import { NO_OPINION, newerVote, type Opinion, type Vote } from "../../src/core/sira/opinion.ts";
import { prune, SIRA_BOUNDS, type SiraBounds } from "./sira-bounds.ts";

/** Between two looks at the bounds. */
const PRUNE_EVERY = 500;

type LessonRow = {
  attempt_id: string;
  revision: number;
  outcome: string;
  finished_at: number;
  place: string;
};
type TallyRow = { [outcome in keyof Tally]: number };
type PlaceRow = TallyRow & { seen_at: number };

export class SiraStore implements Learned {
  readonly #storage: DurableObjectStorage;
  readonly #generation: number;
  readonly #bounds: SiraBounds;
  #untilPrune = 0;

  constructor(storage: DurableObjectStorage, generation: number, bounds = SIRA_BOUNDS) {
    this.#storage = storage;
    this.#generation = generation;
    this.#bounds = bounds;
  }

  /** False when it, or a newer account of the same attempt, is known, or was and is forgotten. */
  learn(feedback: FeedbackRequest): boolean {
    return this.#storage.transactionSync(() => {
      const learned = this.take(lessonOf(feedback));
      if (learned) this.#prune();
      return learned;
    });
  }

  /** Counts a lesson; within a transaction. */
  take(lesson: Lesson): boolean {
    const known = this.#lesson(lesson.attemptId);
    if (known === null && lesson.finishedAt <= this.#horizon) return false;
    const changes = tallyChanges(known, lesson);
    if (changes.length === 0) return false;
    const { attemptId, revision, outcome, finishedAt, place } = lesson;
    this.#exec(
      `INSERT INTO lessons (generation, attempt_id, revision, outcome, finished_at, place) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (generation, attempt_id) DO UPDATE SET revision = excluded.revision, outcome = excluded.outcome,
         finished_at = excluded.finished_at, place = excluded.place`,
      attemptId,
      revision,
      outcome,
      finishedAt,
      JSON.stringify(place),
    );
    for (const change of changes) this.#count(change, finishedAt);
    return true;
  }

  vote(vote: VoteRequest): boolean {
    const { incident_id, person, revision } = vote;
    return this.#storage.transactionSync(() => {
      const [known] = this.#exec<{ revision: number }>(
        "SELECT revision FROM votes WHERE generation = ? AND incident_id = ? AND person = ?",
        incident_id,
        person,
      );
      if (!newerVote(known ?? null, vote)) return false;
      this.#exec(
        `INSERT INTO votes (generation, incident_id, person, revision, vote, signature, at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (generation, incident_id, person) DO UPDATE SET revision = excluded.revision, vote = excluded.vote,
           signature = excluded.signature, at = excluded.at`,
        incident_id,
        person,
        revision,
        vote.vote,
        vote.signature,
        Date.parse(vote.at),
      );
      this.#prune();
      return true;
    });
  }

  tally(key: string): Tally {
    return this.#place(key) ?? NO_TALLY;
  }

  siblings(within: string, except: string): Tally[] {
    return this.#exec<TallyRow>(
      `SELECT success, rolled_back, failed, inconclusive FROM places
       WHERE generation = ? AND within = ? AND key <> ? ORDER BY seen_at DESC, key LIMIT ?`,
      within,
      except,
      SIBLINGS,
    );
  }

  opinion(signature: string): Opinion {
    const opinion = { ...NO_OPINION };
    for (const { vote, n } of this.#exec<{ vote: Vote; n: number }>(
      "SELECT vote, count(*) AS n FROM votes WHERE generation = ? AND signature = ? GROUP BY vote",
      signature,
    ))
      opinion[vote] = n;
    return opinion;
  }

  /** Lessons of attempts that finished after then. */
  lessonsSince(finishedAfter: number): Lesson[] {
    return this.#exec<LessonRow>(
      `SELECT attempt_id, revision, outcome, finished_at, place FROM lessons
       WHERE generation = ? AND finished_at > ?`,
      finishedAfter,
    ).flatMap((row) => lessonFrom(row) ?? []);
  }

  /** An attempt that an earlier version learned from, without its place: told again, it is known. */
  rememberOnly(attemptId: string, outcome: string): void {
    this.#exec(
      `INSERT INTO lessons (generation, attempt_id, revision, outcome, finished_at, place) VALUES (?, ?, 1, ?, 0, '')
       ON CONFLICT DO NOTHING`,
      attemptId,
      outcome,
    );
  }

  addTally(place: Place, tally: Tally): void {
    for (const [level, within] of LEVELS)
      for (const [outcome, by] of Object.entries(tally) as [Outcome, number][])
        for (let i = 0; i < by; i++)
          this.#count({ key: place[level], within: place[within], outcome, by: 1 }, 0);
  }

  #lesson(attemptId: string): Lesson | null {
    const [row] = this.#exec<LessonRow>(
      `SELECT attempt_id, revision, outcome, finished_at, place FROM lessons WHERE generation = ? AND attempt_id = ?`,
      attemptId,
    );
    return row ? (lessonFrom(row) ?? null) : null;
  }

  #place(key: string): PlaceRow | undefined {
    return this.#exec<PlaceRow>(
      `SELECT success, rolled_back, failed, inconclusive, seen_at FROM places WHERE generation = ? AND key = ?`,
      key,
    )[0];
  }

  #count(change: TallyChange, at: number): void {
    const row = this.#place(change.key);
    // Forgotten since it was counted: there is nothing to take it from.
    if (row === undefined && change.by < 0) return;
    const tally = changeTally(row ?? NO_TALLY, change);
    this.#exec(
      `INSERT INTO places (generation, key, within, level, success, rolled_back, failed, inconclusive, seen_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (generation, key) DO UPDATE SET success = excluded.success, rolled_back = excluded.rolled_back,
         failed = excluded.failed, inconclusive = excluded.inconclusive, seen_at = excluded.seen_at`,
      change.key,
      change.within,
      LEVELS.findIndex(([level]) => change.key.startsWith(`${level}|`)),
      tally.success,
      tally.rolled_back,
      tally.failed,
      tally.inconclusive,
      Math.max(at, row?.seen_at ?? 0),
    );
  }

  #prune(): void {
    if (this.#untilPrune-- > 0) return;
    this.#untilPrune = Math.min(PRUNE_EVERY, Math.ceil(this.#bounds.lessons / 100));
    const forgotten = prune(this.#storage.sql, this.#generation, this.#bounds);
    if (forgotten !== null) this.#horizon = Math.max(this.#horizon, forgotten);
  }

  /** Attempts that finished up to then may have been forgotten: whether they were counted cannot be told. */
  get #horizon(): number {
    return this.#storage.kv.get<number>(horizonKey(this.#generation)) ?? 0;
  }

  set #horizon(at: number) {
    this.#storage.kv.put(horizonKey(this.#generation), at);
  }

  /** The generation is every statement's first parameter. */
  #exec<T extends Record<string, SqlStorageValue>>(sql: string, ...rest: SqlStorageValue[]): T[] {
    return this.#storage.sql.exec<T>(sql, this.#generation, ...rest).toArray();
  }
}

export function horizonKey(generation: number): string {
  return `horizon_${generation}`;
}

/** Without a place nothing is known of it but that it was told. */
function lessonFrom(row: LessonRow): Lesson | undefined {
  const { attempt_id: attemptId, revision, finished_at: finishedAt } = row;
  // Written by `take` from a validated request.
  const outcome = row.outcome as Outcome;
  if (row.place === "") return { attemptId, revision, outcome, finishedAt, place: NOWHERE };
  return { attemptId, revision, outcome, finishedAt, place: JSON.parse(row.place) as Place };
}

/** Keys that no table has: to take a lesson back from here changes nothing. */
const NOWHERE: Place = { kind: "", fix: "", move: "", fault: "", place: "" };
