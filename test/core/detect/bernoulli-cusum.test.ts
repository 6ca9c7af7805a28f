import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Cusum,
  failureShare,
  hasRecovered,
  newCusum,
  referenceShare,
  resetCusum,
  updateCusum,
} from "../../../src/core/detect/bernoulli-cusum.ts";
import { WEBHOOK_TEST as TEST } from "../../../src/core/detect/detection-tuning.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { binomial, poisson, seeded } from "../../builders/seeded.ts";

const step = (cusum: Cusum, trials: number, failures: number, now = T0) =>
  updateCusum(cusum, { trials, failures }, TEST, now);
const failed = (n: number) => step(newCusum(), n, n);

it("dates the onset to the beginning of the beat that brought the first evidence", () => {
  const cusum = updateCusum(newCusum(), { trials: 20, failures: 12, since: T0 - 120_000 }, TEST, T0);
  expect(cusum.onsetAt).toBe(T0 - 120_000);
});

describe("Bernoulli CUSUM", () => {
  it("fires at the fourth failure in a row and not before", () => {
    expect(failed(3).firing).toBe(false);
    expect(failed(4).firing).toBe(true);
  });

  it("neither grows nor shrinks at its reference share", () => {
    expect(referenceShare(TEST)).toBeCloseTo(0.1016, 3);
    const at = step(failed(3), 100_000, Math.round(100_000 * referenceShare(TEST)));
    expect(Math.abs(at.sum - failed(3).sum)).toBeLessThan(2.5);
  });

  it("dates the onset to when the sum last left zero, and counts the evidence from there", () => {
    let cusum = step(newCusum(), 1, 1, T0);
    cusum = step(cusum, 100, 0, T0 + 1);
    expect(cusum).toMatchObject({ sum: 0, onsetAt: null, trials: 0 });
    cusum = step(cusum, 2, 2, T0 + 2);
    cusum = step(cusum, 6, 4, T0 + 3);
    expect(cusum).toMatchObject({ onsetAt: T0 + 2, trials: 8, failures: 6, firing: true });
    expect(failureShare(cusum)).toBe(0.75);
  });

  it("is capped, so that a long outage does not delay recovery", () => {
    expect(step(failed(1000), 1000, 1000).sum).toBe(TEST.cap);
  });

  it("keeps firing between its leave and enter levels", () => {
    const before = failed(4);
    const after = step(before, 6, 0);
    expect(after.sum).toBeLessThan(TEST.enter);
    expect(step(after, 1, 1).firing).toBe(true);
  });

  it.each([
    [0.6, 11],
    [1, 11],
    [0.25, 32],
  ])(
    "believes in recovery from a failure share of %d after %i successes in a row, not earlier",
    (share, successes) => {
      const broken = step(newCusum(), 100, 100 * share);
      expect(broken).toMatchObject({ firing: true, sum: TEST.cap });
      expect(hasRecovered(step(broken, successes - 1, 0))).toBe(false);
      const mended = step(broken, successes, 0);
      expect(mended).toMatchObject({ firing: false, sum: 0 });
      expect(hasRecovered(mended)).toBe(true);
    },
  );

  it("does not take silence, or a reset, for recovery", () => {
    const broken = failed(20);
    expect(step(broken, 0, 0, T0 + 1e9)).toEqual(broken);
    const reset = resetCusum(broken);
    expect(reset).toMatchObject({ firing: false, sum: 0, onsetAt: null });
    expect(hasRecovered(reset)).toBe(false);
    expect(hasRecovered(step(reset, 11, 0))).toBe(true);
  });

  it("judges a second, milder burst by its own share", () => {
    const mended = step(failed(20), 60, 0);
    expect(hasRecovered(mended)).toBe(true);
    const again = step(mended, 100, 18);
    expect(again.firing).toBe(true);
    expect(step(again, 11, 0).firing).toBe(true);
  });

  it("takes more failures than trials at their word", () => {
    expect(step(newCusum(), 0, 5)).toMatchObject({ firing: true, trials: 5, failures: 5 });
  });

  it("says the same when a beat is cut in two", () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(8),
        (trials, share, cut, burst) => {
          const failures = Math.round(trials * share);
          const first = { trials: Math.round(trials * cut), failures: Math.round(failures * cut) };
          const start = step(newCusum(), burst, burst);
          const whole = step(start, trials, failures);
          const half = step(start, first.trials, first.failures);
          const halves = step(half, trials - first.trials, failures - first.failures);
          // Recovery ends an incident inside a beat; rounding moves at most one failure across the cut.
          const oneFailure = Math.log(TEST.failing / TEST.healthy) + 0.27;
          if (!start.firing) expect(Math.abs(whole.sum - halves.sum)).toBeLessThanOrEqual(oneFailure);
        },
      ),
    );
  });

  it("never leaves its range, whatever comes", () => {
    const batch = fc.record({ trials: fc.nat(1e6), failures: fc.nat(1e6) });
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 50 }), (batches) => {
        let cusum = newCusum();
        for (const { trials, failures } of batches) {
          cusum = step(cusum, trials, failures);
          expect(cusum.sum).toBeGreaterThanOrEqual(0);
          expect(cusum.sum).toBeLessThanOrEqual(TEST.cap);
          expect(cusum.recovery).toBeGreaterThanOrEqual(0);
          expect(cusum.failures).toBeLessThanOrEqual(cusum.trials);
          expect(cusum.onsetAt === null).toBe(cusum.sum === 0);
        }
      }),
    );
  });
});

describe("Bernoulli CUSUM on simulated webhooks, beats every 2 min", () => {
  const beatsPerDay = 720;

  it.each([2, 10, 60, 300])("raises next to no false alarm at 1 %% failing and %i an hour", (perHour) => {
    const random = seeded(perHour);
    let alarms = 0;
    for (let day = 0; day < 100; day++) {
      let cusum = newCusum();
      for (let beat = 0; beat < beatsPerDay; beat++) {
        const sent = poisson(perHour / 30, random);
        const next = step(cusum, sent, binomial(sent, 0.01, random));
        if (next.firing && !cusum.firing) alarms += 1;
        cusum = next;
      }
    }
    expect(alarms).toBe(0);
  });

  it("finds 60 % failing at 60 an hour within about 10 webhooks", () => {
    const random = seeded(60);
    const needed: number[] = [];
    for (let run = 0; run < 300; run++) {
      let cusum = step(newCusum(), 500, 5);
      let sent = 0;
      while (!cusum.firing) {
        const arrived = poisson(2, random);
        sent += arrived;
        cusum = step(cusum, arrived, binomial(arrived, 0.6, random));
      }
      needed.push(sent);
    }
    needed.sort((a, b) => a - b);
    expect(needed[150]).toBeLessThanOrEqual(10);
    expect(needed[285]).toBeLessThanOrEqual(18);
  });

  it("does not take an incident that goes on for over", () => {
    const random = seeded(7);
    let ended = 0;
    for (let run = 0; run < 300; run++) {
      let cusum = step(newCusum(), 20, 12);
      for (let webhook = 0; webhook < 200; webhook++) {
        const next = step(cusum, 1, random() < 0.6 ? 1 : 0);
        if (cusum.firing && !next.firing) ended += 1;
        cusum = next;
      }
    }
    expect(ended).toBeLessThanOrEqual(5);
  });
});
