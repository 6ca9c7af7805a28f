import { describe, expect, it } from "vitest";
import {
  type Arrivals,
  deadlineGap,
  heartbeatDeadline,
  heartbeatFinding,
  newArrivals,
  observeArrival,
} from "../../../src/core/detect/heartbeat-deadline.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { seeded } from "../../builders/seeded.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const INTERVAL = 2 * MINUTE;
const resident = { cadence: "resident", goodbye: false } as const;
const pageView = { cadence: "page-view", goodbye: false } as const;

/** A shop that sleeps from midnight to six (UTC), with `perHour` visits an hour by day and next to none at night. */
function asleepAtNight(perHour: number, days: number, seed = 1): Arrivals {
  const random = seeded(seed);
  const start = Date.UTC(2026, 2, 2);
  let state = newArrivals();
  let at = start;
  while (at < start + days * 24 * HOUR) {
    state = observeArrival(state, pageView, Math.round(at));
    do at += INTERVAL - (Math.log(1 - random()) * HOUR) / perHour;
    while (hourOf(at) < 6 && random() > 0.02);
  }
  return state;
}
const hourOf = (at: number) => Math.floor(at / HOUR) % 24;
const allowedAt = (state: Arrivals, hour: number) =>
  (deadlineGap({ ...state, lastAt: Date.UTC(2026, 3, 1, hour) }, INTERVAL) ?? 0) / MINUTE;

/** A shop visited `perHour` times an hour: a beat at the first visit after the interval. */
function visited(perHour: number, hours: number, seed = 1): Arrivals {
  const random = seeded(seed);
  let state = newArrivals();
  for (let at = T0; at < T0 + hours * HOUR; ) {
    state = observeArrival(state, pageView, Math.round(at));
    at += INTERVAL - (Math.log(1 - random()) * HOUR) / perHour;
  }
  return state;
}

describe("deadline of a resident client", () => {
  const state = observeArrival(newArrivals(), resident, T0);

  it("is the interval asked for and 45 s", () => {
    expect(heartbeatDeadline(state, INTERVAL)).toBe(T0 + 165_000);
    expect(heartbeatDeadline(state, 15_000)).toBe(T0 + 60_000);
  });

  it("fires since the deadline, whenever somebody looks, and tells of a silence that began with the last beat", () => {
    const finding = heartbeatFinding(state, INTERVAL, T0 + HOUR);
    expect(finding).toMatchObject({
      firing: true,
      firingSince: T0 + 165_000,
      cleared: false,
      severity: "high",
      signal: { value: 3600, bound: 165, onset_at: "2026-03-02T12:00:00.000Z", method: "fixed-deadline" },
    });
    expect(heartbeatFinding(state, INTERVAL, T0 + 164_999).firing).toBe(false);
  });

  it("is over with the next beat", () => {
    const back = observeArrival(state, resident, T0 + HOUR);
    expect(heartbeatFinding(back, INTERVAL, T0 + HOUR)).toMatchObject({ firing: false, cleared: true });
  });
});

describe("silence that means nothing", () => {
  it("is that of a plugin never heard", () => {
    expect(heartbeatDeadline(newArrivals(), INTERVAL)).toBeNull();
    expect(heartbeatFinding(newArrivals(), INTERVAL, T0)).toMatchObject({
      firing: false,
      cleared: false,
      standing: "not_enough_data",
    });
  });

  it("is that after a goodbye, which also teaches no gap", () => {
    const gone = observeArrival(visited(10, 48), { cadence: "page-view", goodbye: true }, T0 + 48 * HOUR);
    expect(heartbeatDeadline(gone, INTERVAL)).toBeNull();
    const back = observeArrival(gone, pageView, T0 + 96 * HOUR);
    expect(back.gaps).toBe(gone.gaps);
    expect(heartbeatDeadline(back, INTERVAL)).not.toBeNull();
  });

  it("is that of a page-view client in its first day, shown as learning", () => {
    const state = visited(30, 20);
    expect(heartbeatDeadline(state, INTERVAL)).toBeNull();
    expect(heartbeatFinding(state, INTERVAL, T0 + 1000 * HOUR)).toMatchObject({
      firing: false,
      standing: "learning",
    });
  });
});

describe("deadline of a page-view client", () => {
  it.each([
    [100, 10, 20],
    [10, 60, 150],
    [1, 480, 1440],
  ])("at %i views an hour lies between %i and %i min", (perHour, low, high) => {
    const gap = (deadlineGap(visited(perHour, 24 * 10), INTERVAL) ?? 0) / MINUTE;
    expect(gap).toBeGreaterThanOrEqual(low);
    expect(gap).toBeLessThanOrEqual(high);
  });

  it("never lies below 10 min or above 24 h", () => {
    expect(deadlineGap(visited(10_000, 26), INTERVAL)).toBe(10 * MINUTE);
    expect(deadlineGap(visited(0.05, 24 * 60), INTERVAL)).toBe(24 * HOUR);
  });

  it("is not crossed by a shop that goes on as before", () => {
    const random = seeded(5);
    let missed = 0;
    for (let shop = 0; shop < 40; shop++) {
      let state = visited(10, 30, shop);
      let at = state.lastAt ?? T0;
      for (let beats = 0; beats < 1500; beats++) {
        const next = Math.round(at + INTERVAL - (Math.log(1 - random()) * HOUR) / 10);
        if (next >= (heartbeatDeadline(state, INTERVAL) ?? Infinity)) missed += 1;
        state = observeArrival(state, pageView, next);
        at = next;
      }
    }
    expect(missed).toBeLessThanOrEqual(2);
  });

  it("knows the night: silence means more at noon than at midnight", () => {
    const state = asleepAtNight(20, 21);
    expect(allowedAt(state, 12)).toBeLessThan(100);
    expect(allowedAt(state, 0)).toBeGreaterThan(6 * 60);
    expect(heartbeatFinding(state, INTERVAL, (state.lastAt ?? 0) + MINUTE).signal.explanation).toContain(
      "by the hour of the day",
    );
  });

  it("is not crossed by nights, seen for the first time or the twentieth", () => {
    let missed = 0;
    for (let seed = 0; seed < 20; seed++) {
      const whole = asleepAtNight(20, 10, seed);
      expect(whole.gaps).toBeGreaterThan(1000);
      let state = newArrivals();
      const random = seeded(seed);
      const start = Date.UTC(2026, 2, 2);
      for (let at = start; at < start + 10 * 24 * HOUR; ) {
        if (at >= (heartbeatDeadline(state, INTERVAL) ?? Infinity)) missed += 1;
        state = observeArrival(state, pageView, Math.round(at));
        do at += INTERVAL - (Math.log(1 - random()) * HOUR) / 20;
        while (hourOf(at) < 6 && random() > 0.02);
      }
    }
    expect(missed).toBeLessThanOrEqual(1);
  });

  it("goes by all gaps alike for a state stored before hours were learned, and learns them from then on", () => {
    const { hours: _, ...stored } = asleepAtNight(20, 10);
    expect(allowedAt(stored, 12)).toBe(allowedAt(stored, 0));
    const next = observeArrival(stored, pageView, (stored.lastAt ?? 0) + 10 * MINUTE);
    expect(next.hours?.since).toBe(stored.lastAt);
  });

  it("learns from an outage no more than its own deadline", () => {
    const before = visited(60, 72);
    const gap = deadlineGap(before, INTERVAL) ?? 0;
    const after = observeArrival(before, pageView, (before.lastAt ?? 0) + 1000 * HOUR);
    expect(after.longestMs).toBeLessThanOrEqual(gap);
  });
});
