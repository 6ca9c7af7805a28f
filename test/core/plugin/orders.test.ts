import { describe, expect, it } from "vitest";
import { aPolicy, aRelease } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const REVERT = { kind: "revert" } as const;
const CANCEL = { kind: "cancel" } as const;

/** The plugin as it is stored, for "changes nothing". */
const stored = (story: PluginStory) => JSON.stringify(story.state);
const idOf = (story: PluginStory) => story.rows("attempt")[0]?.id ?? "none";

/** The taking-back has been handed over and is acknowledged. */
function goneBack(story: PluginStory): PluginStory {
  return story.gate({ admission: null }).beat(15).handOver({ admission: null }).wait(5).ack("1.2.2");
}

/** A story for each way in which an attempt waits. */
const WAITING: Record<string, () => PluginStory> = {
  pending: () => new PluginStory().breakWebhooks().decide(),
  awaiting_approval: () => {
    const story = new PluginStory(aPolicy({ mode: "approve-only" })).breakWebhooks().decide();
    return story.gate();
  },
  staging: () => new PluginStory().breakWebhooks().decide().gate(),
  applying: () => new PluginStory().breakWebhooks().decide().gate().stage(),
};

describe("an order to cancel", () => {
  it.each(Object.keys(WAITING))("ends an attempt that is %s, and its incident is its giver's", (phase) => {
    const story = WAITING[phase]?.() ?? new PluginStory();
    expect(story.attempt.status).toBe(phase);
    const { id } = story.attempt;
    story.order(CANCEL);
    expect(story.ordered).toMatchObject({ would: "cancel", attempt_id: id });
    expect(story.lastAttempt).toMatchObject({
      id,
      status: "cancelled",
      reason: expect.stringContaining("ada"),
    });
    expect(story.incident.status).toBe("escalated");
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "notice" });
    expect(story.state.commands.every((command) => command.row.finished_at !== null)).toBe(true);
  });

  it("of a rollout leaves the fault to be decided on afresh", () => {
    const story = new PluginStory()
      .breakWebhooks()
      .decide()
      .gate()
      .order({ ...CANCEL, cause: "canary" });
    expect(story.incident.status).toBe("open");
    expect(story.work("decide")).not.toBe("");
  });

  it("leaves alone what is in the shop's hands", () => {
    const story = new PluginStory().toVerifying();
    const before = stored(story);
    story.order(CANCEL);
    expect(story.ordered).toMatchObject({ would: "nothing" });
    expect(stored(story)).toBe(before);
  });

  it("finds nothing where nothing waits, and refuses an attempt that never was", () => {
    const story = new PluginStory().order(CANCEL);
    expect(story.ordered).toEqual({ would: "nothing", attempt_id: null, text: "Nothing waits here." });
    story.order({ ...CANCEL, attempt_id: `att_${"A".repeat(27)}_9` });
    expect(story.refusal).toMatchObject({ reason: "not_found" });
  });
});

