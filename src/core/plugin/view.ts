/** The plugin as people see it: the ledger's row, and the live page. */

import type { PluginDetail } from "../../contract/ops.ts";
import type { PluginRecord } from "../../contract/plugin-record.ts";
import {
  dailyBuckets,
  detectorViews,
  isJudged,
  recentBuckets,
  silenceDeadline,
  telemetrySnapshot,
} from "../detect/detection.ts";
import type { Sums } from "../detect/rolling-window.ts";
import { tellShop } from "../fleet/shop-evidence.ts";
import type { Draft } from "./draft.ts";
import { iso, isSettledSilence, type Millis, type PluginState } from "./state.ts";
import { tellAttempt } from "./tell-fleet.ts";
import { tellSignals } from "./tell-signals.ts";
import { RECORD_EVERY_MS } from "./tuning.ts";

/** Silent without having said goodbye. */
function isSilent(state: PluginState): boolean {
  if (state.runState === "goodbye") return false;
  const missed = state.incidents.some(
    (incident) => incident.row.type === "heartbeat_missed" && incident.row.status !== "baking",
  );
  return missed || isSettledSilence(state);
}

export function pluginStatus(state: PluginState, now: Millis): PluginRecord["status"] {
  if (state.runState === "goodbye") return "goodbye";
  if (isSilent(state)) return "silent";
  if (state.attempt !== null) return "healing";
  if (state.incidents.length > 0) return "degraded";
  return isJudged(state.detection, now) ? "healthy" : "learning";
}

export function pluginRecord(state: PluginState, now: Millis): PluginRecord {
  return {
    id: state.id,
    revision: Math.max(1, state.recordRevision),
    merchant_id: state.merchantId,
    product: state.product,
    version: state.version,
    status: pluginStatus(state, now),
    site_url: state.siteUrl,
    env: state.env,
    cadence: state.cadence,
    telemetry: telemetrySnapshot(state.detection, now),
    open_incidents: state.incidents.length,
    enrolled_at: iso(state.enrolledAt),
    last_seen_at: state.lastBeatAt === null ? null : iso(state.lastBeatAt),
  };
}

/** Queues the plugin's row when something people look for has changed, and at most every 15 min otherwise. */
export function recordPlugin(draft: Draft): void {
  const { state, now } = draft;
  const shown = [pluginStatus(state, now), state.version, state.incidents.length].join("|");
  if (shown === state.recordedAs && now - state.recordedAt < RECORD_EVERY_MS) return;
  state.recordedAs = shown;
  state.recordedAt = now;
  state.recordRevision += 1;
  draft.outbox.push({ to: "ledger", record: { kind: "plugin", row: pluginRecord(state, now) } });
}

/** Tells the fleet what it keeps of each plugin: whether work is under way, whether it fell silent, how far its attempt is. By changes only. */
export function reportToFleet(draft: Draft): void {
  const { state } = draft;
  const busy = state.incidents.length > 0 || state.attempt !== null || state.commit !== null;
  if (busy !== state.busy) {
    state.busy = busy;
    draft.outbox.push({ to: "fleet", report: "busy", busy });
  }
  const presence = isSilent(state) ? "silent" : "present";
  if (presence !== state.presence) {
    state.presence = presence;
    draft.outbox.push({ to: "fleet", report: "presence", silent: presence === "silent" });
  }
  tellSignals(draft);
  tellAttempt(draft);
}

/** Webhooks delivered since the last beat, pooled over shops in the fleet's object; a call only when they are news there. */
export function tellCohorts(draft: Draft, delta: Sums | null): void {
  if (delta === null) return;
  const { state, now } = draft;
  const at = { version: state.version, platform: state.env.platform_version ?? null };
  const deliveries = { trials: delta.webhooks_sent, failures: delta.webhooks_failed };
  const { evidence, report } = tellShop(state.evidence ?? null, at, deliveries, now);
  state.evidence = evidence;
  if (report !== null) draft.outbox.push({ to: "fleet", report: "evidence", evidence: report });
}

export function pluginDetail(state: PluginState, outbox: number, now: Millis): PluginDetail {
  const deadline = silenceDeadline(state.detection, state.askedS * 1000);
  return {
    plugin: pluginRecord(state, now),
    live: {
      seq: state.seq,
      state: state.runState,
      last_beat_at: state.lastBeatAt === null ? null : iso(state.lastBeatAt),
      deadline_at: deadline === null ? null : iso(deadline),
      next_heartbeat_s: state.askedS,
      recent: recentBuckets(state.detection, now),
      daily: dailyBuckets(state.detection, now),
      detectors: detectorViews(state.detection, now, state.askedS * 1000),
      open_incidents: state.incidents.map((incident) => incident.row),
      attempt: state.attempt?.row ?? null,
      commands: state.commands.map((command) => command.row),
      outbox,
    },
  };
}
