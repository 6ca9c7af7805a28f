import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Counters } from "../../../src/contract/heartbeat.ts";
import { type CounterMark, counterDelta } from "../../../src/core/detect/counter-delta.ts";
import { MAX_DELTA_PER_BEAT } from "../../../src/core/detect/detection-tuning.ts";
import { NO_SUMS, SUM_NAMES } from "../../../src/core/detect/rolling-window.ts";

const counts = (errors: number, requests = 0, webhooks_sent = 0, webhooks_failed = 0): Counters => ({
  errors,
  requests,
  webhooks_sent,
  webhooks_failed,
});
const mark: CounterMark = { boot: "a", values: counts(10, 100, 20, 2) };

describe("counter delta", () => {
  it("is the difference within one boot", () => {
    expect(counterDelta(mark, "a", counts(11, 130, 25, 2))).toEqual({
      delta: counts(1, 30, 5, 0),
      mark: { boot: "a", values: counts(11, 130, 25, 2) },
      restarted: false,
    });
  });

  it.each([
    ["on the first beat", null, "a"],
    ["after a new boot", mark, "b"],
  ])("is the value itself %s", (_, before, boot) => {
    expect(counterDelta(before, boot, counts(3, 200, 30, 1))).toMatchObject({
      delta: counts(3, 200, 30, 1),
      restarted: true,
    });
  });

  it("takes a counter that falls within one boot for a restart", () => {
    expect(counterDelta(mark, "a", counts(3, 200, 30, 1))).toMatchObject({
      delta: counts(3, 200, 30, 1),
      restarted: true,
    });
  });

  it("counts nothing twice when up to eight boots beat by turns", () => {
    const turns = fc.array(fc.record({ boot: fc.integer({ min: 1, max: 8 }), add: fc.nat(1000) }));
    fc.assert(
      fc.property(turns, (beats) => {
        const counted = new Map<number, number>();
        let heard: CounterMark | null = null;
        let sum = 0;
        for (const { boot, add } of beats) {
          counted.set(boot, (counted.get(boot) ?? 0) + add);
          const { delta, mark: next } = counterDelta(heard, `tab-${boot}`, counts(counted.get(boot) ?? 0));
          heard = next;
          sum += delta.errors;
        }
        return sum === beats.reduce((all, { add }) => all + add, 0);
      }),
    );
  });

  it("remembers a bounded number of boots", () => {
    let heard: CounterMark | null = null;
    for (let boot = 0; boot < 100; boot++) heard = counterDelta(heard, `page-${boot}`, counts(1)).mark;
    expect(heard?.others?.map(({ boot }) => boot)).toEqual(
      [98, 97, 96, 95, 94, 93, 92].map((boot) => `page-${boot}`),
    );
  });

  it("bounds an absurd jump and keeps the share that failed", () => {
    const { delta } = counterDelta(mark, "a", counts(10, 100, 20 + 1e12, 2 + 5e11));
    expect(delta.webhooks_sent).toBe(MAX_DELTA_PER_BEAT);
    expect(delta.webhooks_failed).toBe(MAX_DELTA_PER_BEAT / 2);
  });

  it("loses nothing when beats in between are lost", () => {
    const steps = fc.array(fc.record({ add: fc.nat(1000), lost: fc.boolean() }), { minLength: 1 });
    fc.assert(
      fc.property(steps, (beats) => {
        let value = 0;
        let heard: CounterMark | null = null;
        let sum = 0;
        for (const [i, { add, lost }] of beats.entries()) {
          value += add;
          if (lost && i < beats.length - 1) continue;
          const { delta, mark: next } = counterDelta(heard, "a", counts(value));
          heard = next;
          sum += delta.errors;
        }
        return sum === value;
      }),
    );
  });

  it("is never negative, never NaN and never above its bound", () => {
    const any = fc.record({
      boot: fc.constantFrom("a", "b"),
      errors: fc.maxSafeNat(),
      requests: fc.maxSafeNat(),
      webhooks_sent: fc.maxSafeNat(),
      webhooks_failed: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(fc.array(any), (beats) => {
        let at: CounterMark | null = null;
        for (const { boot, ...values } of beats) {
          const { delta, mark: next } = counterDelta(at, boot, values);
          for (const name of SUM_NAMES) {
            expect(delta[name]).toBeGreaterThanOrEqual(0);
            expect(delta[name]).toBeLessThanOrEqual(MAX_DELTA_PER_BEAT);
          }
          at = next;
        }
      }),
    );
    expect(counterDelta({ boot: "a", values: NO_SUMS }, "a", counts(0)).delta).toEqual(NO_SUMS);
  });
});
