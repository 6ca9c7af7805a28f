/**
 * Detection for one plugin: every accepted heartbeat goes in, findings come out. The whole state is plain JSON of a few kB; whoever
 * stores it owns its version. A new detector adds one field, one line in `observeBeat` and one in `findings`. Pure.
 */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import type { DetectorView } from "../../contract/ops.ts";
import { type CounterMark, counterDelta } from "./counter-delta.ts";
import { DAILY_WINDOW, DEFAULT_INTERVAL_MS, RECENT_WINDOW } from "./detection-tuning.ts";
import { dominantError } from "./error-frequency.ts";
import {
  type ErrorSpike,
  errorSpikeFinding,
  errorSpikeFires,
  errorSpikeSuspect,
  errorsKnown,
  newErrorSpike,
  observeErrorSpike,
  resetErrorSpike,
} from "./error-spike.ts";
import type { Finding } from "./finding.ts";
import { instant, instantOrNull } from "./finding.ts";
import {
  type Arrivals,
  heartbeatDeadline,
  heartbeatFinding,
  heartbeatMissed,
  newArrivals,
  observeArrival,
} from "./heartbeat-deadline.ts";
import {
  freezeKnownErrors,
  type NewError,
  newErrorFinding,
  newErrorFires,
  newErrorSuspect,
  newNewError,
  observeErrors,
  resetFreshCounts,
} from "./new-error.ts";
import {
  addToWindow,
  NO_SUMS,
  newWindow,
  type RollingWindow,
  type Sums,
  windowBuckets,
  windowTotals,
} from "./rolling-window.ts";
import {
  disabledFinding,
  isDisabled,
  newWebhookDisabled,
  observeSubscription,
  type WebhookDisabled,
} from "./webhook-disabled.ts";
import {
  newWebhookFailure,
  observeWebhooks,
  resetWebhookFailure,
  type WebhookFailure,
  webhookFinding,
  webhookFires,
  webhookSuspect,
  webhooksKnown,
} from "./webhook-failure.ts";

export type { Finding } from "./finding.ts";

export interface DetectionState {
  /** Version of the last beat, or of the last change that was marked. */
  version: string | null;
  counters: CounterMark | null;
  recent: RollingWindow;
  daily: RollingWindow;
  webhooks: WebhookFailure;
  subscription: WebhookDisabled;
  errors: ErrorSpike;
  newErrors: NewError;
  arrivals: Arrivals;
}

type Bucket = Sums & { start: string };

export function newDetection(now: number): DetectionState {
  return {
    version: null,
    counters: null,
    recent: newWindow(RECENT_WINDOW, now),
    daily: newWindow(DAILY_WINDOW, now),
    webhooks: newWebhookFailure(),
    subscription: newWebhookDisabled(),
    errors: newErrorSpike(),
    newErrors: newNewError(),
    arrivals: newArrivals(),
  };
}

/**
 * One accepted heartbeat. `now`: ms since epoch. A version that differs from the last beat's freezes the known fingerprints, whoever
 * changed it; the evidence of the other detectors stays until `markVersionChange`.
 */
export function observeBeat(state: DetectionState, beat: HeartbeatData, now: number): DetectionState {
  const lastAt = state.arrivals.lastAt;
  const counted =
    beat.counters === undefined ? null : counterDelta(state.counters, beat.boot_id, beat.counters);
  const delta = counted?.delta ?? null;
  const sums = delta ?? NO_SUMS;
  const since = counted === null || counted.restarted || lastAt === null ? now : lastAt;
  const daily = addToWindow(state.daily, DAILY_WINDOW, sums, since, now);
  const changed = changesVersion(state, beat.version);
  const newErrors = changed ? freezeKnownErrors(state.newErrors, now) : state.newErrors;
  const { errors_last_24h, webhook_fail_rate } = beat.telemetry ?? {};
  return {
    version: beat.version,
    counters: counted?.mark ?? state.counters,
    recent: addToWindow(state.recent, RECENT_WINDOW, sums, since, now),
    daily,
    webhooks: observeWebhooks(state.webhooks, delta, webhook_fail_rate, now, since),
    subscription: observeSubscription(state.subscription, beat.webhook_subscription, now),
    errors: observeErrorSpike(
      state.errors,
      delta,
      errors_last_24h,
      finishedHours(daily, lastAt, now),
      now,
      since,
    ),
    newErrors: observeErrors(newErrors, beat.errors ?? [], sums.requests, now),
    arrivals: observeArrival(
      state.arrivals,
      { cadence: beat.cadence, goodbye: beat.state === "goodbye" },
      now,
    ),
  };
}

