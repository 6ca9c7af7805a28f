/**
 * Pure: a cohort is the shops that run one version of a product, or one platform version under it. Their webhook failures are
 * pooled in one Bernoulli CUSUM (as in bernoulli-cusum.ts), so that single failures in many tiny shops, none of which proves
 * anything, tell of a bad release within minutes.
 *
 * What one shop may add is capped at less than half of the threshold, and given back only by its own successes: three shops at least
 * must fail, and a shop that fails for ever has said its word once.
 *
 * Successes are mostly not reported: a shop tells of failures, and otherwise each time its deliveries under the version have
 * doubled (shop-evidence.ts). But it tells what it delivers in an hour as well, and a shop that says nothing has had no failure: so
 * the sum falls, as time passes, by the successes that are due from all shops together, the saturated ones apart. Taking a shop's backlog of
 * untold successes off the sum when its first failure arrives would count hours against minutes: a release that breaks after a
 * good week would be found ten times later. Of a backlog only what exceeds the dues, and only its part since the onset, counts.
 * A cohort is over when what its shops still hold has drained: by successes, by leaving the version, or by age.
 */
import { evidenceOf } from "../detect/bernoulli-cusum.ts";

/**
 * 2 % against 20 %, as the design has it for one shop. The threshold is higher, because many shops feed one sum, and grows with how
 * much they deliver (`enterAt`). Seven failures at once reach it.
 */
export const COHORT_TEST = { healthy: 0.02, failing: 0.2, enter: 15, leave: 3, cap: 22.5 } as const;
const PER_SUCCESS = -evidenceOf({ trials: 1, failures: 0 }, COHORT_TEST);
const HOUR_MS = 3_600_000;
/** Above a third, because what is due from shops that have not failed yet is taken off meanwhile; two are never enough. */
export const SHOP_CAP = 6;
export const MIN_SHOPS = 3;
/** Evidence older than this says nothing about now. */
export const SHOP_MEMORY_MS = 86_400_000;
/** Another version at this part of the threshold fails alike: then it is not the release. */
export const ALIKE_PART = 0.5;

/** PERSISTED CONTRACT, as JSON in the fleet's object; new fields are optional. */
export interface Cohort {
  sum: number;
  /** When the sum last left zero, ms since epoch. */
  onsetAt: number | null;
  /** Since the onset: successes that were due or told, and failures. */
  trials: number;
  failures: number;
  /** What its shops hold together, and how many hold anything. */
  held: number;
  shops: number;
  firing: boolean;
  /** Shops that run it, as far as is known; absent in cohorts stored before it was told. */
  members?: number;
  /** What they deliver in an hour together. Nothing is due from those that hold all they can: they fail, or tell of their recovery. */
  perHour?: number;
  /** Until when successes that were due have been taken off the sum, ms since epoch. */
  drainedAt?: number;
}

