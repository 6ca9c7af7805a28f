import { describe, expect, it } from "vitest";
import { countLimit, learnHour, newCountBaseline } from "../../../src/core/detect/count-limit.ts";
import { newErrorRatio, observeRatio, ratioTest } from "../../../src/core/detect/error-ratio.ts";
import {
  type ErrorSpike,
  errorSpikeFinding,
  errorSpikeSuspect,
  newErrorSpike,
  observeErrorSpike,
  resetErrorSpike,
} from "../../../src/core/detect/error-spike.ts";
import { spreadFactor } from "../../../src/core/detect/error-spread.ts";
import { NO_SUMS } from "../../../src/core/detect/rolling-window.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { poisson, seeded } from "../../builders/seeded.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const served = (state: ErrorSpike, requests: number, errors: number, at = T0) =>
  observeErrorSpike(state, { requests, errors }, undefined, [], at);
const find = (state: ErrorSpike, now = T0) => errorSpikeFinding(state, NO_SUMS, "fp:v1:abc", now);

describe("error spike by requests", () => {
  const used = served(newErrorSpike(), 1000, 5);
  /** `beats` of 20 requests, 12 of them with an error, a minute apart from T0 on. */
  const broken = (state: ErrorSpike, beats: number) => {
    let next = state;
    for (let beat = 1; beat <= beats; beat++) next = served(next, 20, 12, T0 + beat * MINUTE);
    return next;
  };
  /** A plugin that has one error in 100 requests, never two together. */
  const independent = () => {
    let state = newErrorSpike();
    for (let beat = 0; beat < 4000; beat++) state = served(state, 10, beat % 10 === 0 ? 1 : 0);
    return state;
  };

  it("fires when errors per request rise far above the learned level, and names the dominant error", () => {
    const state = broken(used, 4);
    expect(find(state, T0 + 5 * MINUTE)).toMatchObject({
      firing: true,
      severity: "critical",
      fingerprint: "fp:v1:abc",
      signal: { method: "bernoulli-cusum", value: 0.6, sample: 80, onset_at: "2026-03-02T12:01:00.000Z" },
    });
  });

  it("does not fire on a single clump of errors, but becomes suspect at two", () => {
    expect(find(served(used, 100, 80))).toMatchObject({ firing: false, standing: "normal" });
    const state = served(served(used, 100, 80), 100, 80);
    expect(find(state)).toMatchObject({ firing: false, standing: "suspect", fingerprint: "" });
    expect(errorSpikeSuspect(state, T0)).toBe(true);
    expect(errorSpikeSuspect(state, T0 + 31 * MINUTE)).toBe(false);
    expect(find(served(state, 200, 1)).standing).toBe("normal");
  });

  it("asks for faster beats at a third of the way where errors are known to be independent", () => {
    const three = served(independent(), 10, 3, T0);
    expect(find(three).standing).toBe("normal");
    expect(errorSpikeSuspect(three, T0)).toBe(true);
    expect(errorSpikeSuspect(served(independent(), 10, 1, T0), T0)).toBe(false);
  });

  it("needs two beats in a plugin whose errors are known not to come in clumps, and more where they do", () => {
    expect(find(broken(independent(), 1)).firing).toBe(false);
    expect(find(broken(independent(), 2)).firing).toBe(true);
    let clumpy = newErrorSpike();
    for (let beat = 0; beat < 4000; beat++) clumpy = served(clumpy, 10, beat % 80 === 0 ? 8 : 0);
    expect(spreadFactor(clumpy.ratio.spread)).toBeGreaterThan(4);
    expect(find(clumpy).firing).toBe(false);
    expect(find(broken(clumpy, 3)).firing).toBe(false);
    expect(find(broken(clumpy, 4)).firing).toBe(true);
  });

  it("judges by what is assumed where the scatter was not stored yet", () => {
    const { spread: _, ...stored } = independent().ratio;
    expect(ratioTest(stored).spread).toBe(3);
    expect(ratioTest(independent().ratio).spread).toBeLessThan(1.5);
  });

  it("takes a shop that always has some errors as it is", () => {
    let state = newErrorSpike();
    for (let beat = 0; beat < 200; beat++) state = served(state, 20, 1);
    expect(find(state).standing).toBe("normal");
    expect(ratioTest(state.ratio).healthy).toBeCloseTo(0.1, 2);
  });

  it("does not let an outage become the norm", () => {
    let ratio = observeRatio(newErrorRatio(), 1000, 5, T0);
    const healthy = ratioTest(ratio).healthy;
    for (let beat = 0; beat < 500; beat++) ratio = observeRatio(ratio, 20, 15, T0);
    expect(ratioTest(ratio).healthy).toBeLessThanOrEqual(healthy * 1.5);
    expect(ratio.cusum.firing).toBe(true);
  });

  it("counts errors without any request, as of a plugin that fails at boot", () => {
    const failing = [1, 2, 3, 4].reduce((state) => served(state, 0, 5), used);
    expect(find(failing).firing).toBe(true);
  });

  it("shows that it is still learning, and meanwhile finds what is plainly broken", () => {
    const young = served(newErrorSpike(), 30, 0);
    expect(find(young).standing).toBe("learning");
    const failing = [1, 2, 3, 4].reduce((state) => served(state, 10, 9), young);
    expect(find(failing).firing).toBe(true);
  });

  it("is over after enough good requests, not after a reset or silence", () => {
    const spike = [1, 2, 3, 4].reduce((state) => served(state, 40, 40), used);
    expect(find(spike).firing).toBe(true);
    const reset = resetErrorSpike(spike, T0);
    expect(find(reset)).toMatchObject({ firing: false, cleared: false });
    expect(find(served(reset, 0, 0, T0 + 50 * HOUR))).toMatchObject({ cleared: false });
    expect(find(served(reset, 20, 0))).toMatchObject({ firing: false, cleared: true });
  });
});

