/** Builder: a decide request about a shop on 1.2.2 whose webhooks fail. */
import type { DecideRequest } from "../../../src/contract/decision.ts";

interface Overrides {
  type?: string;
  signature?: string;
  version?: string;
  changed_from?: string;
  candidates?: DecideRequest["candidates"];
  excluded?: DecideRequest["excluded"];
}

export const PLUGIN_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAA";

export function aDecideRequest(overrides: Overrides = {}): DecideRequest {
  const type = overrides.type ?? "webhook_fail_rate";
  const version = overrides.version ?? "1.2.2";
  return {
    incident: {
      id: `inc_${PLUGIN_KEY}_1`,
      type,
      severity: "medium",
      signature: overrides.signature ?? `${type}|${version}|`,
      value: 0.6,
      bound: 0.2,
      detected_at: "2026-11-22T12:00:00Z",
      ...(overrides.changed_from === undefined ? {} : { changed_from: overrides.changed_from }),
    },
    plugin: { id: `plg_${PLUGIN_KEY}`, product: "demo-pay", version, env: { platform: "demo" } },
    candidates: overrides.candidates ?? [{ action: "patch", version: "1.2.3", reversible: true }],
    excluded: overrides.excluded ?? [],
  };
}
