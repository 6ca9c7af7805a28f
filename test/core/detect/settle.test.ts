import { expect, it } from "vitest";
import type { IncidentType } from "../../../src/contract/incident.ts";
import {
  type DetectionState,
  findings,
  newDetection,
  observeBeat,
} from "../../../src/core/detect/detection.ts";
import { settleSignal } from "../../../src/core/detect/settle.ts";
import { aHeartbeat, type HeartbeatOverrides, T0 } from "../../builders/heartbeat.ts";

const INTERVAL_MS = 120_000;
const firing = (state: DetectionState, now: number) =>
  findings(state, now)
    .filter((finding) => finding.firing)
    .map(({ type }) => type);

/** What a shop reports after `beats` intervals in which this goes wrong. */
const TROUBLES: Partial<Record<IncidentType, (beats: number) => HeartbeatOverrides>> = {
  webhook_fail_rate: (n) => ({ counters: { webhooks_sent: 20 * n, webhooks_failed: 14 * n } }),
  error_spike: (n) => ({ counters: { requests: 100 * n, errors: 60 * n } }),
  new_error: (n) => ({
    version: n === 0 ? "1.2.2" : "1.2.3",
    errors: n === 0 ? [] : [{ fingerprint: "bad", message: "boom", count: 2 }],
  }),
};

it.each(Object.entries(TROUBLES))(
  "%s: is raised by what is seen after it was settled, and by nothing before",
  (name, beat) => {
    const type = name as IncidentType; // a key of TROUBLES
    const at = (n: number) => T0 + n * INTERVAL_MS;
    let state = newDetection(T0);
    let beats = 0;
    const untilFiring = () => {
      for (const last = beats + 6; beats < last && !firing(state, at(beats)).includes(type); beats++)
        state = observeBeat(state, aHeartbeat(beat(beats)), at(beats));
      return firing(state, at(beats)).includes(type);
    };
    expect(untilFiring()).toBe(true);
    state = settleSignal(state, type, at(beats));
    expect(firing(state, at(beats))).not.toContain(type);
    // Nothing new: the same counters, and no error.
    const { errors: _errors, ...unchanged } = beat(beats - 1);
    state = observeBeat(state, aHeartbeat(unchanged), at(beats));
    expect(firing(state, at(beats))).not.toContain(type);
    expect(untilFiring()).toBe(true);
  },
);

it("leaves alone what the shop reports as it is, and silence, which has a rule of its own", () => {
  const state = observeBeat(newDetection(T0), aHeartbeat({ webhook_subscription: "disabled" }), T0);
  expect(settleSignal(state, "webhook_disabled", T0)).toBe(state);
  expect(settleSignal(state, "heartbeat_missed", T0)).toBe(state);
});
