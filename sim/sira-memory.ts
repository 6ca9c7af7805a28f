/** What one product's shops taught, held in memory: the built-in decision service's tables without its object. */
import type { FeedbackRequest } from "../src/contract/decision.ts";
import type { VoteRequest } from "../src/contract/sira-memory.ts";
import { type Known, SIBLINGS } from "../src/core/sira/belief.ts";
import {
  changeTally,
  type Lesson,
  lessonOf,
  NO_TALLY,
  type Tally,
  tallyChanges,
} from "../src/core/sira/lesson.ts";
import { NO_OPINION, newerVote, type Opinion } from "../src/core/sira/opinion.ts";

interface Entry {
  key: string;
  tally: Tally;
  seenAt: number;
}

export class SiraMemory implements Known {
  readonly #lessons = new Map<string, Lesson>();
  readonly #entries = new Map<string, Entry>();
  readonly #within = new Map<string, Entry[]>();
  /** By incident and person. */
  readonly #votes = new Map<string, VoteRequest>();

  /** False when it, or a newer account of the same attempt, is known. */
  learn(feedback: FeedbackRequest): boolean {
    const lesson = lessonOf(feedback);
    const changes = tallyChanges(this.#lessons.get(lesson.attemptId) ?? null, lesson);
    if (changes.length === 0) return false;
    this.#lessons.set(lesson.attemptId, lesson);
    for (const change of changes) {
      const entry = this.#entry(change.key, change.within);
      entry.tally = changeTally(entry.tally, change);
      entry.seenAt = Math.max(entry.seenAt, lesson.finishedAt);
    }
    return true;
  }

  vote(vote: VoteRequest): boolean {
    const key = `${vote.incident_id}|${vote.person}`;
    if (!newerVote(this.#votes.get(key) ?? null, vote)) return false;
    this.#votes.set(key, vote);
    return true;
  }

  tally(key: string): Tally {
    return this.#entries.get(key)?.tally ?? NO_TALLY;
  }

  siblings(within: string, except: string): Tally[] {
    return (this.#within.get(within) ?? [])
      .filter(({ key }) => key !== except)
      .sort((a, b) => b.seenAt - a.seenAt || (a.key < b.key ? -1 : 1))
      .slice(0, SIBLINGS)
      .map(({ tally }) => tally);
  }

  opinion(signature: string): Opinion {
    const opinion = { ...NO_OPINION };
    for (const vote of this.#votes.values()) if (vote.signature === signature) opinion[vote.vote] += 1;
    return opinion;
  }

  /** Everything that decisions rest on, in an order of its own: equal for equal memories. */
  dump(): unknown {
    const byKey = <T>(entries: Iterable<[string, T]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    const counted = [...this.#entries].map(([key, { tally }]): [string, Tally] => [key, tally]);
    return {
      lessons: byKey(this.#lessons),
      // A place whose only account was corrected away is as good as one that never was.
      tallies: byKey(counted.filter(([, tally]) => Object.values(tally).some((n) => n > 0))),
      votes: byKey(this.#votes),
    };
  }

  #entry(key: string, within: string): Entry {
    const known = this.#entries.get(key);
    if (known) return known;
    const entry = { key, tally: NO_TALLY, seenAt: 0 };
    this.#entries.set(key, entry);
    const siblings = this.#within.get(within);
    if (siblings) siblings.push(entry);
    else this.#within.set(within, [entry]);
    return entry;
  }
}
