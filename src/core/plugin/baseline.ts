/**
 * What a plugin's figures were before its fault, frozen with the attempt: a change is held against the same plugin, never against an ideal
 * one. From the rolling windows up to the onset, without the hours that were an alarm by themselves, and from what
 * the detectors learned in health, which they freeze on suspicion. Pure.
 */
import type { IncidentType } from "../../contract/incident.ts";
import { type BernoulliTest, evidenceOf } from "../detect/bernoulli-cusum.ts";
import type { DetectionState } from "../detect/detection.ts";
import {
  COUNT_LIMIT,
  DAILY_WINDOW,
  ERROR_RATIO,
  RECENT_WINDOW,
  WEBHOOK_TEST,
} from "../detect/detection-tuning.ts";
import { ratioTest, usualErrorShare } from "../detect/error-ratio.ts";
import { spreadFactor } from "../detect/error-spread.ts";
import { type RollingWindow, type Sums, type WindowShape, windowBuckets } from "../detect/rolling-window.ts";
import { usualWebhookShare, webhookTest } from "../detect/webhook-level.ts";
import type { IncidentState, Millis, PluginState } from "./state.ts";
import type { Baseline, Besides, Level } from "./yardstick.ts";

/** `incident`: what the change is to heal; null when it is closed. */
export function freezeBaseline(state: PluginState, incident: IncidentState | null): Baseline {
  const { detection } = state;
  const until = onsetOf(state, incident);
  const since = detection.newErrors.startedAt ?? state.enrolledAt;
  const buckets = bucketsBefore(detection, since, until);
  const per = detection.errors.basis === "requests" ? "request" : "second";
  const { gauge } = detection.webhooks;
  return {
    until,
    webhooks: {
      ...levelOf(buckets, webhookTrials, webhookTest(detection.webhooks.level), WEBHOOK_TEST.enter),
      usual: usualWebhookShare(detection.webhooks.level),
    },
    errors:
      per === "request"
        ? {
            ...levelOf(buckets, requestTrials, ratioTest(detection.errors.ratio), ERROR_RATIO.enter),
            usual: usualErrorShare(detection.errors.ratio),
          }
        : { ...levelOf(buckets, secondTrials), usual: usualErrorsPerSecond(detection) },
    per,
    spread: spreadFactor(detection.errors.ratio.spread),
    fault: faultOf(incident, until),
    ...(gauge === null ? {} : { gauge: gauge.value }),
  };
}

/** `attemptOf`: the incident that the change is to heal. As the change is made: detectors begin afresh after it. */
export function freezeBesides(
  state: PluginState,
  attemptOf: string,
  { per }: Baseline,
  now: Millis,
): Besides {
  const { detection } = state;
  const besides: Besides = { severities: {}, fingerprints: [] };
  for (const incident of incidentsBesides(state, attemptOf)) {
    const { type, severity, signature } = incident.row;
    besides.severities[type] = severity;
    const figure = ABOUT[type];
    if (figure !== undefined) {
      const since = Date.parse(incident.row.onset_at ?? incident.row.detected_at);
      const buckets = bucketsBetween(detection.recent, RECENT_WINDOW, since, now + RECENT_WINDOW.slotMs);
      const trialsIn =
        figure === "webhooks" ? webhookTrials : per === "request" ? requestTrials : secondTrials;
      besides[figure] = { ...levelOf(buckets, trialsIn), usual: faultOf(incident, since)[figure] ?? 0 };
    }
    // Of those that are fresh since the change, alarms of before have no count yet; the incident's own may have one.
    if (type === "new_error")
      besides.fingerprints = detection.newErrors.fresh
        .filter(({ fingerprint, count }) => count === 0 || signature.endsWith(`:${fingerprint}`))
        .map(({ fingerprint }) => fingerprint);
  }
  return besides;
}

