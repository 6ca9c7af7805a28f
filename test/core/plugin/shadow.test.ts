import { describe, expect, it } from "vitest";
import { Attempt } from "../../../src/contract/attempt.ts";
import { ShadowDecision } from "../../../src/contract/shadow.ts";
import type { GateFacts } from "../../../src/core/plugin/event.ts";
import { outcomeOfShadow } from "../../../src/core/plugin/shadow-outcome.ts";
import { gate } from "../../../src/core/policy/gate.ts";
import { subjectOf } from "../../../src/core/policy/gate-snapshot.ts";
import { aDecision, aPolicy, aRelease } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const SHADOW = aPolicy({ mode: "shadow" });

/** A shop whose incident is decided on in mode `shadow`. */
function decided(facts: Partial<GateFacts> = {}, policy = SHADOW): PluginStory {
  const story = new PluginStory(policy).breakWebhooks();
  const workId = story.work("decide");
  return story.apply({
    type: "decided",
    workId,
    decision: aDecision(),
    release: aRelease({ version: "1.2.3" }),
    shadow: story.facts(facts),
  });
}
const SET = { retries: 5 };
/** The same where a remedy would have been applied. */
function decidedOnSettings(): PluginStory {
  const story = new PluginStory(SHADOW).breakWebhooks();
  const { patch_version: _, ...decision } = aDecision({
    action: "config",
    remedy: "rmd_retries-up",
    config: SET,
  });
  const workId = story.work("decide");
  const shadow = story.facts({ admission: null });
  return story.apply({ type: "decided", workId, decision, release: null, shadow });
}
const last = (story: PluginStory) => story.rows("shadow").at(-1);
/** Healthy beats until the incident is over. */
function recovers(story: PluginStory): PluginStory {
  for (let i = 0; i < 80 && story.incidents.length > 0; i++) story.beat(60, { sent: 30 });
  expect(story.incidents).toEqual([]);
  return story;
}

