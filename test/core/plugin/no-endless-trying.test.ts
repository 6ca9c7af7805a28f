import { describe, expect, it } from "vitest";
import { someFacts } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

describe("attempts that ended before the shop was told", () => {
  it("push none that did reach it out of the day's budget and the penalty box", () => {
    const story = new PluginStory().toVerifying();
    story.beat(15, { sent: 20, failed: 20 }).beat(15, { sent: 20, failed: 20 });
    story.handOver().ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
    story.beat(15, { sent: 20, failed: 20 }).beat(15, { sent: 20, failed: 20 });
    for (let i = 0; i < 40; i++) {
      const reason = `attempt ${i}`;
      story.act("ada", { action: "patch", version: "1.2.4", reason }).order({ kind: "cancel" });
    }
    expect(story.rows("attempt").filter(({ status }) => status === "cancelled")).toHaveLength(40);
    story.act("ada", { action: "retry", reason: "another one" }).decide({ patch_version: "1.2.4" }).gate();
    expect(story.attempt.gate_facts).toMatchObject({ attempts_today: 1, since_failure_ms: 30_000 });
    expect(story.attempt.gate.find(({ rule }) => rule === "attempt_budget")?.outcome).toBe("needs_approval");
  });
});

describe("what cannot be had in a shop", () => {
  it("is not tried one after the other for ever: after sixteen a person is called", () => {
    const story = new PluginStory().breakWebhooks();
    const { admission } = someFacts(story.policy);
    if (admission === null) throw new Error("no admission");
    const held = { admission: { ...admission, admitted: false, status: "held" as const } };
    let tried = 0;
    for (; tried < 40 && story.state.work.some(({ kind }) => kind === "decide"); tried++)
      story.decide({ patch_version: `1.3.${tried}` }).gate(held);
    expect(tried).toBe(17);
    expect(story.incident.status).toBe("escalated");
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "page" });
  });
});

describe("a fault that is only ever watched", () => {
  const told = (story: PluginStory) => story.rows("notification").filter(({ kind }) => kind === "escalated");
  const watchedOn = (story: PluginStory, times: number, failed: number) => {
    for (let i = 0; i < times; i++)
      story.beat(900, { sent: 20, failed }).decide({ action: "monitor", explanation: "It may pass." });
    return story;
  };

  it.each([
    ["medium", 12, "notice"],
    ["critical", 20, "page"],
  ])("is told to a person after two hours, once, and watched on: %s", (severity, failed, urgency) => {
    const story = watchedOn(new PluginStory().breakWebhooks(), 7, failed);
    expect(story.incident.severity).toBe(severity);
    expect(told(story)).toEqual([]);
    watchedOn(story, 1, failed);
    expect(told(story)).toEqual([expect.objectContaining({ urgency })]);
    expect(watchedOn(story, 20, failed).incident.status).toBe("open");
    expect(told(story)).toHaveLength(1);
  });
});
