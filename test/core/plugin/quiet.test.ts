import { describe, expect, it } from "vitest";
import { LedgerRecord } from "../../../src/contract/ledger.ts";
import type { ManualAction } from "../../../src/contract/ops.ts";
import { VoteRequest } from "../../../src/contract/sira-memory.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const REASON = "because it is needed";
const HOUR_S = 3600;
const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();
const mutes = (until: string) => [
  { type: "webhook_fail_rate", until, reason: "known fault", by: "test:ada" },
];
const windows = (from: string, until: string) => [
  { scope: "all", from, until, reason: "migration", by: "test:ada" },
];

/** Webhooks are delivered again until the incident is over. */
function recover(story: PluginStory): PluginStory {
  for (let i = 0; i < 60 && story.incidents.length > 0; i++) story.beat(30, { sent: 40 });
  expect(story.incidents).toEqual([]);
  return story;
}

function breakAgain(story: PluginStory): PluginStory {
  for (let i = 0; i < 20 && story.incidents.length === 0; i++) story.beat(30, { sent: 20, failed: 14 });
  return story;
}

function pages(story: PluginStory): string[] {
  return story
    .rows("notification")
    .filter((row) => row.urgency === "page")
    .map((row) => row.kind);
}

function timeline(story: PluginStory): string[] {
  return story.rows("event").map((row) => row.kind);
}

/** Came back three times within a day. */
function flapping(): PluginStory {
  const story = new PluginStory(aPolicy({ intervals: { reopen_s: 6 * HOUR_S } })).breakWebhooks();
  for (let i = 0; i < 3; i++) breakAgain(recover(story));
  return story;
}

describe("what comes back soon after it was resolved", () => {
  it("is the same incident again, decided on afresh", () => {
    const story = new PluginStory().breakWebhooks();
    const { id, detected_at } = story.incident;
    breakAgain(recover(story));
    expect(story.incident).toMatchObject({
      id,
      detected_at,
      reopened: 1,
      status: "open",
      resolved_at: null,
      resolution: null,
    });
    expect(timeline(story)).toContain("reopened");
    expect(story.work("decide")).toMatch(/^w\d+$/);
    expect(story.notified()).toEqual(["incident_detected", "incident_detected"]);
  });

  it("is a new incident when the window has passed, and when the policy has none", () => {
    const late = recover(new PluginStory().breakWebhooks());
    const { id } = late.lastIncident;
    for (let i = 0; i < 20; i++) late.beat(120, { sent: 20 });
    expect(breakAgain(late).incident.id).not.toBe(id);
    const none = recover(new PluginStory(aPolicy({ intervals: { reopen_s: 0 } })).breakWebhooks());
    expect(breakAgain(none).incident.reopened).toBe(0);
  });

  it("is a new incident when a person had dismissed the first", () => {
    const story = new PluginStory().breakWebhooks();
    const { id } = story.incident;
    story.act("ada", { action: "dismiss", reason: REASON }).beat(30, { sent: 20, failed: 14 });
    expect(story.incident.id).not.toBe(id);
  });

  it("is the same incident when a person had resolved what still goes on", () => {
    const story = new PluginStory().breakWebhooks();
    const { id } = story.incident;
    story.act("ada", { action: "resolve", reason: REASON }).beat(30, { sent: 20, failed: 14 });
    expect(story.incident).toMatchObject({ id, reopened: 1 });
  });

  it("keeps its snooze and who acknowledged it", () => {
    const story = new PluginStory().breakWebhooks().act("ada", { action: "acknowledge", reason: REASON });
    story.beat(30, { sent: 20, failed: 14 });
    story.act("ada", { action: "snooze", until: at(6 * HOUR_S), reason: REASON });
    const told = story.notified().length;
    recover(story);
    for (let i = 0; i < 20 && story.incidents.length === 0; i++) story.beat(30, { sent: 40, failed: 10 });
    expect(story.incident).toMatchObject({
      reopened: 1,
      acknowledged_by: "test:ada",
      snoozed: { by: "test:ada" },
    });
    expect(story.notified()).toHaveLength(told);
  });
});

