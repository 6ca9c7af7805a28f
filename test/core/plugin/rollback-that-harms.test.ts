import { describe, expect, it } from "vitest";
import { PluginStory } from "./story.ts";

function afterRollback(sent = 10): PluginStory {
  const story = new PluginStory().breakWebhooks();
  story.act("ada", { action: "rollback", version: "1.2.1", reason: "the old one" });
  story.gate({ admission: null });
  if (story.attempt.status === "awaiting_approval") story.approve("grace").gate({ admission: null });
  return story.beat(15).handOver({ admission: null }).ack("1.2.1").beat(15, { sent });
}

/** No traffic, and a client without probes: a person is asked whether the older version stays. */
function asked(): PluginStory {
  return afterRollback(0).toAsked({});
}

describe("a rollback to a version that is worse", () => {
  it("is undone: the shop gets back what it was found with, and a person is called", () => {
    const story = afterRollback();
    expect(story.attempt).toMatchObject({ action: "rollback", status: "verifying" });
    story.beat(15, { sent: 10, failed: 10 }).beat(15, { sent: 10, failed: 10 });
    expect(story.attempt.status).toBe("rolling_back");
    story.handOver({ admission: null });
    expect(story.handed?.row).toMatchObject({ type: "rollback", payload: { to_version: "1.2.2" } });
    // The file of the version that is left behind is of no use on the way up.
    expect(story.handed?.row.payload).not.toHaveProperty("release");
    story.ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
    expect(story.incident.status).toBe("escalated");
  });

  it.each([
    ["cannot", "unsupported", "The shop's client cannot do this."],
    ["does not take the command for ours", "bad_signature", "The shop does not take the command for ours"],
  ] as const)("pages at once when the shop %s go back: no dead-man stands behind it", (_, code, reason) => {
    const story = afterRollback();
    story.beat(15, { sent: 10, failed: 10 }).beat(15, { sent: 10, failed: 10 });
    story.handOver({ admission: null }).fail(code);
    expect(story.lastAttempt).toMatchObject({
      status: "rollback_failed",
      reason: expect.stringContaining(reason),
    });
    expect(story.rows("notification").find((row) => row.kind === "rollback_failed")?.urgency).toBe("page");
  });

  it("is undone when a person rejects it", () => {
    const story = asked();
    story.approve("heidi", { decision: "reject" });
    story.handOver({ admission: null }).ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
  });

  it("stays where nothing speaks against it and nobody answers: what it left had a fault", () => {
    const story = asked();
    for (let i = 0; i < 80 && story.state.attempt; i++) story.beat(15);
    expect(story.lastAttempt).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("left in place"),
    });
    expect(story.state.version).toBe("1.2.1");
    expect(story.rows("command").map(({ payload }) => payload.to_version)).not.toContain("1.2.2");
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "page" });
    expect(story.rows("feedback").map(({ outcome }) => outcome)).toEqual(["inconclusive"]);
  });

  it("is a failed way back when the shop never reports the version again, and pages", () => {
    const story = afterRollback();
    story.beat(15, { sent: 10, failed: 10 }).beat(15, { sent: 10, failed: 10 });
    story.pass(4 * 3600);
    expect(story.lastAttempt.status).toBe("rollback_failed");
    expect(story.rows("notification").find((row) => row.kind === "rollback_failed")?.urgency).toBe("page");
  });
});
