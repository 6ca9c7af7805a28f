import { describe, expect, it } from "vitest";
import { PluginStory } from "./story.ts";

const OLD = { version: "1.2.2", state: "running" as const };
const NEW = { state: "probation" as const };

/** The switch is acknowledged; the beat from before it has yet to be answered. */
const acknowledged = () => new PluginStory().toVerifying();

describe("a beat that was built before the switch, and arrives after its acknowledgement", () => {
  it("is answered, and nothing of it but its number is believed", () => {
    const story = acknowledged();
    const { counters, lastBeatAt } = story.state;
    story.beat(2, { sent: 20, failed: 20 }, OLD);
    expect(story.refusal).toBeNull();
    expect(story.attempt.status).toBe("verifying");
    expect(story.state).toMatchObject({ version: "1.2.3", counters, lastBeatAt });
    expect(story.rows("event").filter(({ kind }) => kind === "version_drift")).toEqual([]);
  });

  it("holds nothing against the new version of what it counted, nor does the first beat after it", () => {
    const story = acknowledged().beat(2, { sent: 20, failed: 20 }, OLD);
    story.beat(10, { sent: 20, failed: 20 }, NEW);
    expect(story.state.attempt?.phase).toMatchObject({ beats: 1, totals: { webhooks_sent: 0 } });
    story.beat(15, { sent: 4 }, NEW);
    expect(story.state.attempt?.phase).toMatchObject({ beats: 2, totals: { webhooks_sent: 4 } });
  });

  it("leaves the watch to go on to its verdict", () => {
    const story = acknowledged().beat(2, {}, OLD);
    for (let i = 0; i < 12 && story.state.attempt; i++) story.beat(15, { sent: 20 }, NEW);
    expect(story.lastAttempt.status).toBe("success");
    expect(story.state.excluded).toEqual([]);
  });

  it("may name how an earlier command ended, which says nothing of this one", () => {
    const story = new PluginStory().toVerifying().fail("restored", "1.2.2");
    const earlier = story.handed?.row.id ?? "none";
    story.act("ada", { action: "patch", version: "1.3.0", reason: "try the next one" });
    if (story.gate().attempt.status === "awaiting_approval") story.approve("bob").gate();
    if (story.attempt.status === "awaiting_approval") story.approve("eve").gate();
    story.stage().beat(15).handOver().wait(5).ack("1.3.0");
    story.beat(2, {}, { ...OLD, last_command: { id: earlier, outcome: "restored" } });
    expect(story.attempt.status).toBe("verifying");
    expect(story.state.version).toBe("1.3.0");
  });

  it("is left out after the acknowledgement of the way back, too", () => {
    const story = acknowledged();
    story.beat(15, { sent: 10 }, NEW).beat(15, { sent: 10, failed: 10 }, NEW).handOver().wait(1).ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
    story.beat(2, {}, { version: "1.2.3", ...NEW });
    expect(story.state.version).toBe("1.2.2");
    expect(story.rows("event").filter(({ kind }) => kind === "version_drift")).toEqual([]);
  });
});

describe("a shop that did go back by itself", () => {
  it("is believed when its beat names our command as restored", () => {
    const story = acknowledged();
    const id = story.attempt.command_id ?? "none";
    story.beat(2, {}, { ...OLD, last_command: { id, outcome: "restored" } });
    expect(story.lastAttempt).toMatchObject({ status: "rolled_back" });
  });

  it("is believed at its second beat when it names nothing", () => {
    const story = acknowledged().beat(2, {}, OLD).beat(15, {}, OLD);
    expect(story.lastAttempt).toMatchObject({ status: "rolled_back" });
    expect(story.state.version).toBe("1.2.2");
  });

  it("is believed at once when a beat had told of the new version before: beats are built in their order", () => {
    const story = acknowledged().beat(15, {}, NEW).beat(15, {}, OLD);
    expect(story.lastAttempt).toMatchObject({ status: "rolled_back" });
  });
});

describe("a way back from what the shop has not acknowledged", () => {
  const goingBack = () =>
    new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver().order({ kind: "revert" });

  it("is not over because the shop still runs what it ran: the command may be under way", () => {
    const story = goingBack().beat(15).beat(15);
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.handOver().handed?.row.type).toBe("rollback");
    story.ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
  });

  it("is over with a beat of the former version once the new one was seen", () => {
    const story = goingBack()
      .beat(15, {}, { version: "1.2.3", ...NEW })
      .beat(15);
    expect(story.lastAttempt.status).toBe("rolled_back");
  });

  it("is over when the way back finds that there is nothing to undo", () => {
    const story = goingBack().beat(15).handOver();
    const id = story.handed?.row.id ?? "none";
    story.beat(15, {}, { last_command: { id, outcome: "applied" } });
    expect(story.lastAttempt).toMatchObject({
      status: "rolled_back",
      reason: expect.stringContaining("never said that the command was carried out"),
    });
    expect(story.state.excluded).toEqual([]);
  });
});
