import { describe, expect, it } from "vitest";
import { WEBHOOK_TEST } from "../../../src/core/detect/detection-tuning.ts";
import { NO_SUMS } from "../../../src/core/detect/rolling-window.ts";
import {
  newWebhookFailure,
  observeWebhooks,
  resetWebhookFailure,
  type WebhookFailure,
  webhookFinding,
  webhookSuspect,
} from "../../../src/core/detect/webhook-failure.ts";
import { webhookLevelLearned, webhookTest } from "../../../src/core/detect/webhook-level.ts";
import { T0 } from "../../builders/heartbeat.ts";

const MINUTE = 60_000;
const sent = (state: WebhookFailure, webhooks_sent: number, webhooks_failed: number, at = T0) =>
  observeWebhooks(state, { webhooks_sent, webhooks_failed }, undefined, at);
const gauge = (state: WebhookFailure, rate: number | undefined, at = T0) =>
  observeWebhooks(state, null, rate, at);
const hour = (webhooks_sent: number, webhooks_failed: number) => ({
  ...NO_SUMS,
  webhooks_sent,
  webhooks_failed,
});
const find = (state: WebhookFailure, lastHour = NO_SUMS, now = T0) =>
  webhookFinding(state, lastHour, lastHour, now);

describe("webhook failure by counters", () => {
  it("explains itself with figures", () => {
    const state = sent(newWebhookFailure(), 20, 12);
    const finding = find(state, hour(25, 12), T0 + 2 * MINUTE);
    expect(finding).toMatchObject({
      firing: true,
      cleared: false,
      severity: "medium",
      standing: "firing",
      signal: {
        method: "bernoulli-cusum",
        value: 0.6,
        sample: 20,
        window_s: 120,
        onset_at: "2026-03-02T12:00:00.000Z",
      },
    });
    expect(finding.signal.bound).toBeCloseTo(0.1016, 3);
    expect(finding.signal.explanation).toBe(
      "12 of 20 webhooks failed (60 %) since 2026-03-02T12:00:00.000Z; evidence 15.0, alarm at 10 (27 % failing against 2 % healthy, assumed). " +
        "Last hour: 12 of 25 failed, 95 % interval 30 % to 66.5 %.",
    );
  });

  it.each([
    [100, 25, "low"],
    [100, 50, "medium"],
    [100, 80, "high"],
    [100, 95, "critical"],
  ])("%i webhooks with %i failures are of severity %s", (all, failures, severity) => {
    expect(find(sent(newWebhookFailure(), all, failures)).severity).toBe(severity);
  });

  it("does not take silence after a burst for recovery", () => {
    const burst = sent(newWebhookFailure(), 10, 10);
    const later = sent(burst, 0, 0, T0 + 600 * MINUTE);
    expect(find(later, NO_SUMS, T0 + 600 * MINUTE)).toMatchObject({ firing: true, cleared: false });
  });

  it("is cleared by successes after a version change, not by the change", () => {
    const changed = resetWebhookFailure(sent(newWebhookFailure(), 10, 10));
    expect(find(changed)).toMatchObject({ firing: false, cleared: false });
    expect(find(sent(changed, 12, 0))).toMatchObject({ firing: false, cleared: true });
  });

  it("is suspect half way, while failures still arrive", () => {
    const half = sent(newWebhookFailure(), 2, 2);
    expect(webhookSuspect(half, T0)).toBe(true);
    expect(find(half).standing).toBe("suspect");
    expect(webhookSuspect(half, T0 + 31 * MINUTE)).toBe(false);
    expect(webhookSuspect(sent(newWebhookFailure(), 1, 1), T0)).toBe(false);
  });

  it("says so when it has too little to call a shop healthy", () => {
    expect(find(newWebhookFailure()).standing).toBe("not_enough_data");
    expect(find(sent(newWebhookFailure(), 19, 0), hour(19, 0)).standing).toBe("not_enough_data");
    expect(find(sent(newWebhookFailure(), 20, 0), hour(20, 0)).standing).toBe("normal");
  });
});

describe("healthy level of webhooks", () => {
  /** 8,000 webhooks in beats of 20. */
  const used = (failedPerBeat: number) => {
    let state = newWebhookFailure();
    for (let beat = 0; beat < 400; beat++) state = sent(state, 20, beat % 10 < failedPerBeat * 10 ? 1 : 0);
    return state;
  };

  it.each([
    ["never fails", 0, 0.0095],
    ["loses 1 in 100", 0.2, 0.02],
    ["loses 3 in 100", 0.6, 0.03],
  ])("of a shop that %s is learned within bounds", (_, failedPerBeat, healthy) => {
    expect(webhookTest(used(failedPerBeat).level).healthy).toBeCloseTo(healthy, 4);
  });

  it("makes three failures in a row an alarm where one in 200 fails, four where one in 100 does", () => {
    expect(find(sent(used(0), 2, 2)).firing).toBe(false);
    expect(find(sent(used(0), 3, 3)).firing).toBe(true);
    expect(find(sent(used(0.2), 3, 3)).firing).toBe(false);
    expect(find(sent(used(0.2), 4, 4)).firing).toBe(true);
  });

  it("is assumed at first, and for a state stored before it was learned", () => {
    expect(webhookTest(undefined)).toEqual(WEBHOOK_TEST);
    expect(webhookLevelLearned(undefined)).toBe(false);
    expect(webhookLevelLearned(sent(newWebhookFailure(), 499, 0).level)).toBe(false);
    expect(webhookLevelLearned(sent(newWebhookFailure(), 500, 0).level)).toBe(true);
  });

  it("is frozen while the detector is half way up or further", () => {
    const before = used(0.2);
    let state = sent(before, 2, 2);
    for (let beat = 0; beat < 50; beat++) state = sent(state, 20, 12);
    expect(find(state).firing).toBe(true);
    expect(state.level).toEqual(before.level);
  });

  it("survives the reset after a version change", () => {
    const state = used(0);
    expect(resetWebhookFailure(state).level).toEqual(state.level);
  });
});

describe("webhook failure by a gauge alone", () => {
  it("needs two beats in a row at 30 % or more", () => {
    const once = gauge(newWebhookFailure(), 0.5);
    expect(find(once)).toMatchObject({ firing: false, standing: "suspect" });
    expect(webhookSuspect(once, T0)).toBe(true);
    expect(find(gauge(gauge(once, 0.2), 0.5)).firing).toBe(false);
    expect(find(gauge(once, 0.75))).toMatchObject({
      firing: true,
      severity: "high",
      signal: { method: "gauge-limit", value: 0.75, bound: 0.3, onset_at: "2026-03-02T12:00:00.000Z" },
    });
  });

  it("keeps firing until two beats in a row are below 10 %", () => {
    let state = gauge(gauge(newWebhookFailure(), 0.9), 0.9);
    state = gauge(state, 0.2);
    state = gauge(state, 0.05);
    expect(find(state)).toMatchObject({ firing: true, cleared: false });
    expect(find(gauge(state, 0.05))).toMatchObject({ firing: false, cleared: true });
  });

  it("is not moved by a beat without the gauge, and ignored once counters are sent", () => {
    const firing = gauge(gauge(newWebhookFailure(), 0.9), 0.9);
    expect(gauge(firing, undefined)).toEqual(firing);
    const counted = sent(firing, 5, 0);
    expect(find(gauge(counted, 0.9)).firing).toBe(false);
  });
});
