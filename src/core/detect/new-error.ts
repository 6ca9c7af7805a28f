/**
 * A fingerprint that was never seen before the version changed, three times or more after it: the strongest hint that the release did
 * it, provided that it was watched for long enough before. For a day after a change, unseen fingerprints are held as
 * fresh; then they count as known. Pure.
 */
import type { ErrorReport } from "../../contract/heartbeat.ts";
import { storableText } from "../storable-text.ts";
import { NEW_ERROR, SUSPICION_LAPSES_MS } from "./detection-tuning.ts";
import { countError, type FrequentError, fadeErrors } from "./error-frequency.ts";
import { duration, type Finding, instant, instantOrNull, secondsSince } from "./finding.ts";
import { algorithmsOf, incomparable } from "./fingerprint-algorithm.ts";
import { addSeen, hasSeen, NONE_SEEN } from "./seen-fingerprints.ts";
import { NEW_ERROR_SEVERITY } from "./severity.ts";

export interface FreshError {
  fingerprint: string;
  message: string;
  /** Since the change, or since it last counted as over. */
  count: number;
  firstAt: number;
  lastAt: number;
  /**
   * How often it would have shown itself before the change at its rate since, by requests served, or where those were not counted by
   * time; the most that any occurrence said. Absent where it is unknown what was watched before: then it counts as enough.
   */
  due?: number;
}

export interface NewError {
  frequent: FrequentError[];
  /** Fingerprints seen before the change (seen-fingerprints.ts). */
  seen: string;
  fresh: FreshError[];
  changedAt: number | null;
  requestsSinceChange: number;
  /** Since the last fresh occurrence or the change, whichever is later: when, and requests served. */
  quietSince: number | null;
  quietRequests: number;
  /** How much quiet proves that a fresh error is over, given how often it occurred. */
  needsRequests: number;
  needsMs: number;
  lastAt: number | null;
  /** When the first beat came, ms since epoch. */
  startedAt?: number;
  /** What had been watched when the version changed. Absent in states stored before it was kept: then it counts as enough. */
  before?: Watched;
  /** Fingerprint algorithms that were in use before the change. */
  algorithms?: number[];
}

interface Watched {
  ms: number;
  requests: number;
}

export function newNewError(): NewError {
  return {
    frequent: [],
    seen: NONE_SEEN,
    fresh: [],
    changedAt: null,
    requestsSinceChange: 0,
    quietSince: null,
    quietRequests: 0,
    needsRequests: NEW_ERROR.minQuietRequests,
    needsMs: NEW_ERROR.minQuietMs,
    lastAt: null,
    before: { ms: 0, requests: 0 },
  };
}

/**
 * The version changed: what was seen until now is "before". A fresh error that is an alarm stays fresh with a count of zero, so that
 * a fix which does not stop it is caught by three more occurrences.
 */
export function freezeKnownErrors(state: NewError, now: number): NewError {
  const [alarms, others] = partition(state.fresh);
  return {
    ...state,
    seen: others.reduce((seen, { fingerprint }) => addSeen(seen, fingerprint), state.seen),
    fresh: alarms.map(noneYet),
    changedAt: now,
    requestsSinceChange: 0,
    quietSince: now,
    quietRequests: 0,
    algorithms: algorithmsOf(state.frequent.map(([fingerprint]) => fingerprint)),
    ...(state.before && { before: watchedUntil(state, state.before, now) }),
  };
}

function watchedUntil(state: NewError, before: Watched, now: number): Watched {
  return {
    ms: before.ms + Math.max(0, now - (state.changedAt ?? state.startedAt ?? now)),
    requests: Math.min(before.requests + state.requestsSinceChange, 1e12),
  };
}

/** One more chance for the fresh errors, without a change of version: counts start again. */
export function resetFreshCounts(state: NewError, now: number): NewError {
  return {
    ...state,
    fresh: state.fresh.map(noneYet),
    quietSince: now,
    quietRequests: 0,
  };
}