/** A shop that runs what the cohort shares: deliveries an hour as last told, and when that was (ms since epoch). */
export interface Member {
  perHour: number;
  at: number;
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

/**
 * One shop's report, pooled. `member`: the shop as this cohort knows it, null when it joins. `report.perHour` is absent from plugins
 * whose object runs earlier code: all that such a shop had not told of is then taken off at once. The cohort may begin or cease
 * to fire: see `mayFire` and `hasDrained`.
 */
export function poolReport(
  before: Cohort,
  shop: CohortShop,
  report: Deliveries & { held: number; perHour?: number | undefined },
  member: Member | null,
  now: number,
): { cohort: Cohort; shop: CohortShop } {
  const held = clamp(report.held, 0, SHOP_CAP);
  const due = member === null ? null : { ...member, perHour: dueFrom(member.perHour, shop.held) };
  const cohort = takeOff(drain(before, now), untold(before, report, due, now));
  const gain = Math.max(0, held - shop.held);
  const sum = Math.min(cohort.sum + gain, COHORT_TEST.cap);
  const begun = sum > 0 || cohort.firing;
  return {
    cohort: {
      ...swapHeld(cohort, shop.held, held),
      ...joined(cohort, due, dueFrom(report.perHour ?? 0, held)),
      sum,
      onsetAt: begun ? (cohort.onsetAt ?? now) : null,
      failures: begun ? cohort.failures + report.failures : 0,
    },
    shop: { held, failures: held > 0 ? shop.failures + report.failures : 0, at: now },
  };
}

/** The cohort at `now`: its shops have said nothing since, so what was due from them succeeded. */
export function drain(cohort: Cohort, now: number): Cohort {
  const elapsedMs = Math.max(0, now - (cohort.drainedAt ?? now));
  return { ...takeOff(cohort, ((cohort.perHour ?? 0) * elapsedMs) / HOUR_MS), drainedAt: now };
}

/** A shop that no longer runs what the cohort shares; what it held is another matter: see `dropShop`. */
export function leave(before: Cohort, member: Member & { held: number }, now: number): Cohort {
  const cohort = drain(before, now);
  const members = Math.max(0, (cohort.members ?? 0) - 1);
  return { ...cohort, members, perHour: sumOfRates(cohort, -dueFrom(member.perHour, member.held), members) };
}

function dueFrom(perHour: number, held: number): number {
  return held >= SHOP_CAP ? 0 : perHour;
}

function joined(cohort: Cohort, member: Member | null, perHour: number): Pick<Cohort, "members" | "perHour"> {
  const members = (cohort.members ?? 0) + (member === null ? 1 : 0);
  return { members, perHour: sumOfRates(cohort, perHour - (member?.perHour ?? 0), members) };
}

/** Sums of fractions need not end at zero exactly. */
function sumOfRates(cohort: Cohort, change: number, members: number): number {
  return members === 0 ? 0 : Math.max(0, (cohort.perHour ?? 0) + change);
}

/** Successes of a report that nobody expected, as far as they came after the onset: all of them from a shop that joins. */
function untold(cohort: Cohort, report: Deliveries, member: Member | null, now: number): number {
  const successes = Math.max(0, report.trials - report.failures);
  if (member === null) return successes;
  const sinceMs = Math.max(1, now - member.at);
  const excess = Math.max(0, successes - (member.perHour * sinceMs) / HOUR_MS);
  return excess * Math.min(1, Math.max(0, now - (cohort.onsetAt ?? now)) / sinceMs);
}

function takeOff(cohort: Cohort, successes: number): Cohort {
  const sum = Math.max(0, cohort.sum - successes * PER_SUCCESS);
  if (sum === 0 && !cohort.firing) return { ...cohort, sum, onsetAt: null, trials: 0, failures: 0 };
  return { ...cohort, sum, trials: cohort.trials + successes };
}

/**
 * The shop left the version, or its evidence is too old: what it held, and what that added, goes with it. `perHour`: what is due from
 * it again, should it still run the version.
 */
export function dropShop(cohort: Cohort, shop: Pick<CohortShop, "held">, perHour = 0): Cohort {
  const next = swapHeld(cohort, shop.held, 0);
  const sum = clamp(cohort.sum - shop.held, 0, COHORT_TEST.cap);
  return { ...next, sum, perHour: (cohort.perHour ?? 0) + perHour - dueFrom(perHour, shop.held) };
}

/**
 * What the sum must reach: 15, and more for cohorts that deliver more than 100 an hour (50 tiny shops). Chance gets as many tries
 * as there are failures, and each needs e times the luck for one nat more; a large cohort has the evidence in minutes all the same.
 */
export function enterAt(cohort: Cohort): number {
  const more = Math.log(Math.max(1, (cohort.perHour ?? 0) / 100));
  return Math.min(COHORT_TEST.enter + more, COHORT_TEST.cap);
}

/** The evidence suffices, and comes from enough shops. */
export function mayFire(cohort: Cohort): boolean {
  return !cohort.firing && cohort.sum >= enterAt(cohort) && cohort.shops >= MIN_SHOPS;
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

function swapHeld(cohort: Cohort, before: number, after: number): Cohort {
  const shops = cohort.shops + Number(after > 0) - Number(before > 0);
  // No shop holds anything: sums of fractions need not end at zero exactly.
  return { ...cohort, shops, held: shops === 0 ? 0 : cohort.held + after - before };
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}
