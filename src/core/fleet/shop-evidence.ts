/**
 * Pure: what a shop tells the fleet of its webhook deliveries, for its cohorts (cohort.ts): failures at once, its recovery, and
 * otherwise only that its deliveries have doubled, with what it delivers in an hour. A dozen calls in a shop's life.
 */
import { evidenceOf } from "../detect/bernoulli-cusum.ts";
import { COHORT_TEST, type Deliveries, SHOP_CAP } from "./cohort.ts";

/** A shop that reported failures follows up after this many deliveries without one, until it holds nothing against its cohort. */
export const FOLLOW_UP_TRIALS = 10;
/** A shop that can add nothing more says only this often that it still fails. */
export const SATURATED_EVERY_MS = 600_000;
/** The hourly rate remembers about a week: nights and week-ends are in it. */
const RATE_MEMORY_H = 7 * 24;
/** As if an hour without a delivery had come before: a shop's first beat is no rate. */
const RATE_PRIOR_H = 1;
const HOUR_MS = 3_600_000;

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
  /** Absent in states stored before it was learned. */
  rate?: DeliveryRate;
}

/** Deliveries and the hours they came in, under whichever version; both fade. `at`: ms since epoch. */
export interface DeliveryRate {
  seen: number;
  hours: number;
  at: number;
}

export interface ShopReport extends Deliveries {
  number: number;
  version: string;
  platform: string | null;
  held: number;
  /** Deliveries an hour. */
  perHour: number;
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
  const rate = observeRate(before?.rate, deliveries, now);
  const isNews = failures > 0 ? !silenced : doubled || recovers;
  const leaves = moved && before.toldHeld > 0;
  if (!isNews && !leaves)
    return {
      evidence: { ...at, trials, failures, held, toldHeld, toldTrials, toldAt, number, rate },
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
      rate,
    },
    report: { ...at, trials, failures, held, number: number + 1, perHour: perHour(rate) },
  };
}

function observeRate(
  before: DeliveryRate | undefined,
  { trials, failures }: Deliveries,
  now: number,
): DeliveryRate {
  const elapsedH = Math.max(0, now - (before?.at ?? now)) / HOUR_MS;
  const kept = Math.exp(-elapsedH / RATE_MEMORY_H);
  return {
    seen: (before?.seen ?? 0) * kept + Math.max(trials, failures),
    hours: (before?.hours ?? 0) * kept + elapsedH,
    at: now,
  };
}

function perHour({ seen, hours }: DeliveryRate): number {
  return round(seen / (hours + RATE_PRIOR_H));
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** Four decimals: short in storage, far finer than any level. */
function round(x: number): number {
  return Math.round(x * 10_000) / 10_000;
}
