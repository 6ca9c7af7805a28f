/**
 * Pure: the Beta distribution, in which a chance between 0 and 1 is believed. Its distribution function is the incomplete beta
 * function by Lentz's continued fraction (Press et al., "Numerical Recipes", 3rd ed., sections 6.1 and 6.4).
 */

/** `alpha` and `beta` above 0: as if so many successes and failures had been seen. */
export interface Beta {
  alpha: number;
  beta: number;
}

/** Keeps every belief proper: nothing is ever certain. */
const EDGE = 1e-4;
const LANCZOS = [
  76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 1.208650973866179e-3,
  -5.395239384953e-6,
] as const;

export function betaOf(mean: number, weight: number): Beta {
  const m = Math.min(1 - EDGE, Math.max(EDGE, mean));
  const w = Math.max(EDGE, weight);
  return { alpha: m * w, beta: (1 - m) * w };
}

export function betaMean({ alpha, beta }: Beta): number {
  return alpha / (alpha + beta);
}

export function betaVariance({ alpha, beta }: Beta): number {
  const weight = alpha + beta;
  return (alpha * beta) / (weight * weight * (weight + 1));
}

/** The Beta distribution with this mean and variance; a variance that no such distribution has is brought within reach. */
export function betaFromMoments(mean: number, variance: number): Beta {
  const m = Math.min(1 - EDGE, Math.max(EDGE, mean));
  const most = m * (1 - m);
  const v = Math.min(most * 0.99, Math.max(most * 1e-6, variance));
  return betaOf(m, most / v - 1);
}

/** ln of the gamma function, x above 0; relative error below 2e-10. */
export function logGamma(x: number): number {
  const near = x + 5.5;
  let series = 1.000000000190015;
  for (const [i, coefficient] of LANCZOS.entries()) series += coefficient / (x + 1 + i);
  return (x + 0.5) * Math.log(near) - near + Math.log((Math.sqrt(2 * Math.PI) * series) / x);
}

/**
 * ln of the chance of one row of outcomes with so many successes and failures (halves allowed) when their common chance is drawn
 * from `prior`: the beta-binomial distribution without its number of orders.
 */
export function logEvidence({ alpha, beta }: Beta, successes: number, failures: number): number {
  return logBeta(alpha + successes, beta + failures) - logBeta(alpha, beta);
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** Chance that the value is at most x. */
export function betaCdf({ alpha, beta }: Beta, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(alpha * Math.log(x) + beta * Math.log(1 - x) - logBeta(alpha, beta));
  return x < (alpha + 1) / (alpha + beta + 2)
    ? (front * fraction(alpha, beta, x)) / alpha
    : 1 - (front * fraction(beta, alpha, 1 - x)) / beta;
}

/** The value that is not exceeded with chance `q`, to 1e-6. With a uniform `q` it is a draw from the distribution. */
export function betaQuantile(distribution: Beta, q: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (betaCdf(distribution, middle) < q) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function fraction(a: number, b: number, x: number): number {
  const tiny = 1e-30;
  const kept = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept(1 + even * d);
    c = kept(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept(1 + odd * d);
    c = kept(1 + odd / c);
    const change = d * c;
    result *= change;
    if (Math.abs(change - 1) < 1e-10) break;
  }
  return result;
}
