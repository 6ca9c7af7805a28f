import { describe, expect, it } from "vitest";
import { SHOP_CAP } from "../../../src/core/fleet/cohort.ts";
import { PluginStory } from "./story.ts";

const reportsOf = (story: PluginStory) =>
  story.outbox.flatMap((message) =>
    message.to === "fleet" && message.report === "evidence" ? [message.evidence] : [],
  );
const on = (platform_version: string) => ({ env: { platform: "woocommerce", platform_version } });

describe("what a plugin tells the fleet's cohorts", () => {
  it("is next to nothing while its webhooks are delivered", () => {
    const story = new PluginStory();
    for (let i = 0; i < 500; i++) story.beat(120, { sent: 2 });
    expect(reportsOf(story).length).toBeLessThanOrEqual(11);
    expect(story.state.evidence).toMatchObject({ version: "1.2.2", held: 0, failures: 0 });
  });

  it("is each beat with failures, under its version and its platform's, and its recovery", () => {
    const story = new PluginStory()
      .beat(1, { sent: 8 }, on("9.1"))
      .beat(120, { sent: 4, failed: 1 }, on("9.1"));
    expect(reportsOf(story).at(-1)).toMatchObject({
      version: "1.2.2",
      platform: "9.1",
      trials: 4,
      failures: 1,
    });
    const before = reportsOf(story).length;
    for (let i = 0; i < 20; i++) story.beat(120, { sent: 10 }, on("9.1"));
    const after = reportsOf(story).slice(before);
    expect(after.at(0)).toMatchObject({ trials: 10, failures: 0 });
    expect(after.filter(({ held }) => held === 0).length).toBeLessThanOrEqual(5);
    expect(story.state.evidence?.toldHeld).toBe(0);
  });

  it("counts no failure of the version before against the one after it", () => {
    const story = new PluginStory().beat(1, { sent: 5 }).beat(120, { sent: 5, failed: 5 });
    expect(reportsOf(story).at(-1)?.held).toBe(SHOP_CAP);
    story.version = "1.2.3";
    story.beat(120, { sent: 5, failed: 5 });
    expect(reportsOf(story).at(-1)).toMatchObject({ version: "1.2.3", trials: 0, failures: 0, held: 0 });
  });

  it("is nothing from a client that sends gauges only", () => {
    const story = new PluginStory();
    const gauge = { counters: undefined, telemetry: { webhook_fail_rate: 0.9 } };
    for (let i = 0; i < 3; i++) story.beat(120, {}, gauge as never); // the builder's overrides do not name absence
    expect(reportsOf(story)).toEqual([]);
  });
});

describe("a release that a cohort has halted", () => {
  const halted = {
    admission: {
      admitted: false,
      status: "halted" as const,
      stage: "none",
      observed: "halted",
      bound: "active",
    },
  };

  it("cancels the attempt that waits for its gate", () => {
    const story = new PluginStory().breakWebhooks().decide().gate(halted);
    expect(story.lastAttempt).toMatchObject({
      status: "cancelled",
      reason: expect.stringContaining("release"),
    });
  });

  it("cancels the attempt that waited for approval as soon as it is approved", () => {
    const story = new PluginStory();
    story.policy = { ...story.policy, mode: "approve-only" };
    story.breakWebhooks().decide().gate();
    expect(story.attempt.status).toBe("awaiting_approval");
    story.approve("awa").gate(halted);
    expect(story.lastAttempt.status).toBe("cancelled");
    expect(story.handed).toBeNull();
  });

  it("cancels the attempt whose command waits to be fetched", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver(halted);
    expect(story.handed).toBeNull();
    expect(story.lastAttempt.status).toBe("cancelled");
  });
});
