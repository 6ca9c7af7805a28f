/** Seeded randomness for simulations in tests (mulberry32): the same seed gives the same numbers everywhere. */

export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Number of arrivals of a Poisson process with this mean (Knuth's product method; for means below about 100). */
export function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let n = -1;
  let product = 1;
  do {
    n += 1;
    product *= random();
  } while (product > limit);
  return n;
}

export function binomial(trials: number, p: number, random: () => number): number {
  let hits = 0;
  for (let i = 0; i < trials; i++) if (random() < p) hits += 1;
  return hits;
}