describe("an incident that comes and goes", () => {
  it("is marked, called for once, and left to people", () => {
    const story = flapping();
    expect(story.incident).toMatchObject({ reopened: 3, flapping: true, status: "escalated" });
    expect(pages(story)).toEqual(["escalated"]);
    expect(story.state.work.filter((work) => work.kind === "decide")).toEqual([]);
    const told = story.notified().length;
    breakAgain(recover(story));
    expect(story.incident).toMatchObject({ reopened: 4, status: "escalated" });
    expect(story.notified()).toHaveLength(told);
  });

  it("refuses to be tried again automatically, but lets a person change the shop", () => {
    const story = flapping().act("ada", { action: "retry", reason: REASON });
    expect(story.refusal).toMatchObject({ reason: "conflict" });
    story.act("ada", { action: "patch", version: "1.2.3", reason: REASON }).gate();
    expect(story.attempt.gate.find((verdict) => verdict.rule === "flapping")?.outcome).toBe("allow");
  });

  it("is steady again when it has stayed for a day", () => {
    const story = flapping();
    for (let i = 0; i < 26; i++) story.beat(HOUR_S, { sent: 20, failed: 14 });
    expect(story.incidents.find((row) => row.type === "webhook_fail_rate")?.flapping).toBe(false);
    expect(timeline(story)).toContain("steady");
  });

  it("calls for a person when a person asks for one", () => {
    const story = flapping().act("ada", { action: "escalate", reason: REASON });
    expect(pages(story)).toEqual(["escalated", "escalated"]);
  });
});

describe("a snooze", () => {
  const snooze = (until: string): ManualAction => ({ action: "snooze", until, reason: REASON });

  it("holds notices back until it is over, and then says so by itself", () => {
    const story = new PluginStory().breakWebhooks().act("ada", snooze(at(2 * HOUR_S)));
    expect(story.incident.snoozed).toEqual({ by: "test:ada", reason: REASON, until: at(2 * HOUR_S) });
    story.decide({ action: "escalate" }, null);
    expect(pages(story)).toEqual([]);
    const beaten = story.now;
    while (story.now < beaten + HOUR_S * 1000) story.beat(120, { sent: 20, failed: 3 });
    expect(pages(story)).toEqual([]);
    story.pass(2 * HOUR_S);
    expect(story.incidents[0]?.snoozed).toBeNull();
    expect(pages(story)).toEqual(["escalated"]);
    expect(story.rows("event").find((row) => row.kind === "woken")?.text).toContain(
      "1 notice(s) were held back",
    );
  });

  it("is broken by a rise in severity", () => {
    const story = new PluginStory(aPolicy({ max_severity: "critical" })).breakWebhooks();
    const { severity } = story.incident;
    story.act("ada", snooze(at(20 * HOUR_S)));
    for (let i = 0; i < 10 && story.incident.severity === severity; i++)
      story.beat(30, { sent: 60, failed: 60 });
    expect(story.incident.severity).not.toBe(severity);
    expect(story.incident.snoozed).toBeNull();
    expect(timeline(story)).toContain("snooze_broken");
    expect(story.notified()).toEqual(["incident_detected", "incident_detected"]);
  });

  it("that ended while the incident was closed is simply over", () => {
    const story = new PluginStory(aPolicy({ intervals: { reopen_s: 6 * HOUR_S } })).breakWebhooks();
    story.act("ada", snooze(at(HOUR_S)));
    recover(story);
    while (story.now < T0 + 2 * HOUR_S * 1000) story.beat(120, { sent: 20 });
    const told = story.notified().length;
    breakAgain(story);
    expect(story.incident).toMatchObject({ reopened: 1, snoozed: null });
    expect(story.notified().slice(told)).toEqual(["incident_detected"]);
  });

  it("leaves a decision that waits where it is", () => {
    const story = new PluginStory().breakWebhooks().decide({ action: "monitor" }, null);
    const [waiting] = story.state.work;
    story.act("ada", snooze(at(700)));
    story.pass(600);
    expect(story.incident.snoozed).toBeNull();
    expect(story.state.work).toContainEqual(waiting);
  });

  it("is refused when it is past, or longer than a week", () => {
    const story = new PluginStory().breakWebhooks();
    for (const until of [at(0), at(8 * 24 * HOUR_S)]) {
      story.act("ada", snooze(until));
      expect(story.refusal).toMatchObject({ reason: "invalid", field: "until" });
    }
  });

  it("ends when a person calls for one", () => {
    const story = new PluginStory().breakWebhooks().act("ada", snooze(at(2 * HOUR_S)));
    story.act("ada", { action: "escalate", reason: REASON });
    expect(story.incident.snoozed).toBeNull();
    expect(pages(story)).toEqual(["escalated"]);
  });

  it("does not hold back that the shop was healed", () => {
    const story = new PluginStory().toVerifying().act("ada", snooze(at(2 * HOUR_S)));
    for (let i = 0; i < 8; i++) story.beat(15, { sent: 4 }, { state: "probation" });
    expect(story.incident.status).toBe("baking");
    expect(story.notified()).toContain("patched");
  });
});

