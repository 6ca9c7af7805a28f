/**
 * Errors rise far above what this plugin is used to. Three ways, the best that its figures allow: errors per request (error-ratio.ts),
 * errors per hour where requests are not counted, or the client's own 24 h gauge (two beats in a row); the last
 * two against a limit that clumpy counts do not trip (count-limit.ts). Pure.
 */
import { hasRecovered, referenceShare } from "./bernoulli-cusum.ts";
import { type CountBaseline, countLimit, learnHour, newCountBaseline } from "./count-limit.ts";
import { COUNT_LIMIT, ERROR_RATIO, SUSPICION_LAPSES_MS } from "./detection-tuning.ts";
import {
  type ErrorRatio,
  newErrorRatio,
  observeRatio,
  ratioLearned,
  ratioShare,
  ratioTest,
  resetErrorRatio,
} from "./error-ratio.ts";
import { type Finding, instant, instantOrNull, percent, secondsSince } from "./finding.ts";
import type { Sums } from "./rolling-window.ts";
import { errorSeverity } from "./severity.ts";

type Basis = "none" | "requests" | "counts" | "gauge";

export interface ErrorSpike {
  basis: Basis;
  ratio: ErrorRatio;
  /** Without requests: the running rate (errors an hour, or the gauge's 24 h count) and its learned baseline. */
  rate: number;
  baseline: CountBaseline;
  /** Beats in a row at or above the limit. */
  high: number;
  firing: boolean;
  onsetAt: number | null;
  /** When the rate was last at or above the leave level, or was reset. */
  highAt: number | null;
  lastAt: number | null;
}

export function newErrorSpike(): ErrorSpike {
  return {
    basis: "none",
    ratio: newErrorRatio(),
    rate: 0,
    baseline: newCountBaseline(),
    high: 0,
    firing: false,
    onsetAt: null,
    highAt: null,
    lastAt: null,
  };
}

/** Forgets the spike, keeps what was learned. */
export function resetErrorSpike(state: ErrorSpike, now: number): ErrorSpike {
  return {
    ...state,
    ratio: resetErrorRatio(state.ratio),
    rate: 0,
    high: 0,
    firing: false,
    onsetAt: null,
    highAt: now,
  };
}

/**
 * `delta` is null for a client without counters, whose `gauge` (errors in the last 24 h) is then used.
 * `finishedHours`: error counts of the hours that ended since the last beat, oldest first.
 */
export function observeErrorSpike(
  state: ErrorSpike,
  delta: Pick<Sums, "errors" | "requests"> | null,
  gauge: number | undefined,
  finishedHours: readonly number[],
  now: number,
  since: number = now,
): ErrorSpike {
  const basis = nextBasis(state.basis, delta, gauge);
  if (basis === "none") return state;
  if (basis === "requests") {
    const { errors, requests } = delta ?? { errors: 0, requests: 0 };
    const ratio = observeRatio(state.ratio, requests, errors, now, since);
    return { ...state, basis, ratio, firing: false, high: 0, onsetAt: null, lastAt: now };
  }
  const fadedBy = Math.exp(-Math.max(0, now - (state.lastAt ?? now)) / COUNT_LIMIT.rateMs);
  const rate = basis === "gauge" ? (gauge ?? state.rate) : round(state.rate * fadedBy + (delta?.errors ?? 0));
  const hours = basis === "gauge" ? finishedHours.map(() => rate) : finishedHours;
  const quiet = !state.firing && state.high === 0;
  const baseline = quiet ? hours.reduce(learnHour, state.baseline) : state.baseline;
  return judgeCounts({ ...state, basis, rate, baseline, lastAt: now }, now);
}

export function errorSpikeSuspect(state: ErrorSpike, now: number): boolean {
  if (state.basis === "requests") {
    const { sum, lastFailureAt } = state.ratio.cusum;
    return sum >= ERROR_RATIO.faster && lastFailureAt !== null && now - lastFailureAt <= SUSPICION_LAPSES_MS;
  }
  const limit = limitOf(state);
  return limit !== null && state.rate >= limit / 2;
}

export function errorSpikeFires(state: ErrorSpike): boolean {
  return state.basis === "requests" ? state.ratio.cusum.firing : state.firing;
}

/** It has been learned what is usual, or what is seen is beyond doubt. */
export function errorsKnown(state: ErrorSpike): boolean {
  const { basis, ratio } = state;
  if (basis !== "requests") return basis !== "none" && (state.firing || limitOf(state) !== null);
  return ratio.cusum.firing || ratio.cusum.sum >= ERROR_RATIO.enter / 2 || ratioLearned(ratio);
}

/** `fingerprint`: the error that dominates the last hour, or "". */
export function errorSpikeFinding(
  state: ErrorSpike,
  lastHour: Sums,
  fingerprint: string,
  now: number,
): Finding {
  return state.basis === "requests"
    ? ratioFinding(state.ratio, lastHour, fingerprint, now)
    : countFinding(state, lastHour, fingerprint, now);
}

