/** Shares with their Wilson interval, means with a bootstrap interval, and how both are printed. */
import { seededRandom } from "../../sim/random.ts";
import { wilsonInterval } from "../../src/core/wilson.ts";

export interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}

const RESAMPLES = 1000;
const NONE: Estimate = { value: null, low: null, high: null, n: 0 };

/** Wilson (1927), 95 %. */
export function share(hits: number, n: number): Estimate {
  if (n === 0) return NONE;
  const { low, high } = wilsonInterval(hits, n);
  return { value: hits / n, low, high, n };
}

/** Percentile bootstrap (Efron 1979) of the mean, 95 %, 1,000 resamples from a fixed seed. */
export function meanOf(values: readonly number[]): Estimate {
  const n = values.length;
  if (n === 0) return NONE;
  const random = seededRandom(n);
  const means: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += values[Math.floor(random() * n)] ?? 0;
    means.push(sum / n);
  }
  means.sort((a, b) => a - b);
  const at = (q: number): number => means[Math.floor(q * (RESAMPLES - 1))] ?? 0;
  return { value: values.reduce((a, b) => a + b, 0) / n, low: at(0.025), high: at(0.975), n };
}

export function quantileOf(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
}

/** `97.1 % (95.8 to 98.0)`. */
export function shareText({ value, low, high }: Estimate): string {
  if (value === null || low === null || high === null) return "-";
  return `${(value * 100).toFixed(1)} % (${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)})`;
}

/** `3.2 (2.9 to 3.5)`, in the unit of the values. */
export function meanText({ value, low, high }: Estimate): string {
  if (value === null || low === null || high === null) return "-";
  return `${value.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

export function numberText(value: number | null): string {
  return value === null ? "-" : value.toFixed(1);
}
