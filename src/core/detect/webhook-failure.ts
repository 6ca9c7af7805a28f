/**
 * Webhooks that fail. Clients with counters are judged by a Bernoulli CUSUM against their own healthy level (webhook-level.ts),
 * frozen while the detector is half way up or further; clients that send only a gauge (a share without a sample size)
 * need two beats in a row. The Wilson interval of the last hour stands beside it for people. Silence after a
 * burst is not recovery: shop platforms switch failing webhooks off. Pure.
 */

import { wilsonInterval } from "../wilson.ts";
import {
  type Cusum,
  failureShare,
  hasRecovered,
  newCusum,
  referenceShare,
  resetCusum,
  updateCusum,
} from "./bernoulli-cusum.ts";
import { GAUGE_RATE, SUSPICION_LAPSES_MS, WEBHOOK_MIN_SAMPLE, WEBHOOK_TEST } from "./detection-tuning.ts";
import { type Finding, instant, instantOrNull, percent, secondsSince } from "./finding.ts";
import type { Sums } from "./rolling-window.ts";
import { webhookSeverity } from "./severity.ts";
import { learnWebhookLevel, type WebhookLevel, webhookLevelLearned, webhookTest } from "./webhook-level.ts";

export interface WebhookFailure {
  cusum: Cusum;
  /** Only for clients without counters. */
  gauge: RateGauge | null;
  counted: boolean;
  /** Absent in states stored before it was learned, and until webhooks were counted. */
  level?: WebhookLevel;
}

interface RateGauge {
  value: number;
  /** Beats in a row at or above the enter level, and below the leave level. */
  high: number;
  low: number;
  firing: boolean;
  onsetAt: number | null;
}

export function newWebhookFailure(): WebhookFailure {
  return { cusum: newCusum(), gauge: null, counted: false };
}

/** Forgets the burst, remembers how bad it was: health must be shown anew. */
export function resetWebhookFailure(state: WebhookFailure): WebhookFailure {
  return { ...state, cusum: resetCusum(state.cusum), gauge: null };
}

/** `delta` is null for a client without counters; only then is its gauge used. `since`: when the counting of `delta` began. */
export function observeWebhooks(
  state: WebhookFailure,
  delta: Pick<Sums, "webhooks_sent" | "webhooks_failed"> | null,
  gaugeRate: number | undefined,
  now: number,
  since: number = now,
): WebhookFailure {
  if (delta !== null) {
    const batch = { trials: delta.webhooks_sent, failures: delta.webhooks_failed, since };
    const cusum = updateCusum(state.cusum, batch, webhookTest(state.level), now);
    const counted: WebhookFailure = { ...state, cusum, gauge: null, counted: true };
    const frozen = cusum.firing || cusum.sum >= WEBHOOK_TEST.enter / 2;
    if (frozen || batch.trials === 0) return counted;
    return { ...counted, level: learnWebhookLevel(state.level, batch.trials, batch.failures) };
  }
  if (state.counted || gaugeRate === undefined) return state;
  return { ...state, gauge: nextGauge(state.gauge, gaugeRate, now) };
}

export function webhookSuspect(state: WebhookFailure, now: number): boolean {
  const { cusum, gauge } = state;
  if (gauge !== null) return gauge.high > 0;
  const lapsed = cusum.lastFailureAt === null || now - cusum.lastFailureAt > SUSPICION_LAPSES_MS;
  return cusum.sum >= WEBHOOK_TEST.enter / 2 && !lapsed;
}

export function webhookFires({ gauge, cusum }: WebhookFailure): boolean {
  return gauge === null ? cusum.firing : gauge.firing;
}

/** Enough was sent to say whether webhooks arrive. `lastDay`: the rolling sums of webhooks, summed up only when they are needed. */
export function webhooksKnown(state: WebhookFailure, lastDay: () => Sums): boolean {
  const { gauge, cusum, counted } = state;
  if (gauge !== null || cusum.firing || cusum.sum >= WEBHOOK_TEST.enter / 2) return true;
  return counted && lastDay().webhooks_sent >= WEBHOOK_MIN_SAMPLE;
}

/** `lastHour` and `lastDay`: the rolling sums of webhooks. */
export function webhookFinding(state: WebhookFailure, lastHour: Sums, lastDay: Sums, now: number): Finding {
  return state.gauge === null
    ? counterFinding(state, lastHour, lastDay, now)
    : gaugeFinding(state.gauge, now);
}

