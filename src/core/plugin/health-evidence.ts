/**
 * What has been seen since a change, weighed beat by beat against the plugin's own baseline. Pure.
 *
 * Worse than before: a Bernoulli CUSUM of "worse" against "as before" on each figure (`bernoulli-cusum.ts`), so that a failure which
 * begins late is seen as soon as one at once. As before: Wald's sequential test of "as before" against "as during the fault",
 * held at zero from below, so that a bad start can be made good and silence proves nothing (Wald 1945, "Sequential
 * tests of statistical hypotheses"). Probes are trials with assumed error rates of their own. What would have been just so while the
 * fault went on is kept apart: probes that passed during it, and seconds in which nothing was to be seen failing.
 */
import type { ProbeReport } from "../../contract/heartbeat.ts";
import { type Batch, type Cusum, evidenceOf, newCusum, updateCusum } from "../detect/bernoulli-cusum.ts";
import type { Sums } from "../detect/rolling-window.ts";
import { HEALTH } from "./tuning.ts";
import { type Baseline, yardstickOf } from "./yardstick.ts";

type Millis = number;

/** PERSISTED with the attempt's phase. Levels in nats. */
export interface HealthEvidence {
  /** Until when it has been counted. */
  at: Millis;
  webhooks: Cusum;
  errors: Cusum;
  /** Log odds that webhooks, or errors, are as before the fault and not as during it. */
  webhooksWell: number;
  errorsWell: number;
  /** How much of `errorsWell` comes from seconds without a sign of traffic; none when absent. */
  errorsIdle?: number;
  /** Log odds for a broken plugin by its probes. */
  probesBad: number;
  /** For a sound one, by probes that passed before the change, or were not heard of: they passed during the fault. */
  probesWell: number;
  /** For a sound one, by probes that failed before the change and have passed since; 0 when absent. */
  probesMended?: number;
  /** Probes that failed before the change, and have not passed since: they say nothing about it. */
  failedBefore?: string[];
  /** Probes that failed before the change, and have passed since. */
  mended?: string[];
  /** Of a client without counters: its last word on errors, and beats in a row with few and with more failing webhooks than before. */
  gaugeErrors?: number;
  gaugeLow: number;
  gaugeHigher: number;
}

/** `failedBefore`: names of the probes that failed when they were last heard of before the change. */
export function newHealthEvidence(now: Millis, failedBefore: string[] = []): HealthEvidence {
  return {
    at: now,
    ...(failedBefore.length === 0 ? {} : { failedBefore }),
    webhooks: newCusum(),
    errors: newCusum(),
    webhooksWell: 0,
    errorsWell: 0,
    probesBad: 0,
    probesWell: 0,
    gaugeLow: 0,
    gaugeHigher: 0,
  };
}

export interface WatchedBeat {
  /** Counted since the beat before; null when nothing was, or when it belongs to what ran before. */
  delta: Sums | null;
  probes: readonly ProbeReport[];
  /** The client's own figures, looked at only without counters. */
  gauges: { errors_last_24h?: number | undefined; webhook_fail_rate?: number | undefined } | null;
}

/** One beat of what runs since the change. */
export function observeHealth(
  evidence: HealthEvidence,
  baseline: Baseline,
  beat: WatchedBeat,
  now: Millis,
): HealthEvidence {
  const { at } = evidence;
  let next: HealthEvidence = { ...evidence, at: now };
  if (beat.delta !== null) {
    const { webhooks_sent: sent, webhooks_failed: failed } = beat.delta;
    next = withTrials(
      next,
      baseline,
      "webhooks",
      { trials: Math.max(sent, failed), failures: failed, since: at },
      now,
    );
    next = withErrors(
      next,
      baseline,
      errorTrials(baseline, beat.delta, at, now),
      isIdle(baseline, beat.delta),
      now,
    );
  } else if (beat.gauges !== null) next = withGauges(next, baseline, beat.gauges, at, now);
  return observeProbes(next, beat.probes);
}

function errorTrials(baseline: Baseline, delta: Sums, since: Millis, now: Millis): Batch {
  const trials = baseline.per === "request" ? delta.requests : secondsBetween(since, now);
  return { trials, failures: Math.min(delta.errors, trials), since };
}

function withTrials(
  evidence: HealthEvidence,
  baseline: Baseline,
  figure: "webhooks" | "errors",
  batch: Batch,
  now: Millis,
): HealthEvidence {
  if (batch.trials === 0) return evidence;
  const { worse, fault } = yardstickOf(baseline, figure);
  const well = figure === "webhooks" ? "webhooksWell" : "errorsWell";
  return {
    ...evidence,
    [figure]: updateCusum(evidence[figure], batch, worse, now),
    [well]: held(evidence[well] - evidenceOf(batch, fault) / (fault.spread ?? 1)),
  };
}