/**
 * What is wrong now: one finding for every incident type, firing or not. `intervalMs`: the beat interval that the server asked for
 * last, which the missed-heartbeat deadline depends on (as in `silenceDeadline`).
 */
export function findings(
  state: DetectionState,
  now: number,
  intervalMs: number = DEFAULT_INTERVAL_MS,
): Finding[] {
  const lastHour = windowTotals(state.recent, RECENT_WINDOW, RECENT_WINDOW.slots, now);
  const lastDay = windowTotals(state.daily, DAILY_WINDOW, DAILY_WINDOW.slots, now);
  return [
    webhookFinding(state.webhooks, lastHour, lastDay, now),
    disabledFinding(state.subscription, now),
    errorSpikeFinding(state.errors, lastHour, dominantError(state.newErrors.frequent), now),
    newErrorFinding(state.newErrors, now),
    heartbeatFinding(state.arrivals, intervalMs, now),
  ];
}

/** Whether any of `findings` fires, without a word said about any: most beats find nothing. `intervalMs` as there. */
export function anyFires(
  state: DetectionState,
  now: number,
  intervalMs: number = DEFAULT_INTERVAL_MS,
): boolean {
  return (
    webhookFires(state.webhooks) ||
    errorSpikeFires(state.errors) ||
    newErrorFires(state.newErrors) ||
    isDisabled(state.subscription) ||
    heartbeatMissed(state.arrivals, intervalMs, now)
  );
}

/** Payments, by webhooks or errors, have been judged: calm is known to be calm. That a plugin beats is not health. */
export function isJudged(state: DetectionState, now: number): boolean {
  return (
    errorsKnown(state.errors) ||
    webhooksKnown(state.webhooks, () => windowTotals(state.daily, DAILY_WINDOW, DAILY_WINDOW.slots, now))
  );
}

/** A detector is well on its way to its alarm and failures still arrive: ask for faster beats. Judged as of the last beat. */
export function isSuspect(state: DetectionState): boolean {
  const at = state.arrivals.lastAt;
  if (at === null) return false;
  return (
    webhookSuspect(state.webhooks, at) ||
    errorSpikeSuspect(state.errors, at) ||
    newErrorSuspect(state.newErrors, at)
  );
}

/**
 * When the missed-heartbeat deadline falls, ms since epoch; null when silence means nothing (never beaten, goodbye, a page-view client
 * still being learned). `intervalMs`: what the server asked for last.
 */
export function silenceDeadline(state: DetectionState, intervalMs: number): number | null {
  return heartbeatDeadline(state.arrivals, intervalMs);
}

/** For the plugin page. `intervalMs` as in `findings`. */
export function detectorViews(
  state: DetectionState,
  now: number,
  intervalMs: number = DEFAULT_INTERVAL_MS,
): DetectorView[] {
  return findings(state, now, intervalMs).map(({ type, standing, signal }) => ({
    type,
    state: standing,
    value: signal.value,
    bound: signal.bound,
    explanation: signal.explanation,
  }));
}

/**
 * A fresh start after a change that we commanded (of version, or of configuration with the same `version`): evidence is dropped and health
 * must be shown anew; learned baselines, windows and the boot's counters stay (a new boot restarts those by itself).
 * Fingerprints seen so far are "before", unless a beat of the new version has already said so.
 */
