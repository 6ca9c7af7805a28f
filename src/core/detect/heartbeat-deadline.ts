/**
 * When silence starts to mean something. Resident clients run a timer and are held to it. Page-view clients beat when somebody visits:
 * their deadline is learned from the gaps between beats by a phi-accrual detector (Hayashibara et al. 2004), with an exponential
 * tail, since waiting for a visitor has one (as Cassandra does; a normal tail calls every quiet hour an outage). Once a day has been
 * watched, it accrues by the hour of the day (visit-hours.ts). Pure.
 */
import type { Cadence } from "../../contract/heartbeat.ts";
import { PAGE_VIEW, RESIDENT_SLACK_MS } from "./detection-tuning.ts";
import { duration, type Finding, instant } from "./finding.ts";
import { HEARTBEAT_MISSED_SEVERITY } from "./severity.ts";
import { hushEnd, newVisitHours, observeVisit, type VisitHours, visitHoursLearned } from "./visit-hours.ts";

export interface Arrivals {
  firstAt: number | null;
  lastAt: number | null;
  cadence: Cadence;
  /** The plugin announced that it stops: silence is planned. */
  goodbye: boolean;
  /** Gaps learned from, and their exponentially weighted mean (ms) and variance (ms squared). */
  gaps: number;
  meanMs: number;
  variance: number;
  /** Longest gap, fading over a week. */
  longestMs: number;
  /** Absent for resident clients, and in states stored before it was learned. */
  hours?: VisitHours;
}

export function newArrivals(): Arrivals {
  return {
    firstAt: null,
    lastAt: null,
    cadence: "resident",
    goodbye: false,
    gaps: 0,
    meanMs: 0,
    variance: 0,
    longestMs: 0,
  };
}

export function observeArrival(
  state: Arrivals,
  beat: { cadence: Cadence; goodbye: boolean },
  now: number,
): Arrivals {
  const next: Arrivals = {
    ...state,
    firstAt: state.firstAt ?? now,
    lastAt: Math.max(now, state.lastAt ?? now),
    cadence: beat.cadence,
    goodbye: beat.goodbye,
  };
  const plannedSilence = state.goodbye || beat.cadence !== "page-view" || state.cadence !== "page-view";
  if (state.lastAt === null || plannedSilence) return next;
  // An outage teaches at most its deadline: otherwise one long silence would excuse the next.
  const gap = Math.min(Math.max(0, now - state.lastAt), deadlineGap(state, 0) ?? PAGE_VIEW.ceilingMs);
  const hours = state.hours ?? newVisitHours(state.lastAt);
  const weight = Math.max(1 / (state.gaps + 1), 1 / PAGE_VIEW.memoryGaps);
  const off = gap - state.meanMs;
  const faded = state.longestMs * Math.exp(-gap / PAGE_VIEW.longestMemoryMs);
  return {
    ...next,
    gaps: Math.min(state.gaps + 1, 1_000_000),
    meanMs: Math.round(state.meanMs + weight * off),
    variance: Math.round((1 - weight) * (state.variance + weight * off * off)),
    longestMs: Math.round(Math.max(gap, faded)),
    hours: observeVisit(hours, state.lastAt, now, state.lastAt + gap),
  };
}

/** Milliseconds of silence that are allowed after a beat; null while still learning. `intervalMs`: asked for by the server last. */
export function deadlineGap(state: Arrivals, intervalMs: number): number | null {
  if (state.cadence === "resident") return intervalMs + RESIDENT_SLACK_MS;
  if (!learned(state)) return null;
  const gap = Math.max(gapByHours(state) ?? gapByAll(state), 2 * intervalMs, PAGE_VIEW.floorMs);
  return Math.round(Math.min(gap, PAGE_VIEW.ceilingMs));
}

/** Null until the hours of the day have been learned. */
function gapByHours(state: Arrivals): number | null {
  if (state.hours === undefined || state.lastAt === null) return null;
  return visitHoursLearned(state.hours, state.lastAt)
    ? hushEnd(state.hours, state.lastAt) - state.lastAt
    : null;
}

