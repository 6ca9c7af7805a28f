import { describe, expect, it } from "vitest";
import { PluginStory } from "./story.ts";

const handedOver = () => new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
const goingBack = () =>
  new PluginStory()
    .toVerifying()
    .beat(15, { sent: 10 }, { state: "probation" })
    .beat(15, { sent: 10, failed: 10 }, { state: "probation" })
    .handOver();

/** Each moment of a healing, and how its attempt ends when the shop turns out to run what nobody ordered. */
const MOMENTS: [string, () => PluginStory, string, string][] = [
  ["pending", () => new PluginStory().breakWebhooks().decide(), "cancelled", "open"],
  ["staging", () => new PluginStory().breakWebhooks().decide().gate(), "cancelled", "open"],
  [
    "applying, not handed over",
    () => new PluginStory().breakWebhooks().decide().gate().stage(),
    "cancelled",
    "open",
  ],
  ["applying, handed over", handedOver, "failed", "escalated"],
  ["applying again", () => handedOver().fail("busy"), "failed", "escalated"],
  ["verifying", () => new PluginStory().toVerifying(), "failed", "escalated"],
  ["rolling back", goingBack, "rollback_failed", "escalated"],
];

const drifted = (story: PluginStory, version = "1.4.0"): PluginStory => {
  story.version = version;
  return story.beat(15, { sent: 4 });
};

describe("a version that nobody ordered", () => {
  it.each(MOMENTS)("while %s ends the attempt as what it came to", (_, begin, ending, incident) => {
    const story = drifted(begin());
    expect(story.lastAttempt).toMatchObject({ status: ending, reason: expect.stringContaining("1.4.0") });
    expect(story.incident.status).toBe(incident);
    expect(story.state.commands.every((command) => command.row.finished_at !== null)).toBe(true);
    expect(story.state.version).toBe("1.4.0");
  });

  it.each(MOMENTS)("while %s is noted, blames no fix and teaches nothing", (_, begin) => {
    const story = drifted(begin());
    const lines = story.rows("event").filter((row) => row.kind === "version_drift");
    expect(lines).toEqual([expect.objectContaining({ data: { from: expect.any(String), to: "1.4.0" } })]);
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("feedback").filter((row) => row.outcome !== "rolled_back")).toEqual([]);
  });

  it("is noted when an acknowledgement tells of it, too", () => {
    const story = handedOver().ack("1.4.0");
    expect(story.lastAttempt).toMatchObject({ status: "failed", reason: expect.stringContaining("1.4.0") });
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("event").filter((row) => row.kind === "version_drift")).toHaveLength(1);
  });

  it("is noted when a failure tells of it, too, and nothing is sent again", () => {
    const story = handedOver().fail("busy", "1.4.0");
    expect(story.lastAttempt).toMatchObject({ status: "failed", reason: expect.stringContaining("1.4.0") });
  });

  it("starts the detectors afresh", () => {
    const story = drifted(new PluginStory().breakWebhooks().decide({ action: "escalate" }, null));
    expect(story.incident.type).toBe("webhook_fail_rate");
    const rate = (seconds: number) => story.beat(seconds, { sent: 20 });
    for (let i = 0; i < 20 && story.incidents.length > 0; i++) rate(60);
    expect(story.lastIncident.status).toBe("resolved");
  });

  it("of an ordered change is none", () => {
    const story = new PluginStory().toVerifying().beat(15, { sent: 4 }, { state: "probation" });
    expect(story.rows("event").filter((row) => row.kind === "version_drift")).toEqual([]);
  });
});

describe("a fix that is no longer what runs", () => {
  it("re-opens its incident when the version of the fault is back, and is not blamed", () => {
    const story = drifted(new PluginStory().toKept(), "1.2.2");
    expect(story.incident).toMatchObject({ status: "escalated", reopened: 1 });
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("feedback").map((row) => row.outcome)).toEqual(["success"]);
  });

  it("is not watched any more when a third version runs; what comes then is not laid to it", () => {
    const story = drifted(new PluginStory().toKept());
    expect(story.incident.status).toBe("baking");
    story.beat(30, { sent: 20, failed: 20 }).beat(30, { sent: 20, failed: 20 });
    expect(story.incident.status).toBe("escalated");
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("feedback").map((row) => row.outcome)).toEqual(["success"]);
  });
});

describe("what ran before", () => {
  it("is offered as the version to go back to when the fault began with the change", () => {
    const story = drifted(new PluginStory().beat(1, { sent: 20 }).beat(120, { sent: 20 }));
    expect(story.state.lastChange).toEqual({ from: "1.2.2", at: story.now });
  });
});
