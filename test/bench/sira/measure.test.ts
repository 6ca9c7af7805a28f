import { describe, expect, it } from "vitest";
import {
  brier,
  calibrationError,
  coverage,
  type Forecast,
  ofWorlds,
  reliability,
} from "../../../bench/sira/measure.ts";
import { byBaseRate } from "../../../bench/sira/report.ts";
import { runOf } from "../../../bench/sira/run.ts";
import { FAMILIES, incidentsOf } from "../../../bench/sira/world.ts";
import { seededRandom } from "../../../sim/random.ts";

const forecasts = (said: number, healed: number, of: number): Forecast[] =>
  Array.from({ length: of }, (_, i) => ({ said, healed: i < healed, chance: healed / of }));

describe("measures of forecasts", () => {
  it("put each forecast into its bin, the surest into the last", () => {
    const bins = reliability([...forecasts(0.1, 1, 10), ...forecasts(0.19, 4, 10), ...forecasts(1, 9, 10)]);
    expect(bins.map(({ n }) => n)).toEqual([0, 20, 0, 0, 0, 0, 0, 0, 0, 10]);
    expect(bins[1]?.said).toBeCloseTo(0.145, 9);
    expect(bins[1]?.healed).toBe(0.25);
    expect(bins[9]).toMatchObject({ said: 1, healed: 0.9 });
    expect(bins[9]?.low).toBeCloseTo(0.596, 3);
  });

  it("add up: score = reliability - resolution + uncertainty", () => {
    const all = [...forecasts(0.2, 3, 10), ...forecasts(0.5, 5, 20), ...forecasts(0.9, 16, 20)];
    const { score, reliability: off, resolution, uncertainty } = brier(all);
    expect(off - resolution + uncertainty).toBeCloseTo(score, 12);
    expect(uncertainty).toBeCloseTo(0.48 * 0.52, 12);
  });

  it("know a perfect forecaster, a hedging one, and one that is always wrong", () => {
    expect(brier([...forecasts(1, 5, 5), ...forecasts(0, 0, 5)]).score).toBe(0);
    expect(brier(forecasts(0.5, 5, 10))).toMatchObject({ score: 0.25, reliability: 0, resolution: 0 });
    expect(brier([...forecasts(0, 5, 5), ...forecasts(1, 0, 5)]).score).toBe(1);
    expect(calibrationError(forecasts(0.5, 5, 10))).toBe(0);
    expect(calibrationError([...forecasts(0.75, 5, 10), ...forecasts(0.15, 2, 10)])).toBeCloseTo(0.15, 12);
  });

  it("count which intervals hold the truth", () => {
    const given = (interval: [number, number]): Forecast => ({
      said: 0.5,
      healed: true,
      chance: 0.6,
      interval,
    });
    expect(coverage([given([0.5, 0.7]), given([0.61, 0.9]), ...forecasts(0.5, 1, 1)])).toEqual({
      hits: 1,
      n: 2,
    });
  });

  it("give a mean with an interval that holds it", () => {
    const [mean, low, high] = ofWorlds([1, 2, 3, 4, 5], seededRandom(1));
    expect(mean).toBe(3);
    expect(low).toBeLessThan(2.5);
    expect(high).toBeGreaterThan(3.5);
  });
});

describe("a simulated product", () => {
  const [plain] = FAMILIES;
  if (plain === undefined) throw new Error("no families");
  const small = { ...plain, incidents: 60 };

  it("is the same for the same seed, and another for another", () => {
    const first = (seed: number) =>
      [...incidentsOf(small, seed)].map(({ request, chance, outcome }) => [
        request,
        request.candidates.map((candidate) => [chance(candidate), outcome(candidate)]),
      ]);
    expect(first(5)).toEqual(first(5));
    expect(first(5)).not.toEqual(first(6));
  });

  it("heals as often as its chances say", () => {
    let expected = 0;
    let healed = 0;
    let n = 0;
    for (const { request, chance, outcome } of incidentsOf({ ...plain, incidents: 400 }, 3))
      for (const candidate of request.candidates) {
        expected += chance(candidate);
        healed += Number(outcome(candidate) === "success");
        n += 1;
      }
    expect(Math.abs(healed - expected) / n).toBeLessThan(0.03);
  });

  it("meets every way of deciding with the same luck, and none does better than the oracle", () => {
    const worth = (name: Parameters<typeof runOf>[2]) =>
      runOf(small, 2, name).worth.reduce((sum, each) => sum + each, 0);
    const best = worth("oracle");
    for (const name of [
      "SIRA, best known",
      "SIRA, exploring",
      "rules alone",
      "always patch",
      "random",
    ] as const) {
      expect(worth(name)).toBeLessThanOrEqual(best + 1e-9);
      expect(worth(name)).toBe(worth(name));
    }
  });

  it("lets the base rate know only what came before", () => {
    const run = runOf(small, 2, "random");
    const said = byBaseRate([run]).map((each) => each.said);
    expect(said[0]).toBe(0.5);
    const [first] = run.tried;
    expect(said[1]).toBeCloseTo(first?.healed ? 2 / 3 : 1 / 3, 12);
  });
});
