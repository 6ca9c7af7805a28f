import { describe, expect, it } from "vitest";
import { freezeBaseline } from "../../../src/core/plugin/baseline.ts";
import { yardstickOf } from "../../../src/core/plugin/yardstick.ts";
import { PluginStory } from "./story.ts";
import { aBaseline } from "./watched-shop.ts";

const HOUR_S = 3600;

/** A beat every five minutes for so many hours. */
function hours(
  story: PluginStory,
  count: number,
  traffic: { sent?: number; failed?: number; errors?: number },
) {
  for (let i = 0; i < count * 12; i++) {
    story.counters.requests += 100;
    story.counters.errors += traffic.errors ?? 0;
    story.beat(300, traffic);
  }
  return story;
}

/** The fault begins: beats until its incident is open. */
function fault(story: PluginStory): PluginStory {
  for (let i = 0; i < 10 && story.incidents.length === 0; i++) story.beat(120, { sent: 20, failed: 12 });
  return story;
}

function baselineOf(story: PluginStory) {
  return freezeBaseline(story.state, story.state.incidents[0] ?? null);
}

describe("the baseline of a change", () => {
  it("is what was counted before the fault began, and nothing of the fault", () => {
    const story = fault(hours(new PluginStory().beat(1), 5, { sent: 50, failed: 1, errors: 2 }));
    const { until, webhooks, errors, per, fault: during } = baselineOf(story);
    expect(new Date(until).toISOString()).toBe(story.incident.onset_at);
    expect(webhooks.failures / webhooks.trials).toBeCloseTo(0.02, 2);
    expect(webhooks.trials).toBeGreaterThan(2_500);
    expect(errors.failures / errors.trials).toBeCloseTo(0.02, 2);
    expect(per).toBe("request");
    expect(during.webhooks).toBeCloseTo(story.incident.signal.value ?? 0, 6);
  });

  it("is frozen with the attempt: what comes later does not move it", () => {
    const story = fault(hours(new PluginStory().beat(1), 3, { sent: 50 })).decide();
    const frozen = structuredClone(story.state.attempt?.baseline);
    expect(frozen?.webhooks).toMatchObject({ failures: 0 });
    story.gate().stage();
    for (let i = 0; i < 4; i++) story.beat(60, { sent: 40, failed: 40 });
    expect(story.state.attempt?.baseline).toEqual(frozen);
  });

  it("leaves out the hours of an earlier outage", () => {
    const story = hours(new PluginStory().beat(1), 4, { sent: 50 });
    hours(story, 1, { sent: 50, failed: 45 });
    for (let i = 0; i < 3 && story.incidents.length > 0; i++) hours(story, 1, { sent: 50 });
    expect(story.incidents).toEqual([]);
    fault(hours(story, 2, { sent: 50 }));
    const { webhooks } = baselineOf(story);
    expect(webhooks.trials).toBeGreaterThan(3_000);
    expect(webhooks.failures / webhooks.trials).toBeLessThan(0.02);
  });

  it("ends where another open fault began, though this one began later", () => {
    const story = fault(hours(new PluginStory().beat(1), 2, { sent: 50 }));
    const onset = story.incident.onset_at;
    for (let i = 0; i < 30 && story.incidents.length < 2; i++) {
      story.counters.requests += 100;
      story.counters.errors += 60;
      story.beat(60, { sent: 20, failed: 12 });
    }
    const second = story.state.incidents[1] ?? null;
    expect(second?.row.type).toBe("error_spike");
    expect(new Date(freezeBaseline(story.state, second).until).toISOString()).toBe(onset);
  });

  it("counts errors by the second where requests are not counted", () => {
    const story = new PluginStory().beat(1);
    for (let i = 0; i < 36; i++) {
      story.counters.errors += 1;
      story.beat(300, { sent: 20 });
    }
    const { per, errors } = baselineOf(fault(story));
    expect(per).toBe("second");
    expect((errors.failures / errors.trials) * HOUR_S).toBeCloseTo(12, 0);
  });

  it("knows nothing of a plugin's first minutes but what is assumed of any", () => {
    expect(baselineOf(new PluginStory().breakWebhooks())).toMatchObject({
      webhooks: { failures: 0, trials: 0, usual: expect.closeTo(0.01, 3) },
      errors: { usual: 2 / HOUR_S },
    });
  });
});

describe("the yardstick that follows from it", () => {
  it("takes the level before a standard error above its mean, and worse for five times its odds", () => {
    const { before, worse } = yardstickOf(
      aBaseline({ webhooks: { failures: 60, trials: 2_000, usual: 0.015 } }),
      "webhooks",
    );
    expect(before).toBe(0.03);
    expect(worse.healthy).toBeCloseTo(0.0334, 3);
    expect(worse.failing).toBeCloseTo(0.147, 2);
  });

  it("is wider for a shop that is little known", () => {
    const { worse } = yardstickOf(
      aBaseline({ webhooks: { failures: 1, trials: 30, usual: 0.01 } }),
      "webhooks",
    );
    expect(worse.healthy).toBeGreaterThan(0.03);
  });

  it("holds nobody to nothing at all, and calls no trifle worth a rollback", () => {
    const { worse } = yardstickOf(aBaseline({ errors: { failures: 0, trials: 1e6, usual: 0 } }), "errors");
    expect(worse).toMatchObject({ healthy: 0.002, failing: 0.04 });
  });
});

describe("a shop in which 3 % of the webhooks always failed", () => {
  function healed(failedAfter: number): PluginStory {
    const story = new PluginStory().beat(1);
    for (let i = 0; i < 24 * 12; i++) story.beat(300, { sent: 33, failed: 1 });
    fault(story).decide().gate().stage().beat(15).handOver().wait(5).ack("1.2.3");
    for (let i = 0; i < 7 && story.state.attempt !== null; i++)
      story.beat(15, { sent: 33, failed: failedAfter }, { state: "probation" });
    return story;
  }

  it("keeps a change under which 3 % fail", () => {
    expect(healed(1).lastAttempt).toMatchObject({ status: "success", health: { verdict: "healthy" } });
  });

  it("goes back from one under which 30 % do", () => {
    expect(healed(10).attempt).toMatchObject({
      status: "rolling_back",
      health: { rule: "original_signal_persists:webhook_fail_rate" },
    });
  });
});