/** One beat's error reports (counts since the beat before) and its requests (0 when not counted). */
export function observeErrors(
  state: NewError,
  reports: readonly ErrorReport[],
  requests: number,
  now: number,
): NewError {
  let next: NewError = {
    ...state,
    frequent: fadeErrors(state.frequent, state.lastAt === null ? 0 : now - state.lastAt),
    requestsSinceChange: Math.min(state.requestsSinceChange + requests, 1e12),
    quietSince: state.quietSince ?? now,
    quietRequests: Math.min(state.quietRequests + requests, 1e12),
    lastAt: now,
    startedAt: state.startedAt ?? state.lastAt ?? now,
  };
  for (const report of reports) next = observeReport(next, report, now);
  if (isQuiet(next, now)) next = { ...next, fresh: next.fresh.map(overIfAlarm) };
  return isWatching(next, now) ? next : forgetFresh(next);
}

export function newErrorSuspect(state: NewError, now: number): boolean {
  return state.fresh.some(
    ({ count, lastAt }) => count >= NEW_ERROR.suspectOccurrences && now - lastAt <= SUSPICION_LAPSES_MS,
  );
}

export function newErrorFires({ fresh }: NewError): boolean {
  return fresh.some(isAlarm);
}

export function newErrorFinding(state: NewError, now: number): Finding {
  const worst = worstFresh(state);
  const count = worst?.count ?? 0;
  const many = count >= NEW_ERROR.occurrences;
  const firing = worst !== null && isAlarm(worst);
  const suspect = count >= NEW_ERROR.suspectOccurrences;
  return {
    type: "new_error",
    firing,
    cleared: !firing && isQuiet(state, now),
    severity: NEW_ERROR_SEVERITY,
    fingerprint: firing && worst !== null ? worst.fingerprint : "",
    standing: standing(state, firing, many, suspect, now),
    signal: {
      type: "new_error",
      method: "unseen-fingerprint",
      value: state.changedAt === null ? null : count,
      bound: NEW_ERROR.occurrences,
      sample: count,
      window_s: secondsSince(state.changedAt, now, 0),
      onset_at: instantOrNull(worst === null || count === 0 ? null : worst.firstAt),
      explanation: explain(state, worst, now),
    },
  };
}

function standing(
  state: NewError,
  firing: boolean,
  many: boolean,
  suspect: boolean,
  now: number,
): Finding["standing"] {
  if (firing) return "firing";
  if (many) return "not_enough_data";
  if (suspect) return "suspect";
  return isWatching(state, now) ? "normal" : "learning";
}

function isAlarm({ count, due }: FreshError): boolean {
  return count >= NEW_ERROR.occurrences && (due ?? Infinity) >= NEW_ERROR.dueBefore;
}

/** `count` occurrences since the change stand for so many before it. */
function withDue(state: NewError, fresh: FreshError, now: number): FreshError {
  const { before, requestsSinceChange } = state;
  if (before === undefined) return fresh;
  const byRequests = before.requests > 0 && requestsSinceChange > 0;
  const times = byRequests
    ? before.requests / requestsSinceChange
    : before.ms / Math.max(1, now - (state.changedAt ?? now));
  return { ...fresh, due: Math.round(Math.max(fresh.due ?? 0, fresh.count * times) * 100) / 100 };
}

function observeReport(state: NewError, report: ErrorReport, now: number): NewError {
  const fingerprint = storableText(report.fingerprint, NEW_ERROR.fingerprintChars);
  const next = { ...state, frequent: countError(state.frequent, fingerprint, report.count) };
  const at = state.fresh.findIndex((fresh) => fresh.fingerprint === fingerprint);
  const held = state.fresh[at];
  if (held !== undefined) {
    const firstAt = held.count === 0 ? now : held.firstAt;
    const count = Math.min(held.count + report.count, 1e12);
    const again = withDue(state, { ...held, firstAt, count, lastAt: now }, now);
    return noisy({ ...next, fresh: state.fresh.with(at, again) }, at, now);
  }
  if (hasSeen(state.seen, fingerprint)) return next;
  if (!isWatching(state, now) || incomparable(fingerprint, state.algorithms ?? []))
    return { ...next, seen: addSeen(state.seen, fingerprint) };
  const message = storableText(report.message, NEW_ERROR.messageChars);
  const first: FreshError = { fingerprint, message, count: report.count, firstAt: now, lastAt: now };
  const added = withDue(state, first, now);
  if (state.fresh.length < NEW_ERROR.maxFresh) {
    return noisy({ ...next, fresh: [...state.fresh, added] }, state.fresh.length, now);
  }
  // Full: only an entry that is no alarm may give way, so that noise cannot push an alarm out.
  const rarest = state.fresh.reduce(
    (least, fresh, i, all) => (fresh.count < (all[least]?.count ?? 0) ? i : least),
    0,
  );
  if ((state.fresh[rarest]?.count ?? 0) >= Math.min(report.count, NEW_ERROR.occurrences)) return next;
  return noisy({ ...next, fresh: state.fresh.with(rarest, added) }, rarest, now);
}

