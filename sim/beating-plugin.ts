/** A plugin as the detectors see it: cumulative counters since its boot, told in heartbeats. */
import type { ErrorReport, HeartbeatData } from "../src/contract/heartbeat.ts";

export interface BeatingPlugin {
  counters: { errors: number; requests: number; webhooks_sent: number; webhooks_failed: number };
  /** The next heartbeat; `errors`: the fingerprints since the last one. */
  beat(errors?: ErrorReport[]): HeartbeatData;
}

const PLUGIN_ID = "plg_AAAAAAAAAAAAAAAAAAAAAAAAAAA";

export function aBeatingPlugin(cadence: HeartbeatData["cadence"] = "resident"): BeatingPlugin {
  const counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
  let seq = 0;
  return {
    counters,
    beat(errors = []) {
      seq += 1;
      return {
        plugin_id: PLUGIN_ID,
        seq,
        boot_id: "boot-1",
        version: "1.2.2",
        state: "running",
        cadence,
        counters: { ...counters },
        errors,
      };
    },
  };
}
