import { describe, expect, it } from "vitest";
import { GATE_RULES } from "../../../src/contract/attempt.ts";
import { nextIntervalS, spreadInterval } from "../../../src/core/plugin/reply.ts";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";

/** Fifteen-second beats of a healthy new version, for so many seconds. */
function healthyFor(story: PluginStory, seconds: number, state: "probation" | "running" = "probation") {
  for (let passed = 0; passed < seconds; passed += 15) story.beat(15, { sent: 4 }, { state });
  return story;
}

describe("a shop that a patch heals", () => {
  it("goes through every stage once, is committed, baked and resolved", () => {
    const story = new PluginStory().toVerifying();
    expect(story.attempt.status).toBe("verifying");
    healthyFor(story, 105);
    expect(story.statuses()).toEqual(["pending", "staging", "applying", "verifying", "success"]);
    expect(story.state.commit).toMatchObject({ version: "1.2.3" });
    expect(story.incident.status).toBe("baking");
    story.beat(15, { sent: 4 }, { state: "running" });
    expect(story.state.commit).toBeNull();
    story.pass(1800);
    expect(story.incidents.filter((incident) => incident.type === "webhook_fail_rate")).toEqual([]);
    expect(
      story
        .rows("incident")
        .filter((row) => row.type === "webhook_fail_rate")
        .at(-1),
    ).toMatchObject({ status: "resolved" });
    expect(story.notified()).toEqual(expect.arrayContaining(["incident_detected", "patched"]));
  });

  it("teaches SIRA, the release and the fleet exactly once", () => {
    const story = healthyFor(new PluginStory().toVerifying(), 120);
    expect(story.outbox.filter((message) => message.to === "sira")).toHaveLength(1);
    expect(story.rows("feedback")).toEqual([
      expect.objectContaining({ outcome: "success", action: "patch", target_version: "1.2.3" }),
    ]);
    expect(story.outbox.filter((message) => message.to === "release")).toHaveLength(1);
    expect(
      story.outbox.filter((message) => message.to === "fleet" && message.report === "finished"),
    ).toHaveLength(1);
  });

  it("stores the gate's verdicts of both evaluations, and each staging check", () => {
    const story = healthyFor(new PluginStory().toVerifying(), 120);
    const attempt = story.lastAttempt;
    expect(attempt.gate.map((verdict) => verdict.rule)).toHaveLength(GATE_RULES.length);
    expect(attempt.handover_gate?.every((verdict) => verdict.outcome === "allow")).toBe(true);
    expect(attempt.staging).toHaveLength(1);
    expect(attempt.health).toMatchObject({ verdict: "healthy", rule: "webhooks_delivered" });
  });

  it("is not called healthy before the deadline, however good it looks", () => {
    const story = healthyFor(new PluginStory().toVerifying(), 60);
    expect(story.attempt.status).toBe("verifying");
  });

  it("asks for 15 s beats around a change and for slow ones while a person is awaited", () => {
    const story = new PluginStory();
    story.policy = { ...story.policy, mode: "approve-only" };
    story.breakWebhooks();
    const asked = ({ state, policy, now }: PluginStory) => nextIntervalS(state, policy.intervals, now);
    const { fast_s, probation_s } = story.policy.intervals;
    expect(asked(story)).toBe(spreadInterval(story.state.id, fast_s));
    story.decide().gate();
    expect(story.attempt.status).toBe("awaiting_approval");
    expect(asked(story)).toBe(spreadInterval(story.state.id, fast_s));
    expect(asked(new PluginStory().toVerifying())).toBe(spreadInterval(story.state.id, probation_s));
  });

  it("is applied when only the beat, not the acknowledgement, arrives", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
    story.version = "1.2.3";
    story.beat(15, {}, { state: "probation" });
    expect(story.attempt.status).toBe("verifying");
    story.ack("1.2.3");
    expect(story.refusal).toBeNull();
    expect(story.attempt.status).toBe("verifying");
  });
});

