/**
 * How often a shop is visited at each hour of the day (UTC), for clients that beat only when somebody visits: a night's silence means
 * less than a noon's. Visits are held against the time that was waited for one, so the estimate is that of a rate which
 * changes by the hour (a piecewise constant Poisson process; Cox and Lewis 1966, ch. 3), and phi-accrual over it: what
 * was due by now and did not come. Pure.
 */
import { VISIT_HOURS } from "./detection-tuning.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;
const HORIZON_HOURS = 25;

export interface VisitHours {
  /** When watching began, ms since epoch. */
  since: number;
  /** By hour of the day: visits that ended a wait, and minutes waited for one. */
  visits: number[];
  minutes: number[];
  /** The longest hush that a visit ended, in visits that were due; fading. */
  hush: number;
}

export function newVisitHours(now: number): VisitHours {
  return { since: now, visits: zeros(), minutes: zeros(), hush: 0 };
}

/**
 * A beat at `toMs` after one at `fromMs`. `endedMs`: where the wait ended for learning, which is `toMs`, or earlier when the silence
 * outlasted its deadline: an outage tells nothing about visitors.
 */
export function observeVisit(state: VisitHours, fromMs: number, toMs: number, endedMs: number): VisitHours {
  const start = fromMs + VISIT_HOURS.afterMs;
  if (endedMs <= start) return state;
  const faded = state.hush * Math.exp(-(endedMs - fromMs) / VISIT_HOURS.hushMemoryMs);
  const visits = [...state.visits];
  const minutes = [...state.minutes];
  for (let at = start; at < endedMs; ) {
    const end = Math.min(endedMs, nextHour(at));
    const hour = hourOf(at);
    minutes[hour] = (minutes[hour] ?? 0) + (end - at) / 60_000;
    at = end;
  }
  if (endedMs >= toMs) {
    const hour = hourOf(toMs);
    visits[hour] = (visits[hour] ?? 0) + 1;
  }
  for (let hour = 0; hour < HOURS; hour++) fade(visits, minutes, hour);
  return { ...state, visits, minutes, hush: round(Math.max(faded, dueBetween(state, start, endedMs))) };
}

/** A whole day has been watched, and enough visits. */
export function visitHoursLearned(state: VisitHours, now: number): boolean {
  const visits = state.visits.reduce((sum, each) => sum + each, 0);
  return visits >= VISIT_HOURS.minVisits && now - state.since >= VISIT_HOURS.minObservedMs;
}

/** When a silence since `lastAt` is no longer that of a shop without visitors (ms since epoch); Infinity when a day does not suffice. */
export function hushEnd(state: VisitHours, lastAt: number): number {
  const needed = Math.max(VISIT_HOURS.phi * Math.LN10, VISIT_HOURS.longestHushFactor * state.hush);
  let due = 0;
  let variance = 0;
  let at = lastAt + VISIT_HOURS.afterMs;
  for (let hour = 0; hour < HORIZON_HOURS; hour++) {
    const end = nextHour(at);
    const [visits, minutes] = [state.visits[hourOf(at)] ?? 0, state.minutes[hourOf(at)] ?? 0];
    const perMs = minutes > 0 ? visits / (minutes * 60_000) : 0;
    const errorPerMs = minutes > 0 ? Math.sqrt(visits) / (minutes * 60_000) : 0;
    const surely = (ms: number): number =>
      VISIT_HOURS.trust *
      (due + perMs * ms - VISIT_HOURS.standardErrors * Math.sqrt(variance + (errorPerMs * ms) ** 2));
    if (surely(end - at) >= needed) return at + firstAbove(surely, needed, end - at);
    due += perMs * (end - at);
    variance += (errorPerMs * (end - at)) ** 2;
    at = end;
  }
  return Infinity;
}

/** Visits an hour that are usual at this time of the day; null when that is not known. */
export function usualVisits(state: VisitHours, at: number): number | null {
  const minutes = state.minutes[hourOf(at)] ?? 0;
  return minutes > 0 ? ((state.visits[hourOf(at)] ?? 0) / minutes) * 60 : null;
}

/** Visits that were due in between, on trust and less the same doubt as in a deadline, so that the two can be compared. */
function dueBetween(state: VisitHours, fromMs: number, toMs: number): number {
  let due = 0;
  let variance = 0;
  for (let at = fromMs; at < toMs; ) {
    const end = Math.min(toMs, nextHour(at));
    const minutes = state.minutes[hourOf(at)] ?? 0;
    if (minutes > 0) {
      const visits = state.visits[hourOf(at)] ?? 0;
      const share = (end - at) / (minutes * 60_000);
      due += visits * share;
      variance += visits * share * share;
    }
    at = end;
  }
  return Math.max(0, VISIT_HOURS.trust * (due - VISIT_HOURS.standardErrors * Math.sqrt(variance)));
}

/** The function may dip below zero before it rises; it is above at `end`, and its last crossing is wanted. */
function firstAbove(surely: (ms: number) => number, needed: number, end: number): number {
  let [low, high] = [0, end];
  while (high - low > 1000) {
    const middle = (low + high) / 2;
    if (surely(middle) >= needed) high = middle;
    else low = middle;
  }
  return Math.ceil(high);
}

function fade(visits: number[], minutes: number[], hour: number): void {
  const [seen, waited] = [visits[hour] ?? 0, minutes[hour] ?? 0];
  const kept = Math.min(
    1,
    VISIT_HOURS.memoryMinutes / Math.max(waited, 1e-9),
    VISIT_HOURS.memoryVisits / Math.max(seen, 1e-9),
  );
  visits[hour] = round(seen * kept);
  minutes[hour] = round(waited * kept);
}

function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) % HOURS;
}

function nextHour(at: number): number {
  return (Math.floor(at / HOUR_MS) + 1) * HOUR_MS;
}

function zeros(): number[] {
  return new Array<number>(HOURS).fill(0);
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
