/** Arithmetic that the sections share: seeds, quantiles, scaling. */
import { fnv1a } from "../../src/core/stable-hash.ts";
import type { Sample } from "../sample.ts";
import type { Figures, Part } from "./section.ts";

export const FLEET = 5000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** 2026-03-02 00:00 UTC, a Monday. */
export const START = Date.UTC(2026, 2, 2);

/** Every part, and every plugin in it, draws from a seed of its own: the figures do not depend on order or cores. */
export function seedOf(options: Sample, part: Part, index: number): number {
  return fnv1a(`${options.seed}|${part.id}|${index}`);
}

/** Linear between the two nearest; null of nothing. */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low === high ? low : low + (high - low) * (at - Math.floor(at));
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** A count over so many plugin days, as a count a day of a whole fleet. */
export function perFleetDay(count: number, pluginDays: number): number {
  return (count * FLEET) / pluginDays;
}

type Results = readonly { part: Part; figures: Figures }[];

export function select(results: Results, settings: Partial<Part>): Results {
  const wanted = Object.entries(settings);
  return results.filter(({ part }) => wanted.every(([name, value]) => part[name] === value));
}

export function total(results: Results, name: string): number {
  return results.reduce((sum, { figures }) => sum + numberOf(figures[name]), 0);
}

export function pooled(results: Results, name: string): number[] {
  return results.flatMap(({ figures }) => listOf(figures[name]));
}

function numberOf(value: Figures[string] | undefined): number {
  return typeof value === "number" ? value : 0;
}

function listOf(value: Figures[string] | undefined): number[] {
  return Array.isArray(value) ? value : [];
}
