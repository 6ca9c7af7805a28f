/**
 * A limit on error counts that over-dispersed (clumpy, diurnal) traffic does not trip: Sentry's "escalating issue" limit,
 * max(mean + clip((mean + 5 sd) / mean, 5, 8) mean, busiest clip(5 e^(-0.65 cv), 2, 5)), and 10 times the busiest hour while
 * there is less than a week of history. Used where requests are unknown. Pure.
 */
import { COUNT_LIMIT } from "./detection-tuning.ts";

export interface CountBaseline {
  /** Hours learned from. */
  hours: number;
  mean: number;
  variance: number;
  /** Busiest hour, fading over a week. */
  busiest: number;
}

export function newCountBaseline(): CountBaseline {
  return { hours: 0, mean: 0, variance: 0, busiest: 0 };
}

/** One more finished hour. */
export function learnHour(baseline: CountBaseline, count: number): CountBaseline {
  const weight = Math.max(1 / (baseline.hours + 1), 1 / COUNT_LIMIT.fullHours);
  const off = count - baseline.mean;
  return {
    hours: Math.min(baseline.hours + 1, COUNT_LIMIT.fullHours),
    mean: round(baseline.mean + weight * off),
    variance: round((1 - weight) * (baseline.variance + weight * off * off)),
    busiest: round(Math.max(count, baseline.busiest * Math.exp(-1 / COUNT_LIMIT.fullHours))),
  };
}

/** Null while there is too little history for any limit. */
export function countLimit(baseline: CountBaseline, floor: number): number | null {
  const { hours, mean, variance, busiest } = baseline;
  if (hours < COUNT_LIMIT.minHours) return null;
  if (hours < COUNT_LIMIT.fullHours) return Math.max(floor, COUNT_LIMIT.youngFactor * busiest);
  if (mean <= 0) return floor;
  const sd = Math.sqrt(variance);
  const byMean = mean + clip((mean + 5 * sd) / mean, 5, 8) * mean;
  const byBusiest = busiest * clip(5 * Math.exp((-0.65 * sd) / mean), 2, 5);
  return Math.max(floor, byMean, byBusiest);
}

function clip(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