describe("a patch that is bad", () => {
  it("is rolled back at once on a clear failure, excluded, and given to a person", () => {
    const story = new PluginStory().toVerifying();
    story
      .beat(15, { sent: 10 }, { state: "probation" })
      .beat(15, { sent: 10, failed: 10 }, { state: "probation" });
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.attempt.health).toMatchObject({
      verdict: "unhealthy",
      rule: "original_signal_persists:webhook_fail_rate",
    });
    story.handOver();
    expect(story.handed?.row).toMatchObject({ type: "rollback", payload: { to_version: "1.2.2" } });
    story.ack("1.2.2");
    expect(story.lastAttempt).toMatchObject({ status: "rolled_back" });
    expect(story.incident.status).toBe("escalated");
    expect(story.state.excluded).toEqual([expect.objectContaining({ action: "patch", version: "1.2.3" })]);
    expect(story.notified()).toEqual(expect.arrayContaining(["rolled_back", "escalated"]));
  });

  it("that does not boot is restored by the shop itself", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
    const command_id = story.handed?.row.id ?? "";
    story.apply({
      type: "fail",
      data: { plugin_id: A_PLUGIN_ID, command_id, error: { code: "boot_failed", message: "exit 1" } },
    });
    expect(story.statuses().slice(-2)).toEqual(["rolling_back", "rolled_back"]);
    expect(story.lastAttempt.reason).toContain("boot_failed");
  });

  it("is rolled back by the shop's dead-man when no beat ever comes, and nobody is paged for nothing", () => {
    const story = new PluginStory().toVerifying().pass(180);
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.attempt.health?.rule).toBe("no_beat");
    story.version = "1.2.2";
    story.beat(15, {}, { last_command: { id: story.attempt.command_id ?? "none", outcome: "restored" } });
    expect(story.lastAttempt.status).toBe("rolled_back");
    expect(story.notified()).not.toContain("rollback_failed");
  });

  it("that never comes back pages a person", () => {
    const story = new PluginStory().toVerifying().pass(4 * 3600);
    expect(story.lastAttempt.status).toBe("rollback_failed");
    expect(story.rows("notification").find((row) => row.kind === "rollback_failed")?.urgency).toBe("page");
  });

  it("that cannot be taken back is left in place and pages a person", () => {
    const story = new PluginStory().toVerifying({}, { reversible: false });
    story.beat(15, { sent: 20, failed: 20 }, { state: "probation" });
    story.beat(15, { sent: 20, failed: 20 }, { state: "probation" });
    expect(story.lastAttempt.status).toBe("failed");
    expect(story.state.commit).toMatchObject({ version: "1.2.3" });
    expect(story.state.commands.some((command) => command.row.type === "rollback")).toBe(false);
    expect(story.incident.status).toBe("escalated");
  });

  it("re-opens the same incident when its signal comes back during the bake", () => {
    const story = healthyFor(new PluginStory().toVerifying(), 120);
    const { id } = story.incident;
    story
      .beat(30, { sent: 20, failed: 20 }, { state: "running" })
      .beat(30, { sent: 20, failed: 20 }, { state: "running" });
    expect(story.incidents.find((incident) => incident.id === id)).toMatchObject({
      status: "escalated",
      reopened: 1,
    });
    expect(story.state.excluded).toEqual([expect.objectContaining({ version: "1.2.3" })]);
  });
});

describe("a change without evidence", () => {
  it("is watched to the limit, then a person is asked, then it goes back by itself", () => {
    const story = new PluginStory().toVerifying();
    const applied = story.now;
    story.toAsked();
    expect(story.now - applied).toBe(story.policy.intervals.verify_limit_s * 1000);
    expect(story.notified()).toContain("approval_needed");
    for (let i = 0; i < 60; i++) story.beat(15, {}, { state: "probation" });
    expect(story.attempt.status).toBe("rolling_back");
  });

  it("is kept when the person asked says so", () => {
    const story = new PluginStory().toVerifying().toAsked();
    const { id, evidence_hash } = story.attempt;
    const person = { id: "test:grace", name: "Grace", roles: ["approver" as const] };
    story.apply({
      type: "approve",
      incidentId: story.incident.id,
      input: { attempt_id: id, decision: "approve", evidence_hash, reason: "quiet shop, looks fine" },
      person,
    });
    expect(story.refusal).toBeNull();
    expect(story.lastAttempt.status).toBe("success");
    expect(story.state.commit).not.toBeNull();
  });
});

describe("an attempt that ends before the shop hears of it", () => {
  it("fails when staging fails, and the fix is not offered again", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage(false, "denied-net");
    expect(story.lastAttempt).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("denied-net"),
    });
    expect(story.state.excluded).toHaveLength(1);
    // Named, so that the next one's failure is other news.
    const call = { kind: "escalated", attempt_id: story.lastAttempt.id };
    expect(story.rows("notification").at(-1)).toMatchObject(call);
  });

  it("blames our own staging, not the fix, when the runner cannot be reached", () => {
    const story = new PluginStory().breakWebhooks().decide().gate();
    for (let i = 0; i < 6; i++) {
      story.wait(120);
      story.apply({ type: "work_failed", workId: story.work("stage"), why: "network", final: false });
      if (story.state.attempt === null) break;
    }
    expect(story.lastAttempt.status).toBe("failed");
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("feedback")).toEqual([]);
  });

  it("is cancelled at hand-over when the kill switch fell meanwhile", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15);
    story.handOver({ policy: { ...story.policy, kill_switch: true } });
    expect(story.handed).toBeNull();
    expect(story.lastAttempt).toMatchObject({
      status: "cancelled",
      reason: expect.stringContaining("kill switch"),
    });
    expect(story.state.commands.every((command) => command.row.finished_at !== null)).toBe(true);
  });

  it("is cancelled when the signal clears while a person is awaited", () => {
    const story = new PluginStory();
    story.policy = { ...story.policy, mode: "approve-only" };
    story.breakWebhooks().decide().gate();
    for (let i = 0; i < 30 && story.state.attempt; i++) story.beat(30, { sent: 20 });
    expect(story.lastAttempt).toMatchObject({ status: "cancelled" });
    expect(story.lastIncident).toMatchObject({ status: "resolved" });
  });

  it("expires when the shop never asks for its command", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().pass(901);
    expect(story.lastAttempt.status).toBe("expired");
  });

  it("waits for a canary slot instead of being forbidden", () => {
    const story = new PluginStory().breakWebhooks().decide();
    const full = {
      admitted: false,
      status: "active" as const,
      stage: "5 shops",
      observed: "5 in flight",
      bound: "5",
    };
    story.gate({ admission: full });
    expect(story.attempt.status).toBe("pending");
    story.wait(60).gate().stage();
    expect(story.attempt.status).toBe("applying");
  });
});
