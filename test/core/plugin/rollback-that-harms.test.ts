import { describe, expect, it } from "vitest";
import { PluginStory } from "./story.ts";

function afterRollback(): PluginStory {
  const story = new PluginStory().breakWebhooks();
  story.act("ada", { action: "rollback", version: "1.2.1", reason: "the old one" });
  story.gate({ admission: null });
  if (story.attempt.status === "awaiting_approval") story.approve("grace").gate({ admission: null });
  return story.beat(15).handOver({ admission: null }).ack("1.2.1").beat(15, { sent: 10 });
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

  it("is a failed way back when the shop never reports the version again, and pages", () => {
    const story = afterRollback();
    story.beat(15, { sent: 10, failed: 10 }).beat(15, { sent: 10, failed: 10 });
    story.pass(4 * 3600);
    expect(story.lastAttempt.status).toBe("rollback_failed");
    expect(story.rows("notification").find((row) => row.kind === "rollback_failed")?.urgency).toBe("page");
  });
});
