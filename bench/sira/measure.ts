/**
 * How good forecasts are. Brier score and its parts: A. H. Murphy, "A New Vector Partition of the Probability Score", 1973; expected
 * calibration error: Naeini et al., 2015, over ten bins of equal width; intervals of shares: Wilson.
 */
import { wilsonInterval } from "../../src/core/wilson.ts";

export interface Forecast {
  /** What was said, 0 to 1. */
  said: number;
  /** What came. */
  healed: boolean;
  /** What was true. */
  chance: number;
  interval?: [number, number];
}

export interface Bin {
  from: number;
  to: number;
  n: number;
  said: number;
  healed: number;
  low: number;
  high: number;
}

const BINS = 10;

export function reliability(forecasts: readonly Forecast[]): Bin[] {
  return Array.from({ length: BINS }, (_, i) => {
    const inBin = forecasts.filter(({ said }) => Math.min(BINS - 1, Math.floor(said * BINS)) === i);
    const n = inBin.length;
    const healed = inBin.filter((each) => each.healed).length;
    const { low, high } = wilsonInterval(healed, n);
    const said = n === 0 ? (i + 0.5) / BINS : sum(inBin.map((each) => each.said)) / n;
    return { from: i / BINS, to: (i + 1) / BINS, n, said, healed: n === 0 ? 0 : healed / n, low, high };
  });
}

export interface Brier {
  score: number;
  /** How far what was said lies from what came, by bin: smaller is better. */
  reliability: number;
  /** How far the bins lie apart: larger is better. */
  resolution: number;
  /** Of the base rate: nobody's merit. */
  uncertainty: number;
}

/** The parts add up to the score but for what forecasts differ within a bin. */
export function brier(forecasts: readonly Forecast[]): Brier {
  const n = forecasts.length;
  const base = sum(forecasts.map(({ healed }) => Number(healed))) / n;
  const bins = reliability(forecasts);
  return {
    score: sum(forecasts.map(({ said, healed }) => (said - Number(healed)) ** 2)) / n,
    reliability: sum(bins.map((bin) => bin.n * (bin.said - bin.healed) ** 2)) / n,
    resolution: sum(bins.map((bin) => bin.n * (bin.healed - base) ** 2)) / n,
    uncertainty: base * (1 - base),
  };
}

export function calibrationError(forecasts: readonly Forecast[]): number {
  return sum(reliability(forecasts).map((bin) => bin.n * Math.abs(bin.said - bin.healed))) / forecasts.length;
}

/** Share of the intervals that hold the true chance. */
export function coverage(forecasts: readonly Forecast[]): { hits: number; n: number } {
  const given = forecasts.filter(({ interval }) => interval !== undefined);
  const hits = given.filter(({ interval: [low, high] = [0, 0], chance }) => low <= chance && chance <= high);
  return { hits: hits.length, n: given.length };
}

/** Mean with its 95 % interval, by resampling the worlds (Efron's percentile bootstrap). */
export function ofWorlds(values: readonly number[], random: () => number): [number, number, number] {
  const mean = (of: readonly number[]) => sum(of) / of.length;
  const again = Array.from({ length: 1000 }, () =>
    mean(values.map(() => values[Math.floor(random() * values.length)] ?? 0)),
  ).sort((a, b) => a - b);
  return [mean(values), again[25] ?? 0, again[974] ?? 0];
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}