/** Once requests were counted they stay the basis; counters beat the gauge. */
function nextBasis(basis: Basis, delta: Pick<Sums, "requests"> | null, gauge: number | undefined): Basis {
  if (basis === "requests" || (delta !== null && delta.requests > 0)) return "requests";
  if (delta !== null || basis === "counts") return "counts";
  return gauge === undefined ? basis : "gauge";
}

function limitOf(state: ErrorSpike): number | null {
  return countLimit(state.baseline, state.basis === "gauge" ? COUNT_LIMIT.gaugeFloor : COUNT_LIMIT.floor);
}

function judgeCounts(state: ErrorSpike, now: number): ErrorSpike {
  const limit = limitOf(state);
  if (limit === null) return state;
  const needed = state.basis === "gauge" ? COUNT_LIMIT.gaugeBeats : 1;
  const high = state.rate >= limit ? Math.min(state.high + 1, needed) : 0;
  const aboveLeave = state.rate >= limit * COUNT_LIMIT.leavePart;
  const firing = high >= needed || (state.firing && aboveLeave);
  return {
    ...state,
    high,
    firing,
    onsetAt: firing || high > 0 ? (state.onsetAt ?? now) : null,
    highAt: aboveLeave ? now : (state.highAt ?? now),
  };
}

function ratioFinding(ratio: ErrorRatio, lastHour: Sums, fingerprint: string, now: number): Finding {
  const { cusum } = ratio;
  const test = ratioTest(ratio);
  const bound = referenceShare(test);
  const share = ratioShare(ratio);
  const hourShare = lastHour.requests > 0 ? Math.min(1, lastHour.errors / lastHour.requests) : null;
  const suspect = cusum.sum >= test.enter / 2;
  return {
    type: "error_spike",
    firing: cusum.firing,
    cleared: hasRecovered(cusum),
    severity: errorSeverity((share ?? 0) / bound),
    fingerprint: cusum.firing ? fingerprint : "",
    standing: cusum.firing ? "firing" : suspect ? "suspect" : ratioLearned(ratio) ? "normal" : "learning",
    signal: {
      type: "error_spike",
      method: "bernoulli-cusum",
      value: share ?? hourShare,
      bound,
      sample: cusum.trials > 0 ? cusum.trials : lastHour.requests,
      window_s: secondsSince(cusum.onsetAt, now, 3600),
      onset_at: instantOrNull(cusum.onsetAt),
      explanation:
        (cusum.onsetAt === null
          ? "No evidence of a rise in errors. "
          : `${cusum.failures} of ${cusum.trials} requests had an error (${percent(share ?? 0)}) since ${instant(cusum.onsetAt)}; ` +
            `evidence ${cusum.sum.toFixed(1)}, alarm at ${test.enter}. `) +
        `${ratioLearned(ratio) ? "Learned" : "Still learning; assumed"} healthy level: up to ${percent(test.healthy)}, ` +
        `errors scatter ${Number((test.spread ?? 1).toFixed(1))} times as much as independent ones. ` +
        `Last hour: ${lastHour.errors} errors in ${lastHour.requests} requests.`,
    },
  };
}

function countFinding(state: ErrorSpike, lastHour: Sums, fingerprint: string, now: number): Finding {
  const limit = limitOf(state);
  const suspect = limit !== null && state.rate >= limit / 2;
  const quietMs =
    state.highAt === null || state.lastAt === null ? 0 : Math.min(now, state.lastAt) - state.highAt;
  const gauge = state.basis === "gauge";
  const known = state.basis !== "none";
  return {
    type: "error_spike",
    firing: state.firing,
    cleared: !state.firing && known && quietMs >= COUNT_LIMIT.quietMs,
    severity: errorSeverity(limit === null ? 0 : state.rate / limit),
    fingerprint: state.firing ? fingerprint : "",
    standing: countStanding(state, limit, suspect),
    signal: {
      type: "error_spike",
      method: gauge ? "gauge-limit" : "count-limit",
      value: known ? state.rate : null,
      bound: limit,
      sample: gauge ? Math.round(state.rate) : lastHour.errors,
      window_s: gauge ? 86_400 : 3600,
      onset_at: instantOrNull(state.onsetAt),
      explanation: explainCounts(state, limit),
    },
  };
}

function countStanding(state: ErrorSpike, limit: number | null, suspect: boolean): Finding["standing"] {
  if (state.firing) return "firing";
  if (state.basis === "none") return "not_enough_data";
  if (limit === null) return "learning";
  return suspect ? "suspect" : "normal";
}

function explainCounts(state: ErrorSpike, limit: number | null): string {
  if (state.basis === "none") return "No error figures reported yet.";
  const span =
    state.basis === "gauge" ? "in the last 24 h, by the plugin's own gauge" : "in about the last hour";
  const count = `${Number(state.rate.toFixed(1))} errors ${span}`;
  if (limit === null) {
    return `${count}. Learning what is usual: ${state.baseline.hours} of ${COUNT_LIMIT.minHours} hours; requests are not counted.`;
  }
  return (
    `${count}; alarm at ${Number(limit.toFixed(1))}, from a usual ${Number(state.baseline.mean.toFixed(1))} ` +
    `and at most ${Number(state.baseline.busiest.toFixed(1))} over ${state.baseline.hours} h learned. Requests are not counted.`
  );
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
