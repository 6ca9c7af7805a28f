/**
 * Seeded randomness for simulations: the same seed gives the same numbers on every machine. Not for secrets.
 * A generator is a function that returns a number in [0, 1).
 */

export type Random = () => number;

/** mulberry32 (Tommy Ettinger's 32-bit mixer, public domain): period 2^32, quick, good enough to draw events with. */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Exponential with this mean. */
export function exponential(mean: number, random: Random): number {
  return -Math.log(1 - random()) * mean;
}

/** Number of arrivals of a Poisson process with this mean; large means are drawn in pieces (Knuth's method underflows). */
export function poisson(mean: number, random: Random): number {
  let n = 0;
  let left = mean;
  for (; left > 30; left -= 30) n += smallPoisson(30, random);
  return n + smallPoisson(left, random);
}

/** How many of `trials` succeed with probability `p` each; geometric skips make small `p` cheap. */
export function binomial(trials: number, p: number, random: Random): number {
  if (p <= 0 || trials <= 0) return 0;
  if (p >= 1) return trials;
  const logQ = Math.log(1 - p);
  let hits = 0;
  for (let at = skip(logQ, random); at < trials; at += 1 + skip(logQ, random)) hits += 1;
  return hits;
}

/** At least 1, with this mean (1 or more). */
export function geometric(mean: number, random: Random): number {
  return mean <= 1 ? 1 : 1 + skip(Math.log(1 - 1 / mean), random);
}

/** Gamma with mean 1 and an integer shape: the sum of that many exponentials. Its variance is 1 / shape. */
export function gammaFactor(shape: number, random: Random): number {
  let sum = 0;
  for (let i = 0; i < shape; i++) sum += exponential(1, random);
  return sum / shape;
}

function smallPoisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let n = -1;
  let product = 1;
  do {
    n += 1;
    product *= random();
  } while (product > limit);
  return n;
}

function skip(logQ: number, random: Random): number {
  return Math.floor(Math.log(1 - random()) / logQ);
}
