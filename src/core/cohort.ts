/**
 * Pure: a cohort is the shops that run one version of a product, or one platform version under it. Their webhook failures are
 * pooled in one Bernoulli CUSUM (as in bernoulli-cusum.ts), so that single failures in many tiny shops, none of which proves
 * anything, tell of a bad release within minutes.
 *
 * What one shop may add is capped at a third of the threshold, and given back only by its own successes: three shops at least
 * must fail, and a shop that fails for ever has said its word once. What a shop's successes take away is not capped.
 *
 * Shops report around failures, and otherwise each time their deliveries under the version have doubled (see `tellShop`): a dozen
 * calls in a shop's life. Without these, the first failures of a new version would come from shops whose siblings' successes
 * nobody has heard of yet, and every wide rollout would look like a bad release.
 * A cohort is over when what its shops still hold has drained: by successes, by leaving the version, or by age.
 */
import { evidenceOf } from "./bernoulli-cusum.ts";

/**
 * 2 % against 20 %, as for one shop. The threshold is higher, because thousands of shops feed one sum: at a true level of 1 % it is
 * passed by chance about once in 10^9 failures. Seven failures at once reach it.
 */
export const COHORT_TEST = { healthy: 0.02, failing: 0.2, enter: 15, leave: 3, cap: 22.5 } as const;
export const SHOP_CAP = COHORT_TEST.enter / 3;
export const MIN_SHOPS = 3;
/** A shop that reported failures follows up after this many deliveries without one, until it holds nothing against its cohort. */
export const FOLLOW_UP_TRIALS = 10;
/** A shop that can add nothing more says only this often that it still fails. */
export const SATURATED_EVERY_MS = 600_000;
/** Evidence older than this says nothing about now. */
export const SHOP_MEMORY_MS = 86_400_000;
/** Another version at this part of the threshold fails alike: then it is not the release. */
export const ALIKE_PART = 0.5;

/** PERSISTED CONTRACT, as JSON in the fleet's object; new fields are optional. */
export interface Cohort {
  sum: number;
  /** When the sum last left zero, ms since epoch. */
  onsetAt: number | null;
  /** Deliveries and failures since the onset. */
  trials: number;
  failures: number;
  /** What its shops hold together, and how many hold anything. */
  held: number;
  shops: number;
  firing: boolean;
}

/** What one shop holds against its cohort, in nats up to SHOP_CAP, and when it last reported. */
export interface CohortShop {
  held: number;
  failures: number;
  at: number;
}

export interface Deliveries {
  trials: number;
  failures: number;
}

export const NEW_COHORT: Cohort = {
  sum: 0,
  onsetAt: null,
  trials: 0,
  failures: 0,
  held: 0,
  shops: 0,
  firing: false,
};
export const NEW_SHOP: CohortShop = { held: 0, failures: 0, at: 0 };

/** One shop's report, pooled. The cohort may begin or cease to fire: see `mayFire` and `hasDrained`. */
export function poolReport(
  cohort: Cohort,
  shop: CohortShop,
  report: Deliveries & { held: number },
  now: number,
): { cohort: Cohort; shop: CohortShop } {
  const held = clamp(report.held, 0, SHOP_CAP);
  const said = evidenceOf(report, COHORT_TEST);
  const gain = said > 0 ? Math.min(said, Math.max(0, held - shop.held)) : said;
  const sum = clamp(cohort.sum + gain, 0, COHORT_TEST.cap);
  const begun = sum > 0 || cohort.firing;
  return {
    cohort: {
      ...swapHeld(cohort, shop.held, held),
      sum,
      onsetAt: begun ? (cohort.onsetAt ?? now) : null,
      trials: begun ? cohort.trials + Math.max(report.trials, report.failures) : 0,
      failures: begun ? cohort.failures + report.failures : 0,
    },
    shop: { held, failures: held > 0 ? shop.failures + report.failures : 0, at: now },
  };
}

/** The shop left the version, or its evidence is too old: what it held, and what that added, goes with it. */
export function dropShop(cohort: Cohort, shop: Pick<CohortShop, "held">): Cohort {
  const next = swapHeld(cohort, shop.held, 0);
  return { ...next, sum: clamp(cohort.sum - shop.held, 0, COHORT_TEST.cap) };
}

/** The evidence suffices, and comes from enough shops. */
export function mayFire(cohort: Cohort): boolean {
  return !cohort.firing && cohort.sum >= COHORT_TEST.enter && cohort.shops >= MIN_SHOPS;
}

