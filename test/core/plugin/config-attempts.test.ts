import { describe, expect, it } from "vitest";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";

const REMEDY = "rmd_retries-up";
const SET = { retries: 5 };

/** A remedy in the shop's hands. */
function handedOver(): PluginStory {
  const story = new PluginStory().breakWebhooks();
  story.decide({ action: "config", remedy: REMEDY, config: SET }, null);
  return story.gate().beat(15).handOver();
}

/** Under watch, by a client that keeps the former settings until the commit, or by one that does not know how. */
function underWatch(provisional = true): PluginStory {
  return ack(handedOver(), provisional ? { provisional: true } : undefined);
}

function ack(story: PluginStory, details?: Record<string, boolean>): PluginStory {
  const command_id = story.handed?.row.id ?? "none";
  const result = { version: story.version, ...(details ? { details } : {}) };
  return story.apply({ type: "ack", data: { plugin_id: A_PLUGIN_ID, command_id, result } });
}

const bad = (story: PluginStory) =>
  story
    .beat(15, { sent: 20 }, { state: "probation" })
    .beat(15, { sent: 40, failed: 40 }, { state: "probation" });

function good(story: PluginStory): PluginStory {
  for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
  return story;
}

describe("a remedy", () => {
  it("goes to the shop without staging, on probation like an update", () => {
    const story = handedOver();
    expect(story.statuses()).toEqual(["pending", "staging", "applying"]);
    expect(story.handed?.row).toMatchObject({
      type: "config",
      payload: { set: SET, commit_within_s: expect.any(Number) },
    });
    expect(story.attempt).toMatchObject({ action: "config", remedy: REMEDY, target_version: null });
  });

  it("that heals is committed, under the version that runs", () => {
    const story = good(underWatch());
    expect(story.lastAttempt.status).toBe("success");
    expect(story.state.commit).toMatchObject({ version: "1.2.2", attemptId: story.lastAttempt.id });
    story.beat(15, { sent: 20 });
    expect(story.state.commit).toBeNull();
    expect(story.rows("feedback")).toEqual([
      expect.objectContaining({ action: "config", remedy: REMEDY, outcome: "success" }),
    ]);
  });

  it("tells the release's object by its id", () => {
    const story = good(underWatch());
    expect(story.outbox.filter((message) => message.to === "release")).toEqual([
      expect.objectContaining({ version: REMEDY, outcome: "success" }),
    ]);
  });

  it("that makes it worse is taken back, and is rolled back, not merely failed", () => {
    const story = bad(underWatch());
    expect(story.attempt.status).toBe("rolling_back");
    const change = story.attempt.command_id;
    story.handOver();
    expect(story.handed?.row).toMatchObject({ type: "config", payload: { set: {}, restore: change } });
    ack(story);
    expect(story.lastAttempt.status).toBe("rolled_back");
    expect(story.state.excluded).toEqual([expect.objectContaining({ action: "config", remedy: REMEDY })]);
  });

  it("is not taken for taken back because the version is the former one", () => {
    const story = bad(underWatch()).beat(15, {}, { state: "probation" });
    expect(story.attempt.status).toBe("rolling_back");
  });

  it("is taken back when only a beat says so", () => {
    const story = bad(underWatch()).handOver();
    const id = story.handed?.row.id ?? "none";
    story.beat(15, {}, { last_command: { id, outcome: "rolled_back" } });
    expect(story.lastAttempt.status).toBe("rolled_back");
  });

  it("is taken back by the shop itself, whether its report or its beat tells of it", () => {
    const told = bad(underWatch());
    told.fail("restored", "1.2.2", told.attempt.command_id ?? "none");
    expect(told.lastAttempt.status).toBe("rolled_back");
    const seen = underWatch();
    const id = seen.attempt.command_id ?? "none";
    seen.beat(15, {}, { last_command: { id, outcome: "restored" } });
    expect(seen.lastAttempt.status).toBe("rolled_back");
  });

  it("that nobody hears of again pages a person", () => {
    const story = bad(underWatch()).pass(4 * 3600);
    expect(story.lastAttempt).toMatchObject({
      status: "rollback_failed",
      reason: expect.stringContaining("the former settings"),
    });
  });

  it("of a client that keeps no former settings stays where it is, and pages", () => {
    const story = bad(underWatch(false));
    expect(story.lastAttempt.status).toBe("failed");
    expect(story.state.commands.every((command) => command.row.finished_at !== null)).toBe(true);
    expect(story.incident.status).toBe("escalated");
  });

  it("is on probation also when only the beat says so", () => {
    const story = handedOver();
    const id = story.handed?.row.id ?? "none";
    story.beat(15, {}, { state: "probation", last_command: { id, outcome: "applied" } });
    expect(bad(story).attempt.status).toBe("rolling_back");
  });

  it("that the shop's plugin does not boot with has been taken back by the client", () => {
    const story = handedOver().fail("config_failed");
    expect(story.lastAttempt.status).toBe("failed");
    expect(story.state.excluded).toHaveLength(1);
  });

  it("that falls back before its commit arrived re-opens its incident", () => {
    for (const tell of [
      (story: PluginStory, id: string) => story.fail("restored", "1.2.2", id),
      (story: PluginStory, id: string) => story.beat(15, {}, { last_command: { id, outcome: "restored" } }),
    ]) {
      const story = good(underWatch());
      tell(story, story.state.commit?.commandId ?? "none");
      expect(story.state.commit).toBeNull();
      expect(story.incident).toMatchObject({ status: "escalated", reopened: 1 });
      expect(story.state.excluded).toEqual([expect.objectContaining({ remedy: REMEDY })]);
    }
  });

  it("is taken back by order after its success", () => {
    const story = good(underWatch()).beat(15, { sent: 20 });
    const kept = story.lastAttempt;
    story.order({ kind: "revert", attempt_id: kept.id });
    expect(story.attempt).toMatchObject({ action: "config", reverts: kept.id, remedy: REMEDY });
    story.gate({ admission: null }).beat(15).handOver({ admission: null });
    expect(story.handed?.row.payload).toMatchObject({ set: {}, restore: kept.command_id });
    ack(story).beat(15).beat(15);
    expect(story.lastAttempt).toMatchObject({ status: "success", reverts: kept.id });
    expect(story.outbox.filter((message) => message.to === "release").at(-1)).toMatchObject({
      report: "reverted",
      version: REMEDY,
      attemptId: kept.id,
      outcome: "success",
    });
  });

  it("is not taken back by order from a client that keeps no former settings", () => {
    const story = good(underWatch(false)).order({ kind: "revert" });
    expect(story.refusal).toMatchObject({
      reason: "conflict",
      message: "its client keeps no former settings",
    });
  });
});