export function markVersionChange(state: DetectionState, version: string, now: number): DetectionState {
  const newErrors = changesVersion(state, version)
    ? freezeKnownErrors(state.newErrors, now)
    : resetFreshCounts(state.newErrors, now);
  return {
    ...state,
    version,
    webhooks: resetWebhookFailure(state.webhooks),
    errors: resetErrorSpike(state.errors, now),
    newErrors,
  };
}

/** Sums over about the last `windowMs`: whole slots of 5 min up to an hour, of an hour up to a day; the one under way counts. */
export function recentTotals(state: DetectionState, windowMs: number, now: number): Sums {
  const byMinutes = windowMs <= RECENT_WINDOW.slots * RECENT_WINDOW.slotMs;
  const shape = byMinutes ? RECENT_WINDOW : DAILY_WINDOW;
  const window = byMinutes ? state.recent : state.daily;
  return windowTotals(window, shape, Math.max(1, Math.ceil(windowMs / shape.slotMs)), now);
}

/** The last hour in slots of 5 min, oldest first. */
export function recentBuckets(state: DetectionState, now: number): Bucket[] {
  return windowBuckets(state.recent, RECENT_WINDOW, now).map(toBucket);
}

/** The last day in hours, oldest first. */
export function dailyBuckets(state: DetectionState, now: number): Bucket[] {
  return windowBuckets(state.daily, DAILY_WINDOW, now).map(toBucket);
}

/** What an incident freezes as its evidence: plain JSON, a few hundred bytes. */
export function telemetrySnapshot(state: DetectionState, now: number): Record<string, unknown> {
  const byRecent = [...state.newErrors.frequent].sort((a, b) => b[2] - a[2]).slice(0, 5);
  const byCount = [...state.newErrors.fresh].sort((a, b) => b.count - a.count).slice(0, 3);
  return {
    at: instant(now),
    version: state.version,
    cadence: state.arrivals.cadence,
    last_beat_at: instantOrNull(state.arrivals.lastAt),
    last_hour: windowTotals(state.recent, RECENT_WINDOW, RECENT_WINDOW.slots, now),
    last_day: windowTotals(state.daily, DAILY_WINDOW, DAILY_WINDOW.slots, now),
    webhook_subscription: state.subscription.reported ?? "unknown",
    webhook_evidence: state.webhooks.cusum.sum,
    webhook_healthy: state.webhooks.level?.share ?? null,
    webhook_gauge: state.webhooks.gauge?.value ?? null,
    error_evidence: state.errors.ratio.cusum.sum,
    error_healthy: state.errors.basis === "requests" ? state.errors.ratio.share : null,
    error_rate: state.errors.basis === "requests" ? null : state.errors.rate,
    version_changed_at: instantOrNull(state.newErrors.changedAt),
    errors: byRecent.map(([fingerprint, count, recent]) => ({ fingerprint, count, recent })),
    new_errors: byCount.map(({ fingerprint, message, count }) => ({
      fingerprint,
      message,
      count,
    })),
  };
}

/** The first version known has no "before": with nothing to compare to, every error would look new. */
function changesVersion(state: DetectionState, version: string): boolean {
  return state.version !== null && state.version !== version;
}

function toBucket({ startMs, ...sums }: Sums & { startMs: number }): Bucket {
  return { start: instant(startMs), ...sums };
}

/** Error counts of the whole hours that ended between two beats, oldest first. */
function finishedHours(daily: RollingWindow, lastAt: number | null, now: number): number[] {
  if (lastAt === null) return [];
  const lastHour = Math.floor(lastAt / DAILY_WINDOW.slotMs) * DAILY_WINDOW.slotMs;
  const thisHour = Math.floor(now / DAILY_WINDOW.slotMs) * DAILY_WINDOW.slotMs;
  if (lastHour === thisHour) return [];
  return windowBuckets(daily, DAILY_WINDOW, now)
    .filter(({ startMs }) => startMs >= lastHour && startMs < thisHour)
    .map(({ errors }) => errors);
}