/** Seconds are counted where requests are not: those of a beat that shows no traffic prove little (`HEALTH.idle`). */
function isIdle({ per }: Baseline, { webhooks_sent, webhooks_failed, requests, errors }: Sums): boolean {
  return per === "second" && Math.max(webhooks_sent, webhooks_failed, requests, errors) === 0;
}

function withErrors(
  evidence: HealthEvidence,
  baseline: Baseline,
  batch: Batch,
  idle: boolean,
  now: Millis,
): HealthEvidence {
  const { errorsIdle = 0, ...rest } = withTrials(evidence, baseline, "errors", batch, now);
  const gained = idle ? rest.errorsWell - evidence.errorsWell : 0;
  const part = held(Math.min(rest.errorsWell, errorsIdle + gained));
  return part === 0 ? rest : { ...rest, errorsIdle: part };
}

/** Without those that fail as they did before the change. What has passed since is held to it. */
export function tellingProbes(
  { failedBefore = [] }: HealthEvidence,
  probes: readonly ProbeReport[],
): ProbeReport[] {
  return probes.filter(({ name, ok }) => ok || !failedBefore.includes(name));
}

/** Probes of one moment: of a beat, or the answer to a `probe` command. */
export function observeProbes(evidence: HealthEvidence, reported: readonly ProbeReport[]): HealthEvidence {
  const probes = tellingProbes(evidence, reported);
  if (probes.length === 0) return evidence;
  const { failedBefore = [], mended: mendedBefore = [], probesMended = 0, ...rest } = evidence;
  const still = failedBefore.filter((name) => !probes.some((probe) => probe.name === name));
  const mended = [...mendedBefore, ...failedBefore.filter((name) => !still.includes(name))];
  const ofMended = gainOf(probes.filter(({ name }) => mended.includes(name)));
  const ofOthers = gainOf(probes.filter(({ name }) => !mended.includes(name)));
  // One beat falls into one moment: a restart that is not over yet fails all of its probes.
  const most = HEALTH.beatPart * HEALTH.worse;
  return {
    ...rest,
    ...(still.length === 0 ? {} : { failedBefore: still }),
    ...(mended.length === 0 ? {} : { mended, probesMended: held(probesMended - ofMended) }),
    probesBad: held(evidence.probesBad + Math.min(ofMended + ofOthers, most)),
    probesWell: held(evidence.probesWell - ofOthers),
  };
}

/** Log odds that these probes add for a broken plugin. */
function gainOf(probes: readonly ProbeReport[]): number {
  const { healthy, failing } = HEALTH.probe;
  const failures = probes.filter(({ ok }) => !ok).length;
  return evidenceOf({ trials: probes.length, failures }, { healthy, failing });
}

/**
 * A gauge carries neither sample nor window. Its webhooks condemn only by rising above what they were, since what failed before may be in
 * it for a day; its errors are taken for as many new ones as it rose by.
 */
function withGauges(
  evidence: HealthEvidence,
  baseline: Baseline,
  gauges: NonNullable<WatchedBeat["gauges"]>,
  since: Millis,
  now: Millis,
): HealthEvidence {
  let next = evidence;
  const { errors_last_24h: errors, webhook_fail_rate: share } = gauges;
  if (share !== undefined) {
    const higher = share >= HEALTH.gauge.high && share >= (baseline.gauge ?? 0) + HEALTH.gauge.rise;
    next = {
      ...next,
      gaugeLow: share < HEALTH.gauge.low ? next.gaugeLow + 1 : 0,
      gaugeHigher: higher ? next.gaugeHigher + 1 : 0,
    };
  }
  if (errors === undefined) return next;
  const before = next.gaugeErrors;
  next = { ...next, gaugeErrors: errors };
  if (before === undefined || baseline.per !== "second") return next;
  const trials = secondsBetween(since, now);
  const failures = Math.min(trials, Math.max(0, errors - before));
  // Nothing counts its traffic: what shows none may have had none.
  return withErrors(next, baseline, { trials, failures, since }, failures === 0, now);
}

function secondsBetween(since: Millis, now: Millis): number {
  return Math.max(0, Math.round((now - since) / 1000));
}

/** Above any bound nothing more is to be said; four decimals are short in storage. */
function held(nats: number): number {
  return Math.round(Math.min(1_000, Math.max(0, nats)) * 10_000) / 10_000;
}