/** Other incidents that are open. What bakes is held to be healed. */
export function incidentsBesides(state: PluginState, attemptOf: string): IncidentState[] {
  return state.incidents.filter(({ row }) => row.id !== attemptOf && row.status !== "baking");
}

/** The earliest onset among what is open: another fault's hours are no health either. */
function onsetOf(state: PluginState, incident: IncidentState | null): Millis {
  const onsets = state.incidents
    .filter(({ row }) => row.status !== "baking" || row.id === incident?.row.id)
    .map(({ row }) => Date.parse(row.onset_at ?? row.detected_at));
  return Math.min(...onsets, state.lastBeatAt ?? state.enrolledAt);
}

type Bucket = Sums & { seconds: number };
type Trials = Pick<Level, "failures" | "trials">;

/** Whole hours that ended before the onset, and 5-minute slots of the hour in which it fell. */
function bucketsBefore(detection: DetectionState, since: Millis, until: Millis): Bucket[] {
  const hour = Math.floor(until / DAILY_WINDOW.slotMs) * DAILY_WINDOW.slotMs;
  return [
    ...bucketsBetween(detection.daily, DAILY_WINDOW, since, hour),
    ...bucketsBetween(detection.recent, RECENT_WINDOW, Math.max(since, hour), until),
  ];
}

function bucketsBetween(window: RollingWindow, shape: WindowShape, since: Millis, until: Millis): Bucket[] {
  return windowBuckets(window, shape, window.slot * shape.slotMs)
    .filter(({ startMs }) => startMs + shape.slotMs <= until && startMs + shape.slotMs > since)
    .map(({ startMs, ...sums }) => ({
      ...sums,
      seconds: (startMs + shape.slotMs - Math.max(startMs, since)) / 1000,
    }));
}

function webhookTrials({ webhooks_sent: sent, webhooks_failed: failed }: Bucket): Trials {
  return { failures: failed, trials: Math.max(sent, failed) };
}

function requestTrials({ errors, requests }: Bucket): Trials {
  return { failures: Math.min(errors, requests), trials: requests };
}

function secondTrials({ errors, seconds }: Bucket): Trials {
  return { failures: Math.min(errors, seconds), trials: seconds };
}

/** An hour that is an alarm by itself is an earlier fault, and is left out. */
function levelOf(
  buckets: readonly Bucket[],
  trialsIn: (bucket: Bucket) => Trials,
  alarm?: BernoulliTest,
  enter = Infinity,
): Trials {
  const level: Trials = { failures: 0, trials: 0 };
  for (const bucket of buckets) {
    const batch = trialsIn(bucket);
    if (alarm && evidenceOf(batch, alarm) / (alarm.spread ?? 1) >= enter) continue;
    level.failures += batch.failures;
    level.trials += batch.trials;
  }
  return { failures: Math.round(level.failures), trials: Math.round(level.trials) };
}

function usualErrorsPerSecond({ errors }: DetectionState): number {
  const { hours, mean } = errors.baseline;
  const span = errors.basis === "gauge" ? 86_400 : 3600;
  return Math.min(1, (hours > 0 ? mean : COUNT_LIMIT.floor / 10) / span);
}

const ABOUT: Partial<Record<IncidentType, keyof Baseline["fault"]>> = {
  webhook_fail_rate: "webhooks",
  error_spike: "errors",
};

/** The signal's share; a rate of errors where requests are not counted becomes one per second. */
function faultOf(incident: IncidentState | null, until: Millis): Baseline["fault"] {
  if (incident === null) return {};
  const { row } = incident;
  const figure = ABOUT[row.type];
  const { value, method } = row.signal;
  if (figure === undefined || value === null) return {};
  if (figure === "webhooks" || method === "bernoulli-cusum") return { [figure]: Math.min(1, value) };
  const lasted = Math.min(86_400, Math.max(3600, (Date.parse(row.detected_at) - until) / 1000));
  return { errors: Math.min(1, value / (method === "gauge-limit" ? lasted : 3600)) };
}