describe("a mute", () => {
  it("opens and records the incident, tells nobody, tries nothing, and says who muted it and why", () => {
    const story = new PluginStory(aPolicy({ mutes: mutes(at(2 * HOUR_S)) })).breakWebhooks();
    expect(story.incident).toMatchObject({
      status: "open",
      muted: { by: "test:ada", reason: "known fault", until: at(2 * HOUR_S) },
    });
    expect(story.notified()).toEqual([]);
    expect(timeline(story)).toEqual(["detected", "muted"]);
    expect(story.state.work).toMatchObject([{ kind: "decide", notBefore: T0 + 2 * HOUR_S * 1000 }]);
  });

  it("lets the incident resolve", () => {
    const story = recover(new PluginStory(aPolicy({ mutes: mutes(at(2 * HOUR_S)) })).breakWebhooks());
    expect(story.lastIncident).toMatchObject({ status: "resolved", muted: { by: "test:ada" } });
    expect(story.notified()).toEqual([]);
  });

  it("that ends tells what was held back, and lets it be decided on", () => {
    const story = new PluginStory(aPolicy({ mutes: mutes(at(HOUR_S)) })).breakWebhooks();
    while (story.now < T0 + 3590 * 1000) story.beat(60, { sent: 20, failed: 14 });
    story.pass(30);
    expect(story.incidents[0]?.muted).toBeNull();
    expect(story.notified()).toEqual(["incident_detected"]);
    expect(story.decide().attempt.status).toBe("pending");
  });

  it("that is lifted early counts from the next beat", () => {
    const story = new PluginStory(aPolicy({ mutes: mutes(at(2 * HOUR_S)) })).breakWebhooks();
    story.policy = aPolicy();
    story.beat(30, { sent: 20, failed: 14 });
    expect(story.incident.muted).toBeNull();
    expect(story.notified()).toEqual(["incident_detected"]);
    expect(story.state.work[0]?.notBefore).toBe(story.now);
  });

  it("that comes over an attempt puts it off without a word", () => {
    const story = new PluginStory().breakWebhooks().decide();
    story.gate({ policy: aPolicy({ mutes: mutes(at(2 * HOUR_S)) }) });
    expect(story.lastAttempt).toMatchObject({
      status: "cancelled",
      reason: expect.stringContaining("put off"),
    });
    expect(story.incident.status).toBe("open");
    expect(story.state.work).toMatchObject([{ kind: "decide", notBefore: T0 + 2 * HOUR_S * 1000 }]);
    expect(pages(story)).toEqual([]);
  });

  it("does not keep one person from calling for another: ops are paged, the merchant hears nothing", () => {
    const story = new PluginStory(aPolicy({ mutes: mutes(at(2 * HOUR_S)) })).breakWebhooks();
    story.act("ada", { action: "escalate", reason: REASON });
    expect(story.outbox.filter((message) => message.to === "notify")).toMatchObject([
      { record: { kind: "escalated", urgency: "page", audience: "ops", called_by: "test:ada" } },
    ]);
    expect(pages(story)).toEqual(["escalated"]);
  });

  it("does not stop what a person orders", () => {
    const story = new PluginStory(aPolicy({ mutes: mutes(at(2 * HOUR_S)) })).breakWebhooks();
    story.act("ada", { action: "patch", version: "1.2.3", reason: REASON }).gate();
    expect(story.attempt.status).toBe("staging");
    expect(story.act("ada", { action: "retry", reason: REASON }).refusal).toMatchObject({
      reason: "conflict",
    });
  });
});