/** A plugin that counts no requests, with this many errors an hour; beats every 10 min. */
function countedFor(
  hours: number,
  perHour: number,
  random: () => number,
): { state: ErrorSpike; now: number } {
  let state = newErrorSpike();
  let now = T0;
  for (let hour = 0; hour < hours; hour++) {
    let inHour = 0;
    for (let beat = 0; beat < 6; beat++) {
      const errors = poisson(perHour / 6, random);
      inHour += errors;
      now += 10 * MINUTE;
      state = observeErrorSpike(state, { errors, requests: 0 }, undefined, beat === 5 ? [inHour] : [], now);
    }
  }
  return { state, now };
}

describe("error spike by counts alone", () => {
  it("learns for a day before it judges", () => {
    const { state } = countedFor(23, 3, seeded(1));
    expect(find(state).standing).toBe("learning");
    expect(find(countedFor(25, 3, seeded(1)).state).standing).toBe("normal");
  });

  it("fires on twenty times the usual, and not on the usual", () => {
    const { state, now } = countedFor(200, 10, seeded(2));
    expect(state.firing).toBe(false);
    const spike = observeErrorSpike(state, { errors: 200, requests: 0 }, undefined, [], now + 10 * MINUTE);
    expect(find(spike, now + 10 * MINUTE)).toMatchObject({
      firing: true,
      cleared: false,
      signal: { method: "count-limit", window_s: 3600 },
    });
  });

  it("is over after half an hour of beats below half the limit", () => {
    const { state, now } = countedFor(200, 2, seeded(3));
    let spike = observeErrorSpike(state, { errors: 100, requests: 0 }, undefined, [], now);
    expect(spike.firing).toBe(true);
    for (let beat = 1; beat <= 240; beat++) {
      spike = observeErrorSpike(spike, { errors: 0, requests: 0 }, undefined, [], now + beat * MINUTE);
      if (!spike.firing && beat < 150) expect(find(spike, now + beat * MINUTE).cleared).toBe(false);
    }
    expect(find(spike, now + 4 * HOUR)).toMatchObject({ firing: false, cleared: true });
  });

  it("keeps a spike out of what it has learned", () => {
    const { state, now } = countedFor(200, 2, seeded(4));
    const spike = observeErrorSpike(state, { errors: 500, requests: 0 }, undefined, [], now);
    const later = observeErrorSpike(spike, { errors: 500, requests: 0 }, undefined, [1000], now + HOUR);
    expect(later.baseline).toEqual(state.baseline);
  });
});

describe("error spike by the client's own gauge", () => {
  it("needs a learned baseline and two beats in a row", () => {
    let state = newErrorSpike();
    const beat = (gauge: number, hours: number[]) => observeErrorSpike(state, null, gauge, hours, T0);
    expect(find(state).standing).toBe("not_enough_data");
    for (let hour = 0; hour < 30; hour++) state = beat(4, [0]);
    expect(find(state).standing).toBe("normal");
    state = beat(400, []);
    expect(find(state).firing).toBe(false);
    state = beat(410, []);
    expect(find(state)).toMatchObject({ firing: true, signal: { method: "gauge-limit", window_s: 86_400 } });
  });
});

describe("count limit", () => {
  it.each([
    ["a quiet plugin", 168, 0, 20],
    ["two an hour, steady", 168, 2, 20],
    ["twenty an hour, steady", 168, 20, 120],
    ["a young history", 48, 20, 200],
  ])("of %s", (_, hours, count, limit) => {
    let baseline = newCountBaseline();
    for (let hour = 0; hour < hours; hour++) baseline = learnHour(baseline, count);
    expect(countLimit(baseline, 20)).toBeCloseTo(limit, 0);
  });

  it("stays away from clumpy counts with quiet nights", () => {
    const random = seeded(9);
    let baseline = newCountBaseline();
    let exceeded = 0;
    for (let hour = 0; hour < 24 * 100; hour++) {
      const daily = 1 + Math.sin((hour / 24) * 2 * Math.PI);
      const clump = random() < 0.1 ? 4 : 0.6;
      const count = poisson(5 * daily * clump, random);
      const limit = countLimit(baseline, 20);
      if (hour > 168 && limit !== null && count >= limit) exceeded += 1;
      baseline = learnHour(baseline, count);
    }
    expect(exceeded).toBeLessThanOrEqual(1);
  });
});