describe("an order to take back", () => {
  it("cancels what waits, like an order to cancel", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().order(REVERT);
    expect(story.ordered).toMatchObject({ would: "cancel" });
  });

  it.each([
    ["handed over", () => new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver()],
    ["under watch", () => new PluginStory().toVerifying()],
  ])("rolls an attempt back that is %s", (_, begin) => {
    const story = begin();
    const { id } = story.attempt;
    story.order(REVERT);
    expect(story.ordered).toMatchObject({ would: "roll_back", attempt_id: id });
    expect(story.attempt.status).toBe("rolling_back");
    const before = stored(story);
    story.order(REVERT);
    expect(story.ordered).toMatchObject({ would: "roll_back", attempt_id: id });
    expect(stored(story)).toBe(before);
    story.handOver().ack("1.2.2");
    expect(story.lastAttempt).toMatchObject({ id, status: "rolled_back" });
    // Nothing was seen to be wrong with it here.
    expect(story.rows("feedback").map(({ outcome }) => outcome)).toEqual(["inconclusive"]);
  });

  it("takes a success back by a new attempt that points to it, once", () => {
    const story = new PluginStory().toKept();
    const kept = idOf(story);
    expect(story.lastAttempt).toMatchObject({ id: kept, status: "success" });
    story.order({ ...REVERT, attempt_id: kept });
    const { id } = story.attempt;
    expect(story.ordered).toMatchObject({ would: "revert", attempt_id: id });
    expect(story.attempt).toMatchObject({
      action: "rollback",
      reverts: kept,
      target_version: "1.2.2",
      requested_by: "test:ada",
    });
    const before = stored(story);
    story.order({ ...REVERT, attempt_id: kept });
    expect(story.ordered).toMatchObject({ would: "revert", attempt_id: id });
    expect(stored(story)).toBe(before);
    goneBack(story).beat(15).beat(15);
    expect(story.lastAttempt).toMatchObject({ id, status: "success", health: { rule: "taken_back" } });
    story.order({ ...REVERT, attempt_id: kept });
    expect(story.ordered).toMatchObject({ would: "nothing", text: "It has been taken back already." });
  });

  it("is heard while the incident bakes, and stays on it", () => {
    const story = new PluginStory().toKept();
    expect(story.incident.status).toBe("baking");
    const { id } = story.incident;
    goneBack(story.order(REVERT)).beat(15).beat(15);
    expect(story.incident).toMatchObject({ id, status: "baking" });
    const lines = story.rows("event").filter((row) => row.kind === "ordered_back");
    expect(lines).toEqual([
      expect.objectContaining({ actor: "test:ada", text: expect.stringContaining("it hurts elsewhere") }),
    ]);
  });

  it("from under a person's change to a shop whose silence nobody has looked into leaves it to be looked into", () => {
    const story = new PluginStory().toKept();
    const kept = idOf(story);
    story.pass(600);
    const silence = story.incidents.find(({ type }) => type === "heartbeat_missed");
    story.act(
      "grace",
      { action: "rollback", version: "1.2.2", reason: "quiet since" },
      undefined,
      silence?.id,
    );
    expect(story.attempt).toMatchObject({ status: "pending", incident_id: silence?.id });
    story.order({ ...REVERT, attempt_id: kept });
    expect(story.ordered).toMatchObject({ would: "revert" });
    expect(story.state.work).toContainEqual(
      expect.objectContaining({ kind: "triage", incidentId: silence?.id }),
    );
  });

  it("from under a silence that it had healed has the next silence looked into before anything is decided", () => {
    const story = new PluginStory().beat(1).beat(120).pass(600);
    expect(story.incident).toMatchObject({ type: "heartbeat_missed", status: "open" });
    story.act("grace", { action: "patch", version: "1.2.3", reason: "it hangs" });
    story.gate().approve("ada").approve("linus").gate().stage().beat(15).handOver().wait(5).ack("1.2.3");
    for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    story.beat(15, { sent: 20 });
    expect(story.incident).toMatchObject({ type: "heartbeat_missed", status: "baking" });
    goneBack(story.order(REVERT)).beat(15).beat(15).pass(600);
    expect(story.incident).toMatchObject({ type: "heartbeat_missed", status: "open" });
    expect(story.state.work).toMatchObject([{ kind: "triage", incidentId: story.incident.id }]);
  });

  it.each([
    ["a moment ago", 0],
    ["a day ago", 86_400],
  ])("opens an incident again that was closed %s", (_, seconds) => {
    const story = new PluginStory().toKept().pass(1900);
    const { id } = story.rows("incident")[0] ?? { id: "none" };
    expect(story.incidents.some((incident) => incident.id === id)).toBe(false);
    for (let passed = 0; passed < seconds; passed += 3600) story.beat(3600, { sent: 20 });
    story.order({ ...REVERT, attempt_id: idOf(story) });
    const again = story.incidents.find((incident) => incident.id === id);
    expect(again).toMatchObject({ status: "healing", reopened: 1, resolved_at: null, resolution: null });
  });

  it("needs no approval, no slot, no confidence and no free budget", () => {
    const policy = aPolicy({
      min_confidence: 1,
      allowed_actions: [],
      limits: { attempts_per_plugin_per_day: 0 },
    });
    const story = new PluginStory().toKept().order(REVERT);
    story.policy = { ...policy, mode: "approve-only" };
    story.gate({ admission: null, guard: { ...story.facts().guard, storm: true, autonomy: "degraded" } });
    expect(story.attempt).toMatchObject({ status: "applying", approvals_needed: 0 });
    expect(story.attempt.gate.filter((verdict) => verdict.outcome !== "allow")).toEqual([]);
  });

  it.each([
    ["the kill switch is engaged", { kill_switch: true }],
    ["the mode is off", { mode: "off" }],
  ])("is stopped while %s, and may be given again afterwards", (_, stop) => {
    const story = new PluginStory().toKept().order(REVERT);
    const stopped = { policy: aPolicy(stop) };
    story.gate(stopped);
    expect(story.lastAttempt).toMatchObject({ status: "cancelled" });
    story.order({ ...REVERT, attempt_id: idOf(story) });
    expect(story.ordered).toMatchObject({ would: "revert" });
    goneBack(story).beat(15).beat(15);
    expect(story.lastAttempt.status).toBe("success");
  });

  describe("of a release's taking-back, while nothing may leave,", () => {
    const CANARY = { ...REVERT, cause: "canary" } as const;
    const STOPS = [
      ["the kill switch is engaged", aPolicy({ kill_switch: true })],
      ["the mode is off", aPolicy({ mode: "off" })],
    ] as const;

    it.each(STOPS)("waits when it was begun before: %s", (_, policy) => {
      const story = new PluginStory().toKept().order(CANARY);
      const { id } = story.attempt;
      for (let minutes = 0; minutes < 300; minutes += 1)
        story.pass(60).gate({ policy, admission: null }).beat(1);
      expect(story.attempt).toMatchObject({ id, status: "pending" });
      expect(story.rows("attempt").filter((row) => row.id === id)).toHaveLength(2);
      goneBack(story).beat(15).beat(15);
      expect(story.lastAttempt).toMatchObject({ id, status: "success", reverts: idOf(story) });
    });

    it.each(STOPS)("waits when its command was queued before: %s", (_, policy) => {
      const story = new PluginStory().toKept().order(CANARY).gate({ admission: null });
      const { id } = story.attempt;
      for (let minutes = 0; minutes < 300; minutes += 1)
        story.pass(59).beat(1).handOver({ policy, admission: null });
      expect(story.handed).toBeNull();
      expect(story.attempt).toMatchObject({ id, status: "applying" });
      story.handOver({ admission: null }).ack("1.2.2").beat(15).beat(15);
      expect(story.lastAttempt).toMatchObject({ id, status: "success" });
    });

    it("ends after a day, and calls a person", () => {
      const story = new PluginStory().toKept().order(CANARY);
      story.gate({ policy: aPolicy({ kill_switch: true }) }).pass(86_500);
      expect(story.lastAttempt.status).toBe("expired");
      expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "page" });
    });

    it.each(STOPS)("is put off when it was not begun yet, which changes nothing: %s", (_, policy) => {
      const story = new PluginStory().toKept();
      story.policy = policy;
      const before = stored(story);
      story.order(CANARY);
      expect(story.refusal).toMatchObject({ reason: "unavailable", retry_after_s: 60 });
      expect(stored(story)).toBe(before);
      story.order({ ...CANARY, dry_run: true });
      expect(story.ordered).toMatchObject({ would: "revert" });
    });
  });

  it("does not blame the fix: nothing is learned from it, but it is not brought back for the same fault", () => {
    const story = new PluginStory().toKept();
    const learned = story.rows("feedback").length;
    goneBack(story.order(REVERT)).beat(15).beat(15);
    expect(story.rows("feedback")).toHaveLength(learned);
    expect(story.state.excluded).toEqual([expect.objectContaining({ action: "patch", version: "1.2.3" })]);
  });

  it("leaves the old fault, when it returns, to be decided on afresh", () => {
    const story = goneBack(new PluginStory().toKept().order(REVERT)).beat(15).beat(15);
    story.beat(15, { sent: 20, failed: 20 }).beat(15, { sent: 20, failed: 20 });
    expect(story.incident).toMatchObject({ type: "webhook_fail_rate", status: "open" });
    expect(story.work("decide")).not.toBe("");
  });

  it("that the shop overtakes by another version of its own ends, and nothing is decided unless the fault returns", () => {
    const story = new PluginStory().toKept().order(REVERT);
    story.version = "1.4.0";
    story.beat(15, { sent: 20 });
    expect(story.lastAttempt).toMatchObject({ status: "cancelled", reverts: idOf(story) });
    expect(story.incident.status).toBe("baking");
    expect(story.state.work).toEqual([]);
    expect(story.pass(1900).incidents.filter((row) => row.type === "webhook_fail_rate")).toEqual([]);
  });

  it("leaves no decision behind that was waited for before: its incident bakes, and is decided on once", () => {
    const story = new PluginStory().toKept().pass(1900);
    story.beat(15, { sent: 20, failed: 20 }).beat(15, { sent: 20, failed: 20 });
    expect(story.work("decide")).not.toBe("");
    story.order({ ...REVERT, attempt_id: idOf(story) });
    expect(story.state.work.map(({ kind }) => kind)).toEqual(["gate"]);
    story.version = "1.2.2";
    story.beat(15);
    expect(story.incident.status).toBe("baking");
    story.beat(15, { sent: 20, failed: 20 }).beat(15, { sent: 20, failed: 20 });
    expect(story.state.work.map(({ kind }) => kind)).toEqual(["decide"]);
  });

  it("pages a person when the shop falls silent on its way back", () => {
    const story = goneBack(new PluginStory().toKept().order(REVERT)).pass(1000);
    expect(story.lastAttempt).toMatchObject({ status: "failed", health: { rule: "taken_back" } });
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "page" });
  });

  describe("in a shop that beats when a page is viewed", () => {
    /** Viewed every few minutes; its change is kept, and the taking-back acknowledged. */
    function goneBackQuietly(): PluginStory {
      const view = { cadence: "page-view" } as const;
      const story = new PluginStory().beat(1, { sent: 20 }, view);
      for (let i = 0; i < 30; i++) story.beat(i % 3 === 0 ? 2400 : 600, { sent: 20 }, view);
      story.beat(120, { sent: 20, failed: 12 }, view).beat(120, { sent: 20, failed: 12 }, view);
      story.decide().gate().stage().beat(15, {}, view).handOver().wait(5).ack("1.2.3");
      for (let i = 0; i < 40 && story.state.attempt; i++)
        story.beat(15, { sent: 20 }, { ...view, state: "probation" });
      story.beat(15, { sent: 20 }, view).order(REVERT);
      return story
        .gate({ admission: null })
        .beat(15, {}, view)
        .handOver({ admission: null })
        .wait(5)
        .ack("1.2.2");
    }

    it.each([0, 1])("is done when the shop is quiet no longer than it often is, after %i beats", (beats) => {
      const story = goneBackQuietly();
      if (beats === 1) story.beat(15, {}, { cadence: "page-view" });
      story.pass(1000);
      expect(story.lastAttempt).toMatchObject({
        status: "success",
        health: { verdict: "healthy", rule: "taken_back", value: beats },
      });
      expect(story.notified()).not.toContain("escalated");
    });
  });

  it("drops a commit that has not arrived", () => {
    const story = new PluginStory().toVerifying();
    for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    expect(story.state.commit).toMatchObject({ version: "1.2.3" });
    story.order(REVERT);
    expect(story.state.commit).toBeNull();
  });

  it("makes an attempt give way that only waits", () => {
    const story = new PluginStory().toKept();
    const kept = idOf(story);
    story.beat(60, {}, { webhook_subscription: "disabled" });
    story.decide({ action: "resubscribe" }, null);
    const waiting = story.attempt.id;
    story.order({ ...REVERT, attempt_id: kept });
    expect(story.attempt).toMatchObject({ reverts: kept });
    expect(story.rows("attempt").findLast((row) => row.id === waiting)).toMatchObject({
      status: "cancelled",
    });
    expect(story.incidents.find((row) => row.type === "webhook_disabled")?.status).toBe("open");
  });

  describe("is refused, and changes nothing,", () => {
    const refused = (story: PluginStory, message: string, reason = "conflict") => {
      const before = stored(story);
      story.order({ ...REVERT, attempt_id: idOf(story) });
      expect(story.refusal).toMatchObject({ reason, message: expect.stringContaining(message) });
      expect(stored(story)).toBe(before);
    };

    it("when the release is irreversible", () => {
      refused(new PluginStory().toKept({}, { reversible: false }), "irreversible");
    });

    it("when the version before is blocked by now", () => {
      const story = new PluginStory().toKept();
      const before = stored(story);
      const blocked = aRelease({ version: "1.2.2", status: "blocked" });
      story.order({ ...REVERT, attempt_id: idOf(story) }, blocked);
      expect(story.refusal).toMatchObject({
        reason: "conflict",
        message: expect.stringContaining("1.2.2 is blocked"),
      });
      expect(stored(story)).toBe(before);
    });

    it("when something newer runs", () => {
      const story = new PluginStory().toKept();
      story.version = "1.4.0";
      refused(story.beat(15, { sent: 20 }), "the shop runs 1.4.0 by now");
    });

    it("while another change is in the shop's hands, but may be given again", () => {
      const approvals = { by_severity: { high: 0, critical: 0 } };
      const story = new PluginStory(aPolicy({ max_severity: "critical", approvals })).toKept();
      story.beat(60, {}, { webhook_subscription: "disabled" });
      story.decide({ action: "resubscribe" }, null).gate({ admission: null });
      refused(story.beat(15).handOver({ admission: null }), "ask again later", "unavailable");
    });
  });

  it("finds nothing to do when the shop went back by itself", () => {
    const story = new PluginStory().toKept();
    story.version = "1.2.2";
    story.beat(15, { sent: 20 }).order({ ...REVERT, attempt_id: idOf(story) });
    expect(story.ordered).toMatchObject({ would: "nothing", text: "The shop runs 1.2.2 already." });
  });

  it("finds nothing to do about an attempt that did not succeed", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage(false);
    story.order({ ...REVERT, attempt_id: idOf(story) });
    expect(story.ordered).toMatchObject({ would: "nothing", text: "It ended as failed." });
  });
});

describe("a dry run", () => {
  it.each([
    ["cancel", "cancel", () => new PluginStory().breakWebhooks().decide()],
    ["revert", "roll_back", () => new PluginStory().toVerifying()],
    ["revert", "revert", () => new PluginStory().toKept()],
  ] as const)("of %s says %s, and changes nothing", (kind, would, begin) => {
    const story = begin();
    const before = stored(story);
    const sent = story.outbox.length;
    story.order({ kind, dry_run: true });
    expect(story.ordered).toMatchObject({ would });
    expect(stored(story)).toBe(before);
    expect(story.outbox).toHaveLength(sent);
  });
});
