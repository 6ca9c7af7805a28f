/**
 * Pure: belief in a fix after what was seen, as the mean of a Beta posterior (Gelman et al., "Bayesian Data Analysis",
 * 3rd ed., section 2.4). The heuristic's confidence is the prior mean.
 */
import type { FixRecord } from "./record.ts";

/** The prior weighs as much as this many finished attempts: a handful of outcomes outweighs a rule of thumb. */
export const PRIOR_WEIGHT = 4;

/** Chance that the fix works, 0 to 1. `prior` in [0, 1]. */
export function posteriorMean(prior: number, record: FixRecord): number {
  const mean =
    (prior * PRIOR_WEIGHT + record.successes) / (PRIOR_WEIGHT + record.successes + record.failures);
  return Math.round(mean * 1000) / 1000;
}
