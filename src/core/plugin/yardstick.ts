/** What a plugin's figures after a change are measured by: its own before its fault, and during it. Pure. */

import type { Severity } from "../../contract/ids.ts";
import type { IncidentType } from "../../contract/incident.ts";
import type { BernoulliTest } from "../detect/bernoulli-cusum.ts";
import { HEALTH } from "./tuning.ts";

/** Failures in so many trials, and the share that the detectors hold for usual. */
export interface Level {
  failures: number;
  trials: number;
  usual: number;
}

/** PERSISTED with the attempt. */
export interface Baseline {
  /** The onset of the fault, ms since epoch: nothing later is in it. */
  until: number;
  /** Of webhooks sent. */
  webhooks: Level;
  /** Of requests, in each of which one error counts; or of seconds watched, where requests are not counted. */
  errors: Level;
  /** What one trial of `errors` is. */
  per: "request" | "second";
  /** How many times as much its errors scatter as independent ones would. */
  spread: number;
  /** Shares during the fault as its detector gave them; absent when the incident is not about them. */
  fault: { webhooks?: number; errors?: number };
  /** What the plugin itself said last before the change, where it keeps no counters. */
  gauge?: number;
  /** What was wrong besides when the change was made; absent in attempts stored before it was kept. */
  besides?: Besides;
}

/** Other open incidents of the plugin: the change did not promise to mend them, and must not make them worse. */
export interface Besides {
  /** How much fails on their account. `usual` is the share of their signal. */
  webhooks?: Level;
  errors?: Level;
  severities: Partial<Record<IncidentType, Severity>>;
  /** Fingerprints that are an alarm already. */
  fingerprints: string[];
}

/** The test of "as before" against "worse than before" for one figure, and against "as during the fault". */
export interface Yardstick {
  /** What was before: its mean share, for people. Null where nothing was counted. */
  before: number | null;
  worse: BernoulliTest;
  fault: BernoulliTest;
}

/**
 * `worse`: odds HEALTH.oddsRatio times those before, and never less than what is worth a rollback. The level before is taken a
 * standard error above its mean: what the plugin's own figures cannot exclude is not the change's doing.
 */
export function yardstickOf(baseline: Baseline, figure: "webhooks" | "errors"): Yardstick {
  const level = baseline[figure];
  const { floor, least, most } = HEALTH[figure === "webhooks" ? "webhook" : baseline.per];
  const spread = figure === "webhooks" ? 1 : baseline.spread;
  const healthy = Math.min(
    HEALTH.ceiling,
    Math.max(floor, upperShare(level, spread), shareBesides(baseline, figure)),
  );
  const odds = (HEALTH.oddsRatio * healthy) / (1 - healthy);
  const failing = Math.max(least, odds / (1 + odds));
  const seen = Math.min(most, baseline.fault[figure] ?? most);
  const test = {
    healthy,
    enter: HEALTH.worse,
    leave: 0,
    cap: 2 * HEALTH.worse,
    // Errors come in clumps; ten deliveries refused in one beat are ten refusals.
    maxGain: figure === "webhooks" ? Infinity : HEALTH.beatPart * HEALTH.worse,
    spread,
  };
  return {
    before: level.trials > 0 ? Math.min(1, level.failures / level.trials) : null,
    worse: { ...test, failing },
    fault: { ...test, failing: Math.max(failing, seen) },
  };
}

/** The share that fails on another incident's account: its signal's, or what its last hour cannot exclude. 0 without one. */
function shareBesides(baseline: Baseline, figure: "webhooks" | "errors"): number {
  const level = baseline.besides?.[figure];
  if (level === undefined) return 0;
  return Math.max(level.usual, upperShare(level, figure === "webhooks" ? 1 : baseline.spread));
}

/** So much fails on another incident's account that it cannot be seen to get worse. */
export function isDrowned(baseline: Baseline, figure: "webhooks" | "errors"): boolean {
  return shareBesides(baseline, figure) >= HEALTH.ceiling;
}

/** Mean of the Beta posterior and one standard error, the prior being what is usual (Gelman et al. 2013, section 2.4). */
function upperShare({ failures, trials, usual }: Level, spread: number): number {
  const all = trials + HEALTH.priorTrials;
  const mean = Math.min(1, (failures + usual * HEALTH.priorTrials) / all);
  return mean + Math.sqrt((spread * mean * (1 - mean)) / (all + 1));
}
