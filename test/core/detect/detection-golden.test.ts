/** Stored states of earlier versions must be accepted for ever: the samples are never edited, only added to. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Signal } from "../../../src/contract/incident.ts";
import {
  type DetectionState,
  detectorViews,
  findings,
  markVersionChange,
  observeBeat,
  silenceDeadline,
  telemetrySnapshot,
} from "../../../src/core/detect/detection.ts";
import { aHeartbeat } from "../../builders/heartbeat.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const folder = new URL("../../golden/", import.meta.url);
const samples = readdirSync(folder).filter((name) => name.startsWith("detection-state-"));

function stored(name: string): DetectionState {
  // What an earlier version wrote is trusted, as it is when read from storage.
  return JSON.parse(readFileSync(new URL(name, folder), "utf8")) as DetectionState;
}

it("has samples to accept", () => {
  expect(samples).toContain("detection-state-1-page-view.json");
  expect(samples).toContain("detection-state-1-resident.json");
});

it.each(samples)("reads %s as its writer did: what fired still fires", (name) => {
  const state = stored(name);
  const now = (state.arrivals.lastAt ?? 0) + MINUTE;
  const all = findings(state, now);
  for (const { signal } of all) expect(Signal.safeParse(signal).error).toBeUndefined();
  expect(all.filter(({ firing }) => firing).map(({ type }) => type)).toEqual([
    "webhook_fail_rate",
    "webhook_disabled",
    "new_error",
  ]);
  expect(silenceDeadline(state, 2 * MINUTE)).toBeGreaterThan(now);
  expect(detectorViews(state, now)).toHaveLength(5);
  expect(telemetrySnapshot(state, now)).toMatchObject({ version: "1.2.3" });
});

it.each(samples)("goes on learning from %s, and forgets nothing that was known", (name) => {
  const before = stored(name);
  let now = before.arrivals.lastAt ?? 0;
  const counters = { ...before.counters?.values };
  let state = markVersionChange(before, "1.2.4", now);
  for (let beat = 0; beat < 800; beat++) {
    now += 4 * MINUTE;
    counters.webhooks_sent = (counters.webhooks_sent ?? 0) + 2;
    counters.requests = (counters.requests ?? 0) + 20;
    const { cadence } = before.arrivals;
    const errors = [{ fingerprint: "fp1:0000000000001000", message: "Card declined", count: 1 }];
    const said = { version: "1.2.4", boot_id: before.counters?.boot ?? "", cadence, counters, errors };
    state = observeBeat(state, aHeartbeat({ ...said, webhook_subscription: "active" }), now);
  }
  expect(findings(state, now).filter(({ firing }) => firing)).toEqual([]);
  expect(state.webhooks.level?.trials).toBeGreaterThan(1500);
  expect(state.errors.ratio.requests).toBeGreaterThan(before.errors.ratio.requests);
  expect(state.arrivals.firstAt).toBe(before.arrivals.firstAt);
  if (before.arrivals.cadence === "page-view")
    expect(state.arrivals.hours?.since).toBeGreaterThan(now - 60 * HOUR);
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
});
