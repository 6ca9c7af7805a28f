import { describe, expect, it } from "vitest";
import {
  betaCdf,
  betaFromMoments,
  betaMean,
  betaOf,
  betaQuantile,
  betaVariance,
  logEvidence,
  logGamma,
} from "../../../src/core/sira/beta.ts";

describe("the Beta distribution", () => {
  it.each([
    [1, 0],
    [5, Math.log(24)],
    [0.5, Math.log(Math.sqrt(Math.PI))],
    [101, 363.7393755555635],
  ])("knows ln gamma(%d)", (x, expected) => {
    expect(logGamma(x)).toBeCloseTo(expected, 8);
  });

  it.each([
    // Closed forms: uniform; x^2; 1 - (1 - x)^3; the binomial sum for integers; the arcsine law.
    [{ alpha: 1, beta: 1 }, 0.3, 0.3],
    [{ alpha: 2, beta: 1 }, 0.3, 0.09],
    [{ alpha: 1, beta: 3 }, 0.3, 1 - 0.7 ** 3],
    [{ alpha: 3, beta: 2 }, 0.6, 4 * 0.6 ** 3 * 0.4 + 0.6 ** 4],
    [{ alpha: 0.5, beta: 0.5 }, 0.25, (2 / Math.PI) * Math.asin(0.5)],
  ])("has the distribution function of %o at %d", (distribution, x, expected) => {
    expect(betaCdf(distribution, x)).toBeCloseTo(expected, 9);
  });

  it("has quantiles that undo the distribution function, also where it is steep", () => {
    for (const distribution of [betaOf(0.7, 4), betaOf(0.999, 50), betaOf(0.02, 0.4), betaOf(0.5, 4000)])
      for (const q of [0.05, 0.5, 0.95]) {
        const x = betaQuantile(distribution, q);
        if (x > 1e-5 && x < 1 - 1e-5) expect(betaCdf(distribution, x)).toBeCloseTo(q, 2);
      }
  });

  it("is found again from its mean and variance", () => {
    const distribution = betaOf(0.83, 17);
    const again = betaFromMoments(betaMean(distribution), betaVariance(distribution));
    expect(again.alpha).toBeCloseTo(distribution.alpha, 9);
    expect(again.beta).toBeCloseTo(distribution.beta, 9);
  });

  it("gives a row of outcomes its chance", () => {
    // Uniform prior: one order of 2 successes and 1 failure has chance 1 / (4 * 3).
    expect(Math.exp(logEvidence({ alpha: 1, beta: 1 }, 2, 1))).toBeCloseTo(1 / 12, 9);
    expect(logEvidence({ alpha: 2, beta: 5 }, 0, 0)).toBe(0);
  });
});