describe("to resubscribe", () => {
  const subscribed = () => {
    const story = new PluginStory().beat(1).beat(60, {}, { webhook_subscription: "disabled" });
    story.decide({ action: "resubscribe" }, null);
    if (story.state.work.some((work) => work.kind === "gate")) story.gate({ admission: null });
    if (story.attempt.status === "awaiting_approval")
      story.approve("grace").approve("linus").gate({ admission: null });
    return ack(story.beat(15).handOver({ admission: null }));
  };

  it("is final at once, and verified by what the shop reports", () => {
    const story = subscribed();
    expect(story.rows("command")[0]?.payload).toEqual({
      attempt_id: story.attempt.id,
      set: { webhook_subscription: "active" },
    });
    for (let i = 0; i < 40 && story.state.attempt; i++)
      story.beat(15, { sent: 4 }, { webhook_subscription: "active" });
    expect(story.lastAttempt).toMatchObject({ status: "success", health: { verdict: "healthy" } });
    expect(story.state.commit).toBeNull();
  });

  it("that changes nothing is a failure, and is not taken back", () => {
    const story = subscribed();
    for (let i = 0; i < 40 && story.state.attempt; i++)
      story.beat(15, {}, { webhook_subscription: "disabled" });
    expect(story.lastAttempt).toMatchObject({ status: "failed", health: { verdict: "unhealthy" } });
    expect(story.state.commands.some((command) => command.row.type === "rollback")).toBe(false);
  });
});
