import { describe, expect, it } from "vitest";
import { binomial, exponential, gammaFactor, geometric, poisson, seededRandom } from "../../sim/random.ts";

const DRAWS = 20_000;

function momentsOf(draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, each) => sum + each, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / DRAWS };
}

describe("seeded randomness", () => {
  it("is the same for the same seed, and another for another", () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it.each([
    ["exponential", (r: () => number) => exponential(3, r), 3, 9],
    ["small Poisson", (r: () => number) => poisson(0.4, r), 0.4, 0.4],
    ["large Poisson", (r: () => number) => poisson(75, r), 75, 75],
    ["rare binomial", (r: () => number) => binomial(300, 0.01, r), 3, 2.97],
    ["common binomial", (r: () => number) => binomial(10, 0.9, r), 9, 0.9],
    ["geometric", (r: () => number) => geometric(2, r), 2, 2],
    ["gamma factor", (r: () => number) => gammaFactor(4, r), 1, 0.25],
  ])("has the mean and the variance of a %s distribution", (_, draw, mean, variance) => {
    const random = seededRandom(11);
    const seen = momentsOf(() => draw(random));
    expect(seen.mean / mean).toBeGreaterThan(0.96);
    expect(seen.mean / mean).toBeLessThan(1.04);
    expect(seen.variance / variance).toBeGreaterThan(0.9);
    expect(seen.variance / variance).toBeLessThan(1.1);
  });

  it("knows the ends of a binomial", () => {
    const random = seededRandom(1);
    expect([binomial(5, 0, random), binomial(5, 1, random), binomial(0, 0.5, random)]).toEqual([0, 5, 0]);
  });
});
