/** Heartbeats for tests: a healthy resident plugin, changed where the test says so. */
import type { Counters, HeartbeatData } from "../../src/contract/heartbeat.ts";

/** 2026-03-02 12:00 UTC, a Monday. */
export const T0 = Date.UTC(2026, 2, 2, 12);

export const A_PLUGIN_ID = "plg_AAAAAAAAAAAAAAAAAAAAAAAAAAA";

export type HeartbeatOverrides = Partial<Omit<HeartbeatData, "counters">> & { counters?: Partial<Counters> };

/** Counters that are not named are zero. */
export function aHeartbeat(overrides: HeartbeatOverrides = {}): HeartbeatData {
  const { counters, ...rest } = overrides;
  return { ...aGaugeHeartbeat(rest), counters: { ...NO_COUNTS, ...counters } };
}

/** From a client that keeps no counters. */
export function aGaugeHeartbeat(overrides: Partial<Omit<HeartbeatData, "counters">> = {}): HeartbeatData {
  return {
    plugin_id: A_PLUGIN_ID,
    seq: 1,
    boot_id: "boot-1",
    version: "1.2.2",
    state: "running",
    cadence: "resident",
    ...overrides,
  };
}

const NO_COUNTS: Counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
