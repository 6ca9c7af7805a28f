/**
 * Pure: a class of environments from which a release is kept because it fails there and works elsewhere. As operating
 * systems hold an update back from machines with a known or likely issue (Windows "safeguard holds"), learned instead of declared.
 *
 * A class is held when all of this is true of the attempts that have finished, inconclusive ones included:
 * - at least `HOLD_MIN_FAILURES` failed in the class, and at least `HOLD_MIN_OTHERS` finished outside of it;
 * - the lower end of Wilson's 95 % interval of its share of failures lies above the upper end of everybody else's. That two
 *   such intervals are apart is stricter than a test of the difference at 5 % (Schenker and Gentleman, The American
 *   Statistician 55(3), 2001), which leaves room for looking after every failure and at every class.
 * The others are the classes not held. What failed under a hold is explained by it: abort rules no longer count that class,
 * neither its failures nor its successes.
 */

import { wilsonInterval } from "../wilson.ts";
import { UNKNOWN_ENVIRONMENT } from "./environment-class.ts";

/** One failure is an accident. */
export const HOLD_MIN_FAILURES = 2;
/** That it works elsewhere must have been seen. */
export const HOLD_MIN_OTHERS = 5;

export interface ClassCount {
  environment: string;
  finished: number;
  failures: number;
}

export interface LearnedHold extends ClassCount {
  othersFinished: number;
  othersFailures: number;
  /** The deciding bounds, shares from 0 to 1: the class's lower and the others' upper. */
  low: number;
  high: number;
  reason: string;
}

/** The class that is most clearly worse than the others; null when none is. Shops that say nothing of themselves are no class. */
export function learnHold(counts: readonly ClassCount[], held: ReadonlySet<string>): LearnedHold | null {
  const free = counts.filter(({ environment }) => !held.has(environment));
  const candidates = free
    .filter(
      ({ environment, failures }) => environment !== UNKNOWN_ENVIRONMENT && failures >= HOLD_MIN_FAILURES,
    )
    .map((count) => compare(count, free))
    .filter(({ othersFinished, low, high }) => othersFinished >= HOLD_MIN_OTHERS && low > high);
  return candidates.sort((a, b) => b.low - b.high - (a.low - a.high))[0] ?? null;
}

function compare(count: ClassCount, all: readonly ClassCount[]): LearnedHold {
  const others = all.filter(({ environment }) => environment !== count.environment);
  const othersFinished = others.reduce((sum, { finished }) => sum + finished, 0);
  const othersFailures = others.reduce((sum, { failures }) => sum + failures, 0);
  const { low } = wilsonInterval(count.failures, count.finished);
  const { high } = wilsonInterval(othersFailures, othersFinished);
  const reason =
    `${count.failures} of ${count.finished} failed there (at least ${percent(low)}), ` +
    `${othersFailures} of ${othersFinished} elsewhere (at most ${percent(high)})`;
  return { ...count, othersFinished, othersFailures, low, high, reason };
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
