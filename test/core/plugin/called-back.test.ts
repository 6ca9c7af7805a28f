import { describe, expect, it } from "vitest";
import type { FleetGuard } from "../../../src/contract/rpc/fleet.ts";
import type { Admission } from "../../../src/contract/rpc/release.ts";
import { CALM, needsPlace } from "../../../src/core/plugin/action-place.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const USED_UP: FleetGuard = { ...CALM, actions_last_hour: 200 };
const DEGRADED: FleetGuard = { ...CALM, autonomy: "degraded" };
const FULL: Admission = { admitted: false, status: "active", stage: "5 shops", observed: "5", bound: "5" };

/** Its command is queued, and the shop comes for it. */
const arrived = (policy = aPolicy()) =>
  new PluginStory(policy).breakWebhooks().decide().gate().stage().beat(15);

function reports(story: PluginStory, to: "release" | "fleet"): string[] {
  return story.outbox.flatMap((message) =>
    message.to === to && "report" in message && message.report === "called_back"
      ? [`${message.to} ${message.attemptId}`]
      : [],
  );
}

describe("an attempt that people are missing for as its command is about to leave", () => {
  it.each([
    ["the fleet's hour is used up", USED_UP, "attempt budget: 200 actions in the fleet's last hour"],
    ["automatic changes ask a person", DEGRADED, "autonomy budget: degraded"],
  ])("when %s: waits for them, names the rule, and leaves slot and place to others", (_, guard, rule) => {
    const story = arrived().handOver({ guard });
    expect(story.handed).toBeNull();
    expect(story.attempt).toMatchObject({ status: "awaiting_approval", approvals_needed: 1 });
    expect(story.state.commands.every(({ row }) => row.finished_at !== null)).toBe(true);
    expect(story.incident.status).toBe("healing");
    const told = story.rows("notification").at(-1);
    expect(told).toMatchObject({ kind: "approval_needed", text: expect.stringContaining(rule) });
    const { id } = story.attempt;
    expect(reports(story, "release")).toEqual([`release ${id}`]);
    expect(reports(story, "fleet")).toEqual([`fleet ${id}`]);
  });

  it("goes on with a person's approval, beyond the budget and without another sandbox", () => {
    const story = arrived().handOver({ guard: USED_UP }).approve("grace").gate({ guard: USED_UP });
    expect(story.attempt.status).toBe("applying");
    expect(story.state.work.map(({ kind }) => kind)).not.toContain("stage");
    story.beat(15).handOver({ guard: USED_UP });
    expect(story.handed?.row.number).toBe(2);
  });

  it("goes on by itself once the hour has room", () => {
    const story = arrived().handOver({ guard: USED_UP });
    story.wait(60).gate({ guard: USED_UP });
    expect(story.attempt.status).toBe("awaiting_approval");
    story.wait(60).gate().beat(15).handOver();
    expect(story.handed).not.toBeNull();
  });

  it("keeps the approvals it has when the policy asks for more", () => {
    const one = aPolicy({ approvals: { by_severity: { medium: 1, high: 1 } } });
    const two = aPolicy({ approvals: { by_severity: { medium: 2, high: 2 } } });
    const story = new PluginStory(one).breakWebhooks().decide().gate().approve("grace").gate().stage();
    story.beat(15).handOver({ policy: two });
    expect(story.attempt).toMatchObject({ status: "awaiting_approval", approvals_needed: 2 });
    story.approve("linus").gate({ policy: two }).beat(15).handOver({ policy: two });
    expect(story.handed).not.toBeNull();
  });

  it("is asked about the hour only once it has its slot", () => {
    const story = arrived().handOver({ guard: USED_UP, admission: FULL });
    expect(story.attempt.status).toBe("applying");
    story.beat(15).handOver();
    expect(story.handed?.row.number).toBe(1);
  });

  it("asks people at once, slot or none, when no room in the hour would do", () => {
    const story = arrived().handOver({ guard: DEGRADED, admission: FULL });
    expect(story.attempt.status).toBe("awaiting_approval");
  });

  it("waits no longer than from its beginning, however often it is called back", () => {
    const story = arrived();
    const begun = story.now;
    for (let i = 0; i < 100 && story.state.attempt !== null; i++) {
      story.handOver({ guard: USED_UP }).pass(3_600);
      if (story.state.attempt !== null) story.gate().beat(15);
    }
    expect(story.lastAttempt).toMatchObject({
      status: "expired",
      reason: expect.stringContaining("approval"),
    });
    expect(story.now - begun).toBeLessThan(28 * 3_600_000);
  });
});

describe("a place in the fleet's hour", () => {
  const needs = (story: PluginStory, admission: Admission | null, policy = story.policy) => {
    const { attempt } = story.state;
    if (attempt === null) throw new Error("no attempt");
    return needsPlace(story.state, attempt, { policy, admission }, story.now);
  };
  const { admission } = new PluginStory().facts();

  it("is for what would leave at once, and for nothing that waits for a slot or for people", () => {
    expect(needs(arrived(), admission)).toBe(true);
    expect(needs(arrived(), FULL)).toBe(false);
    expect(needs(arrived(), admission, aPolicy({ mode: "approve-only" }))).toBe(false);
  });

  it("is none of a person's own change", () => {
    const story = new PluginStory().breakWebhooks().decide({ action: "escalate" }, null);
    story.act("ada", { action: "patch", version: "1.2.3", reason: "I know better" }).gate().stage();
    expect(needs(story, admission)).toBe(false);
  });
});
