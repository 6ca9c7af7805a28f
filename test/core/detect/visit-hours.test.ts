import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VISIT_HOURS } from "../../../src/core/detect/detection-tuning.ts";
import {
  hushEnd,
  newVisitHours,
  observeVisit,
  usualVisits,
  type VisitHours,
  visitHoursLearned,
} from "../../../src/core/detect/visit-hours.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Midnight UTC. */
const T0 = Date.UTC(2026, 2, 2);

/** `gapMin` minutes between beats by day, none between midnight and six. */
function watched(days: number, gapMin: number): VisitHours {
  let state = newVisitHours(T0);
  let last = T0 + 6 * HOUR;
  for (let at = last; at < T0 + days * 24 * HOUR; ) {
    at += gapMin * MINUTE;
    if (Math.floor(at / HOUR) % 24 < 6) at = Math.floor(at / (24 * HOUR)) * 24 * HOUR + 6 * HOUR + MINUTE;
    state = observeVisit(state, last, at, at);
    last = at;
  }
  return state;
}

describe("visits by hour of the day", () => {
  it("are held against the time that was waited for them", () => {
    const state = watched(14, 12);
    // Every wait of 12 min but the first 2 min, in which no visit is due.
    expect(usualVisits(state, T0 + 12 * HOUR)).toBeCloseTo(6, 0);
    expect(usualVisits(state, T0 + 3 * HOUR)).toBe(0);
    expect(usualVisits(newVisitHours(T0), T0)).toBeNull();
  });

  it("are known after a day and enough of them", () => {
    expect(visitHoursLearned(watched(14, 12), T0 + 14 * 24 * HOUR)).toBe(true);
    expect(visitHoursLearned(watched(1, 12), T0 + 23 * HOUR)).toBe(false);
    expect(visitHoursLearned(newVisitHours(T0), T0 + 100 * HOUR)).toBe(false);
  });

  it("make a silence at night last until the morning is due", () => {
    const state = watched(14, 12);
    const noon = T0 + 36 * HOUR;
    const midnight = T0 + 24 * HOUR;
    expect(hushEnd(state, noon) - noon).toBeLessThan(6 * HOUR);
    expect(hushEnd(state, midnight)).toBeGreaterThan(midnight + 6 * HOUR);
    expect(hushEnd(newVisitHours(T0), noon)).toBe(Infinity);
  });

  it("learn nothing from a wait that ended before a visit was due, and only the wait from an outage", () => {
    const state = watched(3, 12);
    const at = T0 + 84 * HOUR;
    expect(observeVisit(state, at, at + VISIT_HOURS.afterMs, at + VISIT_HOURS.afterMs)).toBe(state);
    const after = observeVisit(state, at, at + 40 * HOUR, at + HOUR);
    expect(after.visits).toEqual(state.visits);
    expect(after.minutes[12]).toBeGreaterThan(state.minutes[12] ?? 0);
  });

  it("stay small, and in order, whatever comes", () => {
    const gap = fc.integer({ min: 0, max: 24 * 60 });
    fc.assert(
      fc.property(fc.array(gap, { maxLength: 200 }), (gaps) => {
        let state = newVisitHours(T0);
        let at = T0;
        for (const minutes of gaps) {
          state = observeVisit(state, at, at + minutes * MINUTE, at + minutes * MINUTE);
          at += minutes * MINUTE;
          expect(hushEnd(state, at)).toBeGreaterThan(at);
        }
        expect(Math.max(...state.minutes)).toBeLessThanOrEqual(VISIT_HOURS.memoryMinutes);
        expect(Math.max(...state.visits)).toBeLessThanOrEqual(VISIT_HOURS.memoryVisits);
        expect(Math.min(...state.minutes, ...state.visits, state.hush)).toBeGreaterThanOrEqual(0);
        expect(JSON.stringify(state).length).toBeLessThan(450);
      }),
    );
  });
});