/** From all gaps alike. */
function gapByAll(state: Arrivals): number {
  // P(gap > t) = exp(-(t - mean + sd) / sd) = 10^-phi, solved for t.
  const byPhi = state.meanMs + Math.sqrt(state.variance) * (PAGE_VIEW.phi * Math.LN10 - 1);
  return Math.max(byPhi, PAGE_VIEW.longestGapFactor * state.longestMs);
}

/** Ms since epoch; null when silence means nothing: never beaten, said goodbye, still learning. */
export function heartbeatDeadline(state: Arrivals, intervalMs: number): number | null {
  if (state.lastAt === null || state.goodbye) return null;
  const gap = deadlineGap(state, intervalMs);
  return gap === null ? null : state.lastAt + gap;
}

export function heartbeatMissed(state: Arrivals, intervalMs: number, now: number): boolean {
  return isPast(heartbeatDeadline(state, intervalMs), now);
}

function isPast(deadline: number | null, now: number): deadline is number {
  return deadline !== null && now >= deadline;
}

/**
 * Detected at its deadline, whenever somebody looks; the onset is the last beat, the earliest that contact can have been lost, so
 * that the time to detect is never flattered. A beat is itself the proof that silence is over.
 */
export function heartbeatFinding(state: Arrivals, intervalMs: number, now: number): Finding {
  const deadline = heartbeatDeadline(state, intervalMs);
  const firing = isPast(deadline, now);
  const silentMs = state.lastAt === null ? null : Math.max(0, now - state.lastAt);
  return {
    type: "heartbeat_missed",
    firing,
    ...(firing ? { firingSince: deadline } : {}),
    cleared: !firing && state.lastAt !== null,
    severity: HEARTBEAT_MISSED_SEVERITY,
    fingerprint: "",
    standing: standing(state, deadline, firing),
    signal: {
      type: "heartbeat_missed",
      method: state.cadence === "resident" ? "fixed-deadline" : "phi-accrual",
      value: silentMs === null ? null : silentMs / 1000,
      bound: deadline === null || state.lastAt === null ? null : (deadline - state.lastAt) / 1000,
      sample: state.gaps,
      window_s: silentMs === null ? 0 : Math.round(silentMs / 1000),
      onset_at: firing && state.lastAt !== null ? instant(state.lastAt) : null,
      explanation: explain(state, deadline, silentMs, firing),
    },
  };
}

function learned(state: Arrivals): boolean {
  const observedMs = (state.lastAt ?? 0) - (state.firstAt ?? 0);
  return state.gaps >= PAGE_VIEW.minGaps && observedMs >= PAGE_VIEW.minObservedMs;
}

function standing(state: Arrivals, deadline: number | null, firing: boolean): Finding["standing"] {
  if (firing) return "firing";
  if (deadline !== null) return "normal";
  return state.lastAt === null || state.goodbye ? "not_enough_data" : "learning";
}

function explain(state: Arrivals, deadline: number | null, silentMs: number | null, firing: boolean): string {
  if (state.lastAt === null || silentMs === null) return "The plugin has never sent a heartbeat.";
  if (state.goodbye) return `The plugin said goodbye at ${instant(state.lastAt)}: its silence is planned.`;
  if (deadline === null) {
    return (
      `Learning how often this shop is visited: ${state.gaps} of ${PAGE_VIEW.minGaps} gaps, ` +
      `over ${duration(state.lastAt - (state.firstAt ?? state.lastAt))} of ${duration(PAGE_VIEW.minObservedMs)}.`
    );
  }
  const allowed = duration(deadline - state.lastAt);
  const basis =
    state.cadence === "resident"
      ? "a resident client, held to its interval"
      : `learned from ${state.gaps} gaps with a mean of ${duration(state.meanMs)}` +
        (gapByHours(state) === null ? "" : ", by the hour of the day");
  return firing
    ? `No heartbeat for ${duration(silentMs)}; ${allowed} are allowed (${basis}). Overdue since ${instant(deadline)}.`
    : `Last heartbeat ${duration(silentMs)} ago; ${allowed} are allowed (${basis}).`;
}