describe("a maintenance window", () => {
  it("marks new incidents, pages nobody, and leaves the shop alone until it ends", () => {
    const story = new PluginStory(aPolicy({ maintenance: windows(at(0), at(HOUR_S)) })).breakWebhooks();
    expect(story.incident.in_maintenance).toEqual({ by: "test:ada", reason: "migration", until: at(HOUR_S) });
    expect(story.notified()).toEqual([]);
    expect(story.state.work).toMatchObject([{ kind: "decide", notBefore: T0 + HOUR_S * 1000 }]);
  });

  it("stops a change at the moment of its hand-over", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15);
    story.handOver({ policy: aPolicy({ maintenance: windows(at(0), at(HOUR_S)) }) });
    expect(story.handed).toBeNull();
    expect(story.lastAttempt.status).toBe("cancelled");
    expect(story.incident.status).toBe("open");
  });

  it("never holds back a failed rollback", () => {
    const story = new PluginStory(
      aPolicy({ maintenance: windows(at(HOUR_S / 6), at(9 * HOUR_S)) }),
    ).toVerifying();
    story.pass(6 * HOUR_S);
    expect(story.lastAttempt.status).toBe("rollback_failed");
    expect(pages(story)).toEqual(["rollback_failed"]);
  });
});

describe("a vote", () => {
  const vote = (name: "useful" | "false_positive"): ManualAction => ({
    action: "vote",
    vote: name,
    reason: REASON,
  });

  it("is kept with its number, audited and shown on the timeline", () => {
    const story = new PluginStory()
      .breakWebhooks()
      .act("ada", vote("useful"))
      .act("ada", vote("false_positive"));
    const rows = story.rows("vote");
    expect(rows.map((row) => [row.person, row.revision, row.vote])).toEqual([
      ["test:ada", 1, "useful"],
      ["test:ada", 2, "false_positive"],
    ]);
    expect(rows.every((row) => LedgerRecord.safeParse({ kind: "vote", row }).success)).toBe(true);
    const audits = story.rows("audit").filter((row) => row.action === "incident.vote");
    expect(new Set(audits.map((row) => row.id)).size).toBe(2);
    expect(timeline(story).filter((kind) => kind === "vote")).toHaveLength(2);
  });

  it("is told to SIRA with the fault that it is about", () => {
    const story = new PluginStory().breakWebhooks().act("ada", vote("false_positive"));
    const { id, signature } = story.incident;
    const told = story.outbox.filter((message) => message.to === "sira_vote");
    expect(told.map(({ vote: row }) => VoteRequest.parse(row))).toMatchObject([
      { incident_id: id, signature, person: "test:ada", revision: 1, vote: "false_positive" },
    ]);
  });

  it("may be about an incident that is long closed, but not about one that never was", () => {
    const story = new PluginStory(aPolicy({ intervals: { reopen_s: 0 } })).breakWebhooks();
    const { id } = story.incident;
    recover(story).act("ada", vote("useful"), null, id);
    expect(story.refusal).toBeNull();
    expect(story.rows("vote")).toHaveLength(1);
    story.act("ada", vote("useful"), null, id.replace(/1$/, "7"));
    expect(story.refusal).toMatchObject({ reason: "not_found" });
  });
});
