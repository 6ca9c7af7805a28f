/**
 * Pure: how likely a fix is to heal this shop, from what it did elsewhere, the nearer the weightier.
 *
 * A hierarchical beta-binomial model (Gelman et al., "Bayesian Data Analysis", 3rd ed., chapter 5) walked from coarse to fine, where
 * each level's posterior is the next one's prior (as in MacKay and Peto, "A hierarchical Dirichlet language model", 1995). Places
 * of one level differ by an intra-class correlation: it bounds what any one place can say of its siblings, however often it was
 * tried, by the design effect n / (1 + (n - 1) rho) (Kish, "Survey Sampling", 1965), and it is how far a place may lie from what its
 * siblings say. Two correlations are held possible at each level, "all alike" and "each for itself", and weighed by how well
 * they explain the siblings and the place itself. So fixes that work everywhere are trusted in a new environment soon, and one that
 * works only in some is not. Every attempt is counted at one level only: the finest that it shares with the question.
 */
import { type Beta, betaFromMoments, betaMean, betaOf, betaVariance, logEvidence } from "./beta.ts";
import {
  attemptsIn,
  LEVELS,
  NO_TALLY,
  type Place,
  successesAndFailures,
  sumOf,
  type Tally,
  without,
} from "./lesson.ts";

/** What is known of one place: its own counts, and those of the places within it that carry their own. */
export interface Known {
  tally(key: string): Tally;
  /** Places directly within, the latest first, at most `SIBLINGS`; without the one named. */
  siblings(within: string, except: string): Tally[];
}

/** More say nothing more, and cost time. */
export const SIBLINGS = 40;

/** The rule of thumb weighs as much as two other fixes that were tried often: one alone counts for no more than 1 / APART. */
const RULE_WEIGHT = 8;
/** Chosen where forecasts in simulated products with a known truth are best calibrated, and their intervals hold it (`bench/sira.ts`). */
const ALIKE = 0.03;
const APART = 0.25;
/**
 * How likely it is, before anything was seen, that the places of a level are each for themselves. Releases mostly are; one release
 * in several surroundings mostly is not.
 */
const APART_BEFORE: Record<(typeof LEVELS)[number][0], number> = {
  fix: 0.9,
  move: 0.3,
  fault: 0.3,
  place: 0.3,
};

/** The belief in a fix at `place`, given the rule of thumb's chance `prior` (0 to 1). */
export function beliefIn(place: Place, prior: number, known: Known): Beta {
  let belief = betaOf(prior, RULE_WEIGHT);
  for (const [level, within] of LEVELS) {
    const own = known.tally(place[level]);
    const siblings = known.siblings(place[within], place[level]);
    // What was counted at places that are forgotten by now is one more sibling. The kind itself is not counted.
    const rest =
      within === "kind" ? NO_TALLY : without(known.tally(place[within]), sumOf([own, ...siblings]));
    belief = placed(belief, [...siblings, rest], own, APART_BEFORE[level]);
  }
  return observed(belief, known.tally(place.place), 0);
}

/** The belief in one place, before its own outcomes, from the belief in what it lies within and the outcomes of its siblings. */
function placed(above: Beta, siblings: readonly Tally[], own: Tally, apart: number): Beta {
  const tried = siblings.filter((sibling) => attemptsIn(sibling) > 0);
  const cases = [
    { rho: ALIKE, share: 1 - apart },
    { rho: APART, share: apart },
  ].map(({ rho, share }) => {
    let common = above;
    let log = Math.log(share);
    // Each place is foretold by the ones before it, so that none explains itself.
    for (const sibling of tried) {
      log += foretold(common, rho, sibling);
      common = observed(common, sibling, rho);
    }
    return { log: log + foretold(common, rho, own), ...momentsOf(common, rho) };
  });
  return mixed(cases);
}

/** ln of the chance of a place's outcomes, given what it has in common with its siblings. */
function foretold(common: Beta, rho: number, tally: Tally): number {
  if (attemptsIn(tally) === 0) return 0;
  const { mean, variance } = momentsOf(common, rho);
  const { successes, failures } = successesAndFailures(tally);
  return logEvidence(betaFromMoments(mean, variance), successes, failures);
}

/** Mean and variance of one place's chance: of the common chance, and of how far a place may lie from it. */
function momentsOf(common: Beta, rho: number): { mean: number; variance: number } {
  const mean = betaMean(common);
  const variance = betaVariance(common);
  return { mean, variance: variance + rho * (mean * (1 - mean) - variance) };
}

function observed(belief: Beta, tally: Tally, rho: number): Beta {
  const n = attemptsIn(tally);
  if (n === 0) return belief;
  const { successes, failures } = successesAndFailures(tally);
  const counted = 1 / (1 + (n - 1) * rho);
  return { alpha: belief.alpha + successes * counted, beta: belief.beta + failures * counted };
}

/** One distribution with the mean and the variance of the mixture. */
function mixed(cases: readonly { log: number; mean: number; variance: number }[]): Beta {
  const top = Math.max(...cases.map(({ log }) => log));
  const weights = cases.map(({ log }) => Math.exp(log - top));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const share = (i: number) => (weights[i] ?? 0) / all;
  const mean = cases.reduce((sum, each, i) => sum + share(i) * each.mean, 0);
  const second = cases.reduce((sum, each, i) => sum + share(i) * (each.variance + each.mean ** 2), 0);
  return betaFromMoments(mean, second - mean ** 2);
}