function counterFinding(state: WebhookFailure, lastHour: Sums, lastDay: Sums, now: number): Finding {
  const { cusum } = state;
  const share = failureShare(cusum);
  const half = cusum.sum >= WEBHOOK_TEST.enter / 2;
  const enough = webhooksKnown(state, () => lastDay);
  return {
    type: "webhook_fail_rate",
    firing: cusum.firing,
    cleared: hasRecovered(cusum),
    severity: webhookSeverity(share ?? 0),
    fingerprint: "",
    standing: cusum.firing ? "firing" : half ? "suspect" : enough ? "normal" : "not_enough_data",
    signal: {
      type: "webhook_fail_rate",
      method: "bernoulli-cusum",
      value: share ?? (lastHour.webhooks_sent > 0 ? hourShare(lastHour) : null),
      bound: referenceShare(webhookTest(state.level)),
      sample: cusum.trials > 0 ? cusum.trials : lastHour.webhooks_sent,
      window_s: secondsSince(cusum.onsetAt, now, 3600),
      onset_at: instantOrNull(cusum.onsetAt),
      explanation: explain(state, lastHour),
    },
  };
}

function explain(state: WebhookFailure, lastHour: Sums): string {
  const { cusum } = state;
  if (!state.counted) return "No webhook figures reported yet.";
  const { low, high } = wilsonInterval(lastHour.webhooks_failed, lastHour.webhooks_sent);
  const hour =
    lastHour.webhooks_sent === 0
      ? "None sent in the last hour."
      : `Last hour: ${lastHour.webhooks_failed} of ${lastHour.webhooks_sent} failed, 95 % interval ${percent(low)} to ${percent(high)}.`;
  if (cusum.onsetAt === null) return `No evidence of failing webhooks. ${hour}`;
  return (
    `${cusum.failures} of ${cusum.trials} webhooks failed (${percent(failureShare(cusum) ?? 0)}) since ${instant(cusum.onsetAt)}; ` +
    `evidence ${cusum.sum.toFixed(1)}, alarm at ${WEBHOOK_TEST.enter} ` +
    `(${percent(WEBHOOK_TEST.failing)} failing against ${percent(webhookTest(state.level).healthy)} healthy, ` +
    `${webhookLevelLearned(state.level) ? "learned" : "assumed"}). ${hour}`
  );
}

function hourShare(lastHour: Sums): number {
  return Math.min(1, lastHour.webhooks_failed / lastHour.webhooks_sent);
}

function nextGauge(before: RateGauge | null, value: number, now: number): RateGauge {
  const high = value >= GAUGE_RATE.enter ? Math.min((before?.high ?? 0) + 1, GAUGE_RATE.beats) : 0;
  const low = value < GAUGE_RATE.leave ? Math.min((before?.low ?? 0) + 1, GAUGE_RATE.beats) : 0;
  const firing = high >= GAUGE_RATE.beats || ((before?.firing ?? false) && low < GAUGE_RATE.beats);
  const onsetAt = high > 0 || firing ? (before?.onsetAt ?? now) : null;
  return { value, high, low, firing, onsetAt };
}

function gaugeFinding(gauge: RateGauge, now: number): Finding {
  return {
    type: "webhook_fail_rate",
    firing: gauge.firing,
    cleared: !gauge.firing && gauge.low >= GAUGE_RATE.beats,
    severity: webhookSeverity(gauge.value),
    fingerprint: "",
    standing: gauge.firing ? "firing" : gauge.high > 0 ? "suspect" : "normal",
    signal: {
      type: "webhook_fail_rate",
      method: "gauge-limit",
      value: gauge.value,
      bound: GAUGE_RATE.enter,
      sample: gauge.high,
      window_s: secondsSince(gauge.onsetAt, now, 0),
      onset_at: instantOrNull(gauge.onsetAt),
      explanation:
        `The plugin itself reports that ${percent(gauge.value)} of its webhooks fail; alarm at ${percent(GAUGE_RATE.enter)} ` +
        `in ${GAUGE_RATE.beats} beats in a row. A gauge carries no sample size, so it is trusted less than counters.`,
    },
  };
}