/** A fresh error occurred: quiet starts again, and how long it must last follows from how often this one comes. */
function noisy(state: NewError, at: number, now: number): NewError {
  const fresh = state.fresh[at];
  const count = fresh?.count ?? 1;
  const apartMs = fresh === undefined || count < 2 ? 0 : (fresh.lastAt - fresh.firstAt) / (count - 1);
  return {
    ...state,
    quietSince: now,
    quietRequests: 0,
    needsRequests: Math.round(
      clamp(
        (NEW_ERROR.absence * state.requestsSinceChange) / count,
        NEW_ERROR.minQuietRequests,
        NEW_ERROR.maxQuietRequests,
      ),
    ),
    needsMs: Math.round(clamp(NEW_ERROR.absenceGaps * apartMs, NEW_ERROR.minQuietMs, NEW_ERROR.maxQuietMs)),
  };
}

/** Judged by beats that arrived, never by the clock alone: a silent plugin proves nothing. */
function isQuiet(state: NewError, now: number): boolean {
  if (state.quietSince === null || state.lastAt === null) return false;
  const quietMs = Math.min(now, state.lastAt) - state.quietSince;
  if (state.requestsSinceChange === 0) return quietMs >= Math.max(state.needsMs, NEW_ERROR.uncountedQuietMs);
  return quietMs >= state.needsMs && state.quietRequests >= state.needsRequests;
}

function isWatching(state: NewError, now: number): boolean {
  return state.changedAt !== null && now - state.changedAt < NEW_ERROR.watchMs;
}

function overIfAlarm(fresh: FreshError): FreshError {
  return isAlarm(fresh) ? noneYet(fresh) : fresh;
}

/** The day after the change is over: what is no alarm counts as known from now on. */
function forgetFresh(state: NewError): NewError {
  const [alarms, others] = partition(state.fresh);
  if (others.length === 0) return state;
  return {
    ...state,
    fresh: alarms,
    seen: others.reduce((seen, { fingerprint }) => addSeen(seen, fingerprint), state.seen),
  };
}

function partition(fresh: readonly FreshError[]): [alarms: FreshError[], others: FreshError[]] {
  return [fresh.filter(isAlarm), fresh.filter((each) => !isAlarm(each))];
}

/** Counting starts again. Where it stood against the past stays known: what was once unseen for long enough needs no new proof. */
function noneYet(fresh: FreshError): FreshError {
  return { ...fresh, count: 0 };
}

/** An alarm before anything else, then the most frequent. */
function worstFresh(state: NewError): FreshError | null {
  const weight = (fresh: FreshError): number => fresh.count + (isAlarm(fresh) ? 1e12 : 0);
  return state.fresh.reduce<FreshError | null>(
    (worst, fresh) => (worst === null || weight(fresh) > weight(worst) ? fresh : worst),
    null,
  );
}

function explain(state: NewError, worst: FreshError | null, now: number): string {
  if (state.changedAt === null)
    return "Learning which errors this version has; no change of version seen yet.";
  if (worst === null || worst.count === 0) {
    return isWatching(state, now)
      ? `No unseen error since the version changed at ${instant(state.changedAt)}.`
      : `The version changed more than ${duration(NEW_ERROR.watchMs)} ago; its errors now count as known.`;
  }
  const times = worst.count === 1 ? "once" : `${worst.count} times`;
  const known =
    worst.count < NEW_ERROR.occurrences || isAlarm(worst) || state.before === undefined
      ? ""
      : ` Too little was watched before the change (${state.before.requests} requests, ${duration(state.before.ms)}) to call it new.`;
  return (
    `Error ${worst.fingerprint} ("${worst.message}") occurred ${times} since the version changed at ` +
    `${instant(state.changedAt)} and never before it; alarm at ${NEW_ERROR.occurrences}.${known}`
  );
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}