/**
 * Whether a cohort that may fire deserves an incident of its own: not when shops of cohorts that fire already explain it (the
 * shops of a bad release also share a platform). `explained`: what those shops hold, and how many they are.
 */
export function isExplained(cohort: Cohort, explained: { held: number; shops: number }): boolean {
  return (
    cohort.shops - explained.shops < MIN_SHOPS ||
    cohort.held - explained.held < Math.min(COHORT_TEST.enter, cohort.held / 2)
  );
}

export function fires(cohort: Cohort): Cohort {
  return { ...cohort, firing: true };
}

/** Far below what it took to fire: the shops that are left hold less than one can. */
export function hasDrained(cohort: Cohort): boolean {
  return cohort.firing && cohort.held <= COHORT_TEST.leave;
}

export function endsFiring(cohort: Cohort): Cohort {
  return { ...cohort, firing: false, sum: 0, onsetAt: null, trials: 0, failures: 0 };
}

/** Is it the release? Not when another version of the product fails alike: then it is something both depend on. */
export function blamesRelease(others: readonly Cohort[]): boolean {
  return !others.some((other) => other.firing || other.sum >= COHORT_TEST.enter * ALIKE_PART);
}

/** PERSISTED CONTRACT, in a plugin's own state: what it holds against its cohorts, and what the fleet has not been told yet. */
export interface ShopEvidence {
  version: string;
  platform: string | null;
  /** Deliveries since the last report. */
  trials: number;
  failures: number;
  /** In nats, up to SHOP_CAP; and as it was in the last report. */
  held: number;
  toldHeld: number;
  /** Deliveries told since the shop joined the cohort. */
  toldTrials: number;
  toldAt: number | null;
  /** Of the last report, rising: a repeated one changes nothing. */
  number: number;
}

export interface ShopReport extends Deliveries {
  number: number;
  version: string;
  platform: string | null;
  held: number;
}

/**
 * A beat's deliveries, and what the fleet is told of them: failures at once, afterwards every FOLLOW_UP_TRIALS successes while the shop
 * still holds anything, a change of cohort while it does, and deliveries that have doubled since the last report; nothing otherwise.
 */
export function tellShop(
  before: ShopEvidence | null,
  at: { version: string; platform: string | null },
  deliveries: Deliveries,
  now: number,
): { evidence: ShopEvidence; report: ShopReport | null } {
  const moved = before !== null && (before.version !== at.version || before.platform !== at.platform);
  // What ran before is another cohort's: its successes are no evidence about this one.
  const own = before === null || moved ? null : before;
  const failures = (own?.failures ?? 0) + deliveries.failures;
  const trials = (own?.trials ?? 0) + Math.max(deliveries.trials, deliveries.failures);
  const held = round(clamp((own?.held ?? 0) + evidenceOf(deliveries, COHORT_TEST), 0, SHOP_CAP));
  const toldHeld = own?.toldHeld ?? 0;
  const toldTrials = own?.toldTrials ?? 0;
  const toldAt = own?.toldAt ?? null;
  const number = before?.number ?? 0;
  const silenced =
    toldHeld >= SHOP_CAP && held >= SHOP_CAP && toldAt !== null && now - toldAt < SATURATED_EVERY_MS;
  const doubled = trials > 0 && trials >= toldTrials;
  const recovers = toldHeld > 0 && trials >= FOLLOW_UP_TRIALS;
  const isNews = failures > 0 ? !silenced : doubled || recovers;
  const leaves = moved && before.toldHeld > 0;
  if (!isNews && !leaves)
    return {
      evidence: { ...at, trials, failures, held, toldHeld, toldTrials, toldAt, number },
      report: null,
    };
  return {
    evidence: {
      ...at,
      trials: 0,
      failures: 0,
      held,
      toldHeld: held,
      toldTrials: toldTrials + trials,
      toldAt: now,
      number: number + 1,
    },
    report: { ...at, trials, failures, held, number: number + 1 },
  };
}

function swapHeld(cohort: Cohort, before: number, after: number): Cohort {
  const shops = cohort.shops + Number(after > 0) - Number(before > 0);
  // No shop holds anything: sums of fractions need not end at zero exactly.
  return { ...cohort, shops, held: shops === 0 ? 0 : cohort.held + after - before };
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** Four decimals: short in storage, far finer than any level. */
function round(x: number): number {
  return Math.round(x * 10_000) / 10_000;
}
