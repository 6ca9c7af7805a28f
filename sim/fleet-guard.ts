/** The storm guard of a simulated fleet: the books that the fleet's object keeps in tables, before the real judge. */
import { INCIDENT_TYPES, type IncidentType } from "../src/contract/incident.ts";
import type { FleetGuard } from "../src/contract/rpc/fleet.ts";
import { judgeStorm, LOST_AFTER_MS, newStorm, type StormState, stormWake } from "../src/core/fleet/storm.ts";
import { restOf } from "../src/core/fleet/storm-spread.ts";
import { stormTest } from "../src/core/fleet/storm-tests.ts";

export interface GuardSettings {
  roster: number;
  startAt: number;
  /** What a plugin shares with others: its version, its platform's version. */
  groupsOf(id: string): readonly string[];
  /** Plugins of a group. */
  sizeOf(group: string): number;
}

interface Book {
  state: StormState;
  since: Map<string, number>;
  /** Of the last count, so that a fleet that asks every second is counted once. */
  counted: { at: number; silent: number; fresh: number; lost: number } | null;
}

export class SimulatedGuard {
  readonly storms: { type: IncidentType; from: number; to: number | null }[] = [];
  readonly #settings: GuardSettings;
  readonly #books: Record<IncidentType, Book>;

  constructor(settings: GuardSettings) {
    this.#settings = settings;
    const book = (): Book => ({ state: newStorm(settings.startAt), since: new Map(), counted: null });
    this.#books = {
      heartbeat_missed: book(),
      webhook_fail_rate: book(),
      webhook_disabled: book(),
      error_spike: book(),
      new_error: book(),
    };
  }

  report(type: IncidentType, id: string, open: boolean, now: number): void {
    const book = this.#books[type];
    if (book.since.has(id) === open) return;
    if (open) book.since.set(id, now);
    else book.since.delete(id);
    book.counted = null;
    this.#judge(type, now, open ? 1 : 0);
  }

  ask(now: number): FleetGuard {
    const verdicts = INCIDENT_TYPES.map((type) => ({ type, ...this.#judge(type, now, 0) }));
    const storms = verdicts
      .filter(({ storm }) => storm)
      .map(({ type, explanation }) => ({ type, explanation }));
    const explanation = (storms[0] ?? verdicts[0])?.explanation ?? "";
    const rising = verdicts.some((verdict) => verdict.rising);
    return {
      storm: storms.length > 0,
      storms,
      rising,
      explanation,
      autonomy: "normal",
      actions_last_hour: 0,
    };
  }

  /** When it must be asked again though nobody reports; null when all is calm. */
  wake(now: number): number | null {
    const wakes = INCIDENT_TYPES.map((type) =>
      stormWake(this.#books[type].state, now, stormTest(type)),
    ).filter((at) => at !== null);
    return wakes.length === 0 ? null : Math.min(...wakes);
  }

  #judge(type: IncidentType, now: number, newly: number) {
    const book = this.#books[type];
    const { roster } = this.#settings;
    const counted = this.#counted(book, type, now);
    const rest = type === "heartbeat_missed" ? {} : { rest: () => this.#rest(book, type, now, counted.lost) };
    const verdict = judgeStorm(book.state, { now, roster, ...counted, newly, ...rest }, stormTest(type));
    book.state = verdict.state;
    const last = this.storms.findLast((storm) => storm.type === type);
    const underWay = last !== undefined && last.to === null;
    if (verdict.storm && !underWay) this.storms.push({ type, from: now, to: null });
    if (!verdict.storm && underWay) last.to = now;
    return verdict;
  }

  #counted(book: Book, type: IncidentType, now: number) {
    if (book.counted?.at === now) return book.counted;
    const counted = { at: now, silent: 0, fresh: 0, lost: 0 };
    const { windowMs } = stormTest(type);
    for (const since of book.since.values()) {
      if (now - since < LOST_AFTER_MS) counted.silent += 1;
      else counted.lost += 1;
      if (now - since <= windowMs) counted.fresh += 1;
    }
    book.counted = counted;
    return counted;
  }

  /** No cohort is open in this world: the largest group stands for it. */
  #rest(book: Book, type: IncidentType, now: number, lost: number) {
    const { windowMs } = stormTest(type);
    const fresh = [...book.since].filter(([, since]) => now - since <= windowMs);
    const affected = fresh.map(([id]) => ({ groups: this.#settings.groupsOf(id) }));
    return restOf(affected, this.#settings.roster - lost, new Set(), (group) => this.#settings.sizeOf(group));
  }
}
