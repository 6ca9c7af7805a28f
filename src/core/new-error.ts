/**
 * A fingerprint that was never seen before the version changed, three times or more after it: the strongest hint that the release did
 * it. For a day after a change, unseen fingerprints are held as fresh; then they count as known. Pure.
 */
import type { ErrorReport } from "../contract/heartbeat.ts";
import { NEW_ERROR, SUSPICION_LAPSES_MS } from "./detection-tuning.ts";
import { countError, type FrequentError, fadeErrors } from "./error-frequency.ts";
import { duration, type Finding, instant, instantOrNull, secondsSince } from "./finding.ts";
import { addSeen, hasSeen, NONE_SEEN } from "./seen-fingerprints.ts";
import { NEW_ERROR_SEVERITY } from "./severity.ts";
import { storableText } from "./storable-text.ts";

export interface FreshError {
  fingerprint: string;
  message: string;
  /** Since the change, or since it last counted as over. */
  count: number;
  firstAt: number;
  lastAt: number;
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
    fresh: alarms.map((fresh) => ({ ...fresh, count: 0 })),
    changedAt: now,
    requestsSinceChange: 0,
    quietSince: now,
    quietRequests: 0,
  };
}

/** One more chance for the fresh errors, without a change of version: counts start again. */
export function resetFreshCounts(state: NewError, now: number): NewError {
  return {
    ...state,
    fresh: state.fresh.map((fresh) => ({ ...fresh, count: 0 })),
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

export function newErrorFinding(state: NewError, now: number): Finding {
  const worst = worstFresh(state);
  const count = worst?.count ?? 0;
  const firing = count >= NEW_ERROR.occurrences;
  const suspect = count >= NEW_ERROR.suspectOccurrences;
  return {
    type: "new_error",
    firing,
    cleared: !firing && isQuiet(state, now),
    severity: NEW_ERROR_SEVERITY,
    fingerprint: firing && worst !== null ? worst.fingerprint : "",
    standing: firing ? "firing" : suspect ? "suspect" : isWatching(state, now) ? "normal" : "learning",
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

function observeReport(state: NewError, report: ErrorReport, now: number): NewError {
  const fingerprint = storableText(report.fingerprint, NEW_ERROR.fingerprintChars);
  const next = { ...state, frequent: countError(state.frequent, fingerprint, report.count) };
  const at = state.fresh.findIndex((fresh) => fresh.fingerprint === fingerprint);
  const held = state.fresh[at];
  if (held !== undefined) {
    const firstAt = held.count === 0 ? now : held.firstAt;
    const count = Math.min(held.count + report.count, 1e12);
    return noisy({ ...next, fresh: state.fresh.with(at, { ...held, firstAt, count, lastAt: now }) }, at, now);
  }
  if (hasSeen(state.seen, fingerprint)) return next;
  if (!isWatching(state, now)) return { ...next, seen: addSeen(state.seen, fingerprint) };
  const message = storableText(report.message, NEW_ERROR.messageChars);
  const added: FreshError = { fingerprint, message, count: report.count, firstAt: now, lastAt: now };
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
  return fresh.count >= NEW_ERROR.occurrences ? { ...fresh, count: 0 } : fresh;
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
  const isAlarm = ({ count }: FreshError): boolean => count >= NEW_ERROR.occurrences;
  return [fresh.filter(isAlarm), fresh.filter((each) => !isAlarm(each))];
}

function worstFresh(state: NewError): FreshError | null {
  return state.fresh.reduce<FreshError | null>(
    (worst, fresh) => (worst === null || fresh.count > worst.count ? fresh : worst),
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
  return (
    `Error ${worst.fingerprint} ("${worst.message}") occurred ${times} since the version changed at ` +
    `${instant(state.changedAt)} and never before it; alarm at ${NEW_ERROR.occurrences}.`
  );
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}
