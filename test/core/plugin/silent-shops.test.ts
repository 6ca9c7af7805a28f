/** Silence is no failure of a fix: the network, the shop's or ours, is another matter than what runs. */
import { describe, expect, it } from "vitest";
import type { FleetGuard } from "../../../src/contract/rpc/fleet.ts";
import type { OutboxMessage } from "../../../src/core/plugin/draft.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const handedOver = () => new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
const watched = () => new PluginStory().toVerifying().beat(15, { sent: 4 }, { state: "probation" });

/** What release, fleet and SIRA are told of the end of an attempt. */
function told({ outbox }: PluginStory): unknown[] {
  const end = (message: OutboxMessage) =>
    message.to === "release" || (message.to === "fleet" && message.report === "finished");
  return outbox.flatMap((message) => (end(message) && "outcome" in message ? [message.outcome] : []));
}

function blamesNobody(story: PluginStory): void {
  expect(story.state.excluded).toEqual([]);
  expect(story.rows("feedback")).toEqual([]);
  expect(new Set(told(story))).toEqual(new Set(["cancelled"]));
}

/** The guard is asked, and says so. */
function guard(story: PluginStory, answer: Partial<FleetGuard>): PluginStory {
  return story.gate({ guard: { ...story.facts().guard, explanation: "300 of 400 are silent.", ...answer } });
}

const storm = { storm: true, storms: [{ type: "heartbeat_missed" as const, explanation: "300 of 400" }] };

describe("a command that the shop never answered, and then silence", () => {
  it("orders the way back, and ends without a rollback that nobody saw", () => {
    const story = handedOver().pass(400);
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.state.commands.at(-1)?.row.type).toBe("rollback");
    story.pass(4 * 3600);
    expect(story.lastAttempt).toMatchObject({
      status: "expired",
      rolled_back_at: null,
      reason: expect.stringContaining("whether it was carried out is not known"),
    });
    blamesNobody(story);
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "page" });
    expect(story.notified()).not.toContain("rolled_back");
  });

  it("ends as never carried out when the shop is back and finds nothing to undo", () => {
    const story = handedOver().pass(400).beat(15).handOver();
    story.apply({
      type: "ack",
      data: {
        plugin_id: story.state.id,
        command_id: story.handed?.row.id ?? "none",
        result: { version: "1.2.2", details: { already_running: true } },
      },
    });
    expect(story.lastAttempt).toMatchObject({
      status: "expired",
      reason: expect.stringContaining("never said that the command was carried out"),
    });
    blamesNobody(story);
  });

  it("is rolled back when the shop is back with the new version, and blames nobody for that", () => {
    const story = handedOver().pass(400);
    story.version = "1.2.3";
    story.beat(15, {}, { state: "probation" }).handOver().ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
    blamesNobody(story);
  });

  it("blames the fix when the shop says, late, that the new version did not boot", () => {
    const story = handedOver();
    const id = story.handed?.row.id;
    story.pass(400).fail("boot_failed", "1.2.2", id);
    expect(story.lastAttempt.status).toBe("rolled_back");
    expect(story.state.excluded).toHaveLength(1);
  });

  it("says of what is final in the shop that nobody knows", () => {
    for (const decision of [
      { action: "rollback" as const, patch_version: "1.2.1" },
      { action: "config" as const, config: { retries: 3 } },
    ]) {
      const story = new PluginStory(aPolicy({ approvals: { by_step: { downgrade: 0 } } }));
      story.breakWebhooks().decide(decision).gate({ admission: null });
      story.beat(15).handOver({ admission: null }).pass(7200);
      expect(story.lastAttempt).toMatchObject({
        status: "expired",
        reason: expect.stringContaining("whether it was carried out is not known"),
      });
      expect(story.lastAttempt.reason).not.toContain("final in the shop");
      blamesNobody(story);
    }
  });

  it("of a release that cannot be taken back does not say that it is in place", () => {
    const story = new PluginStory().breakWebhooks().decide({}, { reversible: false });
    if (story.gate().attempt.status === "awaiting_approval") story.approve("bob").gate();
    story.stage().beat(15).handOver().pass(400);
    expect(story.lastAttempt).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("if it was carried out, which is not known"),
    });
    blamesNobody(story);
  });
});

describe("a silence under watch", () => {
  it("orders the way back at once, and asks the storm guard meanwhile", () => {
    const story = watched().pass(120);
    expect(story.attempt).toMatchObject({ status: "rolling_back", health: { rule: "no_beat" } });
    expect(story.state.work.map(({ kind }) => kind)).toEqual(["gate"]);
  });

  it("is the shop's own while the guard knows of no storm: its fix is blamed, and a person paged", () => {
    const story = guard(watched().pass(120), {});
    expect(story.state.work[0]?.notBefore).toBe(story.now + 60_000);
    story.pass(4 * 3600);
    expect(story.lastAttempt.status).toBe("rollback_failed");
    expect(story.state.excluded).toHaveLength(1);
    expect(story.notified()).toContain("rollback_failed");
  });

  it.each([
    ["in a storm", storm],
    ["while one rises", { rising: true }],
  ])("blames no fix %s, whatever becomes of the way back, and asks no more", (_, answer) => {
    const lost = guard(watched().pass(120), answer);
    expect(lost.state.work).toEqual([]);
    const back = guard(watched().pass(120), answer);
    lost.pass(4 * 3600);
    expect(lost.lastAttempt.status).toBe("rollback_failed");
    expect(lost.notified()).toContain("rollback_failed");
    blamesNobody(lost);
    back.beat(15, {}, { state: "probation" }).handOver().ack("1.2.2");
    expect(back.lastAttempt.status).toBe("rolled_back");
    blamesNobody(back);
  });

  it("blames no fix where a storm shows itself only minutes later", () => {
    const story = guard(watched().pass(120), {});
    guard(story.wait(60), storm).pass(4 * 3600);
    expect(story.lastAttempt.status).toBe("rollback_failed");
    blamesNobody(story);
  });

  it("blames the fix for failures that were seen, storm or not", () => {
    const story = watched().beat(15, { sent: 10, failed: 10 }, { state: "probation" });
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.state.work).toEqual([]);
    story.handOver().ack("1.2.2");
    expect(story.state.excluded).toHaveLength(1);
  });
});