describe("mode shadow", () => {
  it("writes down what it would have done, with the verdicts of mode auto, and does nothing", () => {
    const story = decided();
    expect(story.state.attempt).toBeNull();
    expect(story.rows("attempt")).toEqual([]);
    expect(story.rows("command")).toEqual([]);
    expect(story.state.work).toEqual([]);
    // Neither a slot, nor a budget, nor SIRA hears of it: the fleet only of the incident itself.
    const reports = story.outbox.map((message) => ("report" in message ? message.report : message.to));
    expect(new Set(reports)).toEqual(new Set(["ledger", "notify", "evidence", "signal", "busy"]));

    const row = last(story);
    expect(ShadowDecision.safeParse(row).error).toBeUndefined();
    expect(row).toMatchObject({
      revision: 1,
      action: "patch",
      from_version: "1.2.2",
      target_version: "1.2.3",
      would: "go",
      why: null,
      approvals_needed: 0,
      policy_revision: 7,
      outcome: null,
    });
    expect(row?.gate.find(({ rule }) => rule === "mode")).toMatchObject({
      outcome: "allow",
      observed: "auto",
    });
    expect(row?.gate.every(({ outcome }) => outcome === "allow")).toBe(true);
    expect(story.rows("event").find(({ kind }) => kind === "shadow")?.text).toBe(
      "Shadow mode, nothing is done: patch 1.2.2 -> 1.2.3 would have begun at once.",
    );
  });

  it("leaves the incident to a person, without waking one", () => {
    const story = decided();
    expect(story.incident.status).toBe("escalated");
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "notice" });
    expect(story.incident.decision?.patch_version).toBe("1.2.3");
  });

  it.each([
    [
      "wait_approval",
      { admission: null },
      aPolicy({ mode: "shadow", min_confidence: 0.99 }),
      /would have asked for 1 approval/,
      1,
    ],
    [
      "wait_canary",
      { admission: { admitted: false, status: "active", stage: "5 shops", observed: "5", bound: "5" } },
      SHADOW,
      /would have waited \(canary: 5 shops: 5/,
      0,
    ],
    [
      "forbid",
      { admission: { admitted: false, status: "halted", stage: "5 shops", observed: "0", bound: "5" } },
      SHADOW,
      /would have been forbidden \(release: halted/,
      0,
    ],
  ] satisfies [string, Partial<GateFacts>, typeof SHADOW, RegExp, number][])(
    "says what stood in the way: %s",
    (would, facts, policy, text, approvals) => {
      const story = decided(facts, policy);
      expect(last(story)).toMatchObject({ would, approvals_needed: approvals });
      expect(story.rows("event").find(({ kind }) => kind === "shadow")?.text).toMatch(text);
    },
  );

  it("records that it cleared by itself", () => {
    const story = recovers(decided());
    expect(story.rows("shadow").map(({ id }) => id)).toEqual([last(story)?.id, last(story)?.id]);
    expect(last(story)).toMatchObject({ revision: 2, outcome: "cleared" });
    expect(last(story)?.outcome_text).toMatch(/^Recovered/);
  });

  it.each([
    ["1.2.3", "same_fix"],
    ["1.3.0", "other_fix"],
  ])("records what a person's %s was beside its own: %s", (version, outcome) => {
    const story = decided().act("otto", { action: "patch", version, reason: "by hand" });
    story.gate().approve("anna");
    story.gate().stage().beat(15).handOver().wait(5).ack(version);
    for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    expect(story.lastAttempt.status).toBe("success");
    for (let i = 0; i < 40 && story.incidents.length > 0; i++) story.beat(120, { sent: 40 }).pass(1);
    expect(last(story)).toMatchObject({ revision: 2, outcome });
  });

  it.each([
    ["the same settings", SET, "same_fix"],
    ["other settings", { retries: 9 }, "other_fix"],
    ["further settings", { ...SET, timeout_s: 20 }, "other_fix"],
  ])("records that a person gave the shop %s", (_, set, outcome) => {
    const story = decidedOnSettings();
    story.act("otto", { action: "config", set, reason: "by hand" }).gate().approve("anna").gate();
    story.beat(15).handOver().wait(5).ack(story.version);
    for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    expect(story.lastAttempt.status).toBe("success");
    for (let i = 0; i < 40 && story.incidents.length > 0; i++) story.beat(120, { sent: 40 }).pass(1);
    expect(last(story)).toMatchObject({ action: "config", target_version: null, outcome });
  });

  it.each([
    ["rmd_retries-up", "same_fix"],
    ["rmd_timeouts", "other_fix"],
  ])("tells remedies apart: its own rmd_retries-up beside %s", (remedy, outcome) => {
    const { state } = decidedOnSettings();
    const [incident] = state.incidents;
    if (incident?.shadow === undefined) throw new Error("nothing was recorded");
    const healedBy = { attemptId: "att_x_1", action: "config" as const, version: null, remedy, set: SET };
    expect(outcomeOfShadow({ state }, { ...incident, healedBy }, "resolved")).toBe(outcome);
  });

  it("records a fix that was put into the shop past us", () => {
    const story = decided();
    story.version = "1.2.3";
    expect(last(recovers(story))).toMatchObject({ outcome: "same_fix" });
    const other = decided();
    other.version = "1.2.9";
    expect(last(recovers(other))).toMatchObject({ outcome: "other_fix" });
  });

  it("records that a person found nothing to do", () => {
    const story = decided().act("otto", { action: "dismiss", reason: "a test shop" });
    expect(last(story)).toMatchObject({ outcome: "dismissed" });
  });

  it("replaces what it would have done when it is decided afresh", () => {
    const story = decided().act("otto", { action: "retry", reason: "new release" });
    const workId = story.work("decide");
    story.apply({
      type: "decided",
      workId,
      decision: aDecision({ patch_version: "1.2.4" }),
      release: aRelease({ version: "1.2.4" }),
      shadow: story.facts(),
    });
    expect(story.rows("shadow").map(({ target_version: to, outcome }) => [to, outcome])).toEqual([
      ["1.2.3", null],
      ["1.2.3", "superseded"],
      ["1.2.4", null],
    ]);
  });

  it("stops an automatic attempt that waits when the mode comes over it, and lets a person's go on", () => {
    const auto = new PluginStory().breakWebhooks().decide();
    auto.gate({ policy: SHADOW });
    expect(auto.lastAttempt).toMatchObject({ status: "cancelled" });
    expect(auto.lastAttempt.reason).toContain("mode: shadow");

    const manual = decided().act("otto", { action: "patch", version: "1.2.3", reason: "by hand" });
    manual.gate();
    expect(manual.attempt.status).toBe("awaiting_approval");
    manual.approve("anna").gate();
    expect(manual.attempt.status).toBe("staging");
  });

  it.each([
    ["before its first gate", (story: PluginStory) => story.decide().gate({ policy: SHADOW })],
    [
      "while its command waits",
      (story: PluginStory) => story.decide().gate().stage().beat(15).handOver({ policy: SHADOW }),
    ],
  ])("that comes over an automatic attempt %s writes down what it would have done", (_, begin) => {
    const story = begin(new PluginStory().breakWebhooks());
    expect(story.lastAttempt).toMatchObject({ status: "cancelled", reason: expect.stringContaining("mode") });
    expect(story.handed).toBeNull();
    expect(ShadowDecision.safeParse(last(story)).error).toBeUndefined();
    expect(last(story)).toMatchObject({
      action: "patch",
      target_version: "1.2.3",
      would: "go",
      outcome: null,
    });
    expect(story.incident.status).toBe("escalated");
    expect(story.rows("notification").filter(({ kind }) => kind === "escalated")).toEqual([
      expect.objectContaining({ urgency: "notice" }),
    ]);
    expect(last(recovers(story))).toMatchObject({ revision: 2, outcome: "cleared" });
  });

  it.each([
    ["lets it go", {}],
    ["stops it", { guard: { storm: true, autonomy: "normal", actions_last_hour: 0, explanation: "" } }],
  ] satisfies [string, Partial<GateFacts>][])(
    "keeps what hand-over was held against when it %s",
    (_, facts) => {
      const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15);
      const before = story.attempt.gate_facts;
      story.handOver(facts);
      const {
        handover_facts: kept,
        handover_gate: verdicts,
        gate_facts,
      } = story.rows("attempt").at(-1) ?? {};
      if (!kept) throw new Error("nothing was kept");
      const { id: pluginId, merchantId, product } = story.state;
      expect(gate(aPolicy(), subjectOf(kept, { pluginId, merchantId, product })).verdicts).toEqual(verdicts);
      expect(gate_facts).toEqual(before);
      expect(Attempt.safeParse(story.rows("attempt").at(-1)).error).toBeUndefined();
    },
  );

  it("keeps what every gate was held against, so that another policy can be asked", () => {
    const story = new PluginStory().breakWebhooks().decide().gate();
    const { gate_facts: facts, gate: verdicts } = story.attempt;
    if (!facts) throw new Error("nothing was kept");
    const subject = subjectOf(facts, {
      pluginId: story.state.id,
      merchantId: story.state.merchantId,
      product: story.state.product,
    });
    expect(gate(aPolicy(), subject).verdicts).toEqual(verdicts);
    expect(gate(aPolicy({ allowed_actions: ["rollback"] }), subject)).toMatchObject({
      outcome: "forbid",
      forbiddenBy: "action_allowed",
    });
  });
});
