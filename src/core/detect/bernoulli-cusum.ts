/**
 * Bernoulli CUSUM: the running log-likelihood ratio of "failing" against "healthy", held above zero (Reynolds and Stoumbos 1999,
 * "A CUSUM chart for monitoring a proportion when inspecting continuously"). A few numbers of state, no window, and it works from
 * 2 to 300 trials an hour.
 *
 * The order of trials within one beat is unknown; they are taken as evenly mixed. Evenly mixed, the sum moves in a straight line, so
 * one net step with the bounds at its end is the same, and cutting a beat in two changes nothing. Failures all at the end of a
 * long, mostly good beat are then seen a beat late; taking failures last instead would raise an alarm for every large shop at 1 %.
 * A client sends a beat of its own accord after 3 failures in a row, so bursts do not hide in long beats. Pure.
 */
import { RECOVERED_LOG_ODDS, RECOVERY_SHARE_CEILING } from "./detection-tuning.ts";

/**
 * Shares in (0, 1); levels in nats. `maxGain`: the most that one beat may add. `spread`: how many times as much the failures scatter as
 * independent ones would; evidence weighs that much less (quasi-likelihood, Wedderburn 1974). 1 when absent.
 */
export interface BernoulliTest {
  readonly healthy: number;
  readonly failing: number;
  readonly enter: number;
  readonly leave: number;
  readonly cap: number;
  readonly maxGain: number;
  readonly spread?: number;
}

export interface Batch {
  trials: number;
  failures: number;
  /** When the batch began (ms since epoch): nothing in it can have gone wrong before. The end of the batch when absent. */
  since?: number;
}

/** Trials and failures count from the onset: the beginning of the batch in which the sum last left zero, the earliest it can have been. */
export interface Cusum {
  sum: number;
  onsetAt: number | null;
  trials: number;
  failures: number;
  firing: boolean;
  lastFailureAt: number | null;
  /** Share of failures while it last fired: what recovery is tested against. */
  failingShare: number | null;
  /** Log odds of "healthy again" against "failing as it did", between 0 and RECOVERED_LOG_ODDS. */
  recovery: number;
}

export function newCusum(): Cusum {
  return {
    sum: 0,
    onsetAt: null,
    trials: 0,
    failures: 0,
    firing: false,
    lastFailureAt: null,
    failingShare: null,
    recovery: 0,
  };
}

/** A fresh start that must prove health anew, against the failure seen before. */
export function resetCusum(cusum: Cusum): Cusum {
  return { ...newCusum(), failingShare: cusum.failingShare };
}

/** The share of failures at which evidence neither grows nor shrinks. */
export function referenceShare(test: BernoulliTest): number {
  const { perFailure, perSuccess } = weights(test.healthy, test.failing);
  return perSuccess / (perFailure + perSuccess);
}

/** Share of failures since the onset; null without an onset. */
export function failureShare(cusum: Cusum): number | null {
  return cusum.trials > 0 ? cusum.failures / cusum.trials : null;
}

/** Successes since the last burst, or the last reset, say that it is over. Silence never does. */
export function hasRecovered(cusum: Cusum): boolean {
  return !cusum.firing && cusum.recovery >= RECOVERED_LOG_ODDS;
}

/** Log odds that these trials add for "failing" against "healthy"; negative when they speak for health. */
export function evidenceOf(
  { trials, failures }: Batch,
  { healthy, failing }: Pick<BernoulliTest, "healthy" | "failing">,
): number {
  const { perFailure, perSuccess } = weights(healthy, failing);
  return failures * perFailure - Math.max(0, trials - failures) * perSuccess;
}

/** One beat's trials and failures. More failures than trials are taken at their word: each was a trial. */
export function updateCusum(cusum: Cusum, batch: Batch, test: BernoulliTest, now: number): Cusum {
  const failures = Math.max(0, batch.failures);
  const trials = Math.max(batch.trials, failures);
  if (trials === 0) return cusum;
  const successes = trials - failures;
  const { perFailure, perSuccess } = weights(test.healthy, test.failing);
  const evidence = (failures * perFailure - successes * perSuccess) / (test.spread ?? 1);
  const gain = Math.min(evidence, test.maxGain);
  const sum = round(clamp(cusum.sum + gain, 0, test.cap));
  const lastFailureAt = failures > 0 ? now : cusum.lastFailureAt;
  const recovery = recoveryAfter(cusum, failures, successes, test);
  const over = sum <= test.leave || recovery >= RECOVERED_LOG_ODDS;
  if (sum === 0 || (cusum.firing && over && sum > test.leave)) {
    return { ...newCusum(), lastFailureAt, failingShare: cusum.failingShare, recovery };
  }
  const grown: Cusum = {
    ...cusum,
    sum,
    onsetAt: cusum.onsetAt ?? batch.since ?? now,
    trials: cusum.trials + trials,
    failures: cusum.failures + failures,
    lastFailureAt,
    recovery,
  };
  if (cusum.firing && over) return { ...grown, firing: false };
  if (!cusum.firing && sum < test.enter) return grown;
  const share = grown.failures / grown.trials;
  return {
    ...grown,
    firing: true,
    failingShare: failures > 0 ? round(clamp(share, test.failing, 1)) : cusum.failingShare,
    recovery: cusum.firing ? recovery : 0,
  };
}

/** Wald's sequential test of "healthy" against the share seen during the incident, held at zero from below. */
function recoveryAfter(cusum: Cusum, failures: number, successes: number, test: BernoulliTest): number {
  const ceiling = Math.max(test.failing, RECOVERY_SHARE_CEILING);
  const failing = clamp(cusum.failingShare ?? test.failing, test.failing, ceiling);
  const { perFailure, perSuccess } = weights(test.healthy, failing);
  return clamp(cusum.recovery + successes * perSuccess - failures * perFailure, 0, RECOVERED_LOG_ODDS);
}

function weights(healthy: number, failing: number): { perFailure: number; perSuccess: number } {
  return { perFailure: Math.log(failing / healthy), perSuccess: Math.log((1 - healthy) / (1 - failing)) };
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** Four decimals: short in storage, far finer than any level. */
function round(x: number): number {
  return Math.round(x * 10_000) / 10_000;
}
