import { describe, expect, it } from "vitest";
import type { ManualAction } from "../../../src/contract/ops.ts";
import { aPolicy, aRelease } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const REASON = "because it is needed";

/** An attempt that needs two people. */
function awaiting(): PluginStory {
  const story = new PluginStory(
    aPolicy({ approvals: { by_severity: { low: 2, medium: 2, high: 2, critical: 2 } } }),
  );
  story.breakWebhooks().decide().gate();
  expect(story.attempt.status).toBe("awaiting_approval");
  return story;
}

function pages(story: PluginStory): string[] {
  return story
    .rows("notification")
    .filter((row) => row.urgency === "page")
    .map((row) => row.kind);
}

function healed(): PluginStory {
  const story = new PluginStory().toVerifying();
  for (let i = 0; i < 8; i++) story.beat(15, { sent: 4 }, { state: "probation" });
  expect(story.incident.status).toBe("baking");
  return story;
}

describe("approving", () => {
  it("goes on when enough people have, and asks the gate again for each", () => {
    const story = awaiting().approve("grace").gate();
    expect(story.attempt.status).toBe("awaiting_approval");
    story.approve("linus").gate();
    expect(story.attempt.status).toBe("staging");
    expect(story.rows("approval").map((row) => row.person)).toEqual(["test:grace", "test:linus"]);
  });

  it("is refused to whoever has answered already", () => {
    const story = awaiting().approve("grace").approve("grace");
    expect(story.refusal).toEqual({ reason: "conflict", message: "you have already answered" });
    expect(story.attempt.approvals).toHaveLength(1);
  });

  it("is refused to whoever asked for the change; rejecting it is not", () => {
    const story = new PluginStory(aPolicy({ mode: "approve-only" })).breakWebhooks();
    story.act("ada", { action: "patch", version: "1.2.3", reason: REASON }).gate().approve("ada");
    expect(story.refusal).toMatchObject({ reason: "forbidden" });
    story.approve("ada", { decision: "reject" });
    expect(story.refusal).toBeNull();
    expect(story.lastAttempt.status).toBe("rejected");
  });

  it("is refused for other evidence than the attempt's", () => {
    const story = awaiting().approve("grace", { evidence_hash: "0".repeat(64) });
    expect(story.refusal).toMatchObject({ reason: "conflict" });
    expect(story.attempt.approvals).toEqual([]);
  });

  it("is refused for an attempt that is not the one in flight", () => {
    const story = awaiting();
    story.approve("grace", { attempt_id: story.attempt.id.replace(/1$/, "9") });
    expect(story.refusal).toMatchObject({ reason: "conflict" });
  });

  it("is refused when nobody was asked", () => {
    const story = new PluginStory().toVerifying().approve("grace");
    expect(story.refusal).toMatchObject({
      reason: "conflict",
      message: expect.stringContaining("verifying"),
    });
  });

  it("is refused for a closed incident and for an unknown one", () => {
    const story = awaiting();
    const { id } = story.incident;
    story.approve("grace", {}, id.replace(/1$/, "7"));
    expect(story.refusal).toMatchObject({ reason: "not_found" });
    story.act("ada", { action: "dismiss", reason: REASON });
    const input = {
      attempt_id: story.lastAttempt.id,
      decision: "approve" as const,
      evidence_hash: "0".repeat(64),
      reason: REASON,
    };
    story.apply({ type: "approve", incidentId: id, input, person: { id: "test:x", name: "x", roles: [] } });
    expect(story.refusal).toEqual({ reason: "conflict", message: "this incident is closed" });
  });

  it("is void when what it was given for changes, and may be given again", () => {
    const story = new PluginStory(
      aPolicy({
        max_severity: "critical",
        approvals: { by_severity: { low: 2, medium: 2, high: 2, critical: 2 } },
      }),
    );
    story.breakWebhooks().decide().gate().approve("grace").gate();
    const before = story.attempt.evidence_hash;
    story.beat(30, { sent: 60, failed: 60 }).beat(30, { sent: 60, failed: 60 });
    expect(story.incident.severity).not.toBe("low");
    expect(story.attempt.evidence_hash).not.toBe(before);
    story.gate().approve("linus").gate();
    expect(story.attempt.status).toBe("awaiting_approval");
    story.approve("grace").gate();
    expect(story.refusal).toBeNull();
    expect(story.attempt.status).toBe("staging");
  });

  it("expires, and the incident is given to a person", () => {
    const story = awaiting().pass(86_400);
    expect(story.lastAttempt.status).toBe("expired");
    expect(story.incidents.find((incident) => incident.type === "webhook_fail_rate")?.status).toBe(
      "escalated",
    );
  });
});

describe("rejecting", () => {
  it("ends the attempt at once, blames nothing on the fix, and leaves the incident to a person", () => {
    const story = awaiting().approve("grace", { decision: "reject", reason: "not in the sales week" });
    expect(story.lastAttempt).toMatchObject({ status: "rejected", reason: "grace: not in the sales week" });
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("feedback")).toEqual([]);
    expect(story.incident.status).toBe("escalated");
  });
});

describe("what people do to an incident", () => {
  it("acknowledge: once, with a name", () => {
    const story = new PluginStory().breakWebhooks();
    story.act("ada", { action: "acknowledge", reason: REASON });
    expect(story.incident).toMatchObject({ acknowledged_by: "test:ada", status: "open" });
    story.act("grace", { action: "acknowledge", reason: REASON });
    expect(story.refusal).toEqual({ reason: "conflict", message: "already acknowledged by test:ada" });
  });

  it("escalate: no decision that is still awaited acts on it any more", () => {
    const story = new PluginStory().breakWebhooks();
    const workId = story.work("decide");
    story.act("ada", { action: "escalate", reason: REASON });
    expect(story.incident.status).toBe("escalated");
    expect(story.state.work.filter((work) => work.id === workId)).toEqual([]);
    expect(pages(story)).toEqual(["escalated"]);
  });

  it("escalate: refused while a fix is watched, whose signal is gone", () => {
    const story = healed().act("ada", { action: "escalate", reason: REASON });
    expect(story.refusal).toMatchObject({ reason: "conflict" });
    expect(story.incident.status).toBe("baking");
  });

  it.each(["resolve", "dismiss"] as const)(
    "%s: closes it and cancels what waits, waking nobody",
    (action) => {
      const story = awaiting();
      const before = pages(story);
      story.act("ada", { action, reason: REASON });
      expect(story.lastAttempt.status).toBe("cancelled");
      expect(story.lastIncident).toMatchObject({
        status: action === "resolve" ? "resolved" : "dismissed",
        resolution: `ada: ${REASON}`,
      });
      expect(story.state.incidents).toEqual([]);
      expect(pages(story)).toEqual(before);
    },
  );

  it.each(["resolve", "dismiss"] as const)(
    "%s: what was seen until then is settled, and nothing is done about it any more; what is seen from then on is not",
    (action) => {
      const story = awaiting();
      story.act("ada", { action, reason: REASON });
      for (let i = 0; i < 10; i++) story.beat(30, { sent: 1 });
      expect(story.state).toMatchObject({ incidents: [], attempt: null, work: [] });
      for (let i = 0; i < 4 && story.state.incidents.length === 0; i++)
        story.beat(30, { sent: 20, failed: 12 });
      expect(story.incident).toMatchObject({ type: "webhook_fail_rate", status: "open" });
    },
  );

  it.each(["resolve", "dismiss"] as const)(
    "%s: refused while the change is in the shop's hands",
    (action) => {
      const story = new PluginStory().toVerifying().act("ada", { action, reason: REASON });
      expect(story.refusal).toMatchObject({
        reason: "conflict",
        message: expect.stringContaining("verifying"),
      });
      expect(story.attempt.status).toBe("verifying");
    },
  );

  it("retry: decides afresh, refused while an attempt is under way or the fix is watched", () => {
    const story = awaiting().act("ada", { action: "retry", reason: REASON });
    expect(story.refusal).toMatchObject({ reason: "conflict" });
    story.approve("grace", { decision: "reject" });
    story.act("ada", { action: "retry", reason: REASON });
    expect(story.refusal).toBeNull();
    story.decide();
    expect(story.attempt).toMatchObject({ status: "pending", requested_by: "vigie" });
    expect(healed().act("ada", { action: "retry", reason: REASON }).refusal).toMatchObject({
      reason: "conflict",
    });
  });

  it("a signal that clears while a person is awaited wakes nobody more", () => {
    const story = awaiting();
    const before = pages(story);
    for (let i = 0; i < 30 && story.state.attempt; i++) story.beat(30, { sent: 20 });
    expect(story.lastIncident.status).toBe("resolved");
    expect(pages(story)).toEqual(before);
  });
});

describe("a change that a person asks for", () => {
  const patch: ManualAction = { action: "patch", version: "1.2.3", reason: REASON };

  it("supersedes the attempt that waits, and passes the rules that bind Vigie alone", () => {
    const story = awaiting();
    const first = story.attempt.id;
    const before = pages(story);
    story.policy = aPolicy({ whitelist: { merchants: [] }, min_confidence: 1, max_severity: "low" });
    story.act("ada", { ...patch, version: "1.3.0" });
    expect(story.rows("attempt").findLast((row) => row.id === first)?.status).toBe("cancelled");
    expect(story.attempt).toMatchObject({
      status: "pending",
      requested_by: "test:ada",
      target_version: "1.3.0",
    });
    expect(story.incident.status).toBe("healing");
    expect(pages(story)).toEqual(before);
    story.policy = aPolicy({ approvals: { by_step: { minor: 0 } } });
    story.gate();
    expect(story.attempt.status).toBe("staging");
  });

  it("is refused while the one before is in the shop's hands", () => {
    const story = new PluginStory().toVerifying().act("ada", { ...patch, version: "1.3.0" });
    expect(story.refusal).toMatchObject({ reason: "conflict" });
    expect(story.attempt.target_version).toBe("1.2.3");
  });

  it("is refused while another incident's attempt is under way", () => {
    const story = awaiting();
    story.beat(30, { sent: 20, failed: 12 }, { webhook_subscription: "disabled" });
    const other = story.incidents.find((incident) => incident.type === "webhook_disabled");
    story.act("ada", { action: "config", set: { retries: 3 }, reason: REASON }, null, other?.id);
    expect(story.refusal).toMatchObject({
      reason: "conflict",
      message: expect.stringContaining("another incident"),
    });
  });

  it.each<[string, ManualAction, ReturnType<typeof aRelease> | null, object]>([
    ["a patch to a release that does not exist", patch, null, { reason: "not_found" }],
    [
      "a patch to the version that runs",
      { ...patch, version: "1.2.2" },
      aRelease({ version: "1.2.2" }),
      { reason: "invalid", field: "version" },
    ],
    [
      "a rollback without any earlier version",
      { action: "rollback", reason: REASON },
      null,
      { reason: "invalid", field: "version" },
    ],
    ["no settings", { action: "config", set: {}, reason: REASON }, null, { reason: "invalid", field: "set" }],
    [
      "too many settings",
      {
        action: "config",
        set: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, i])),
        reason: REASON,
      },
      null,
      { reason: "invalid", field: "set" },
    ],
  ])("is refused for %s, and cancels nothing", (_name, action, release, refusal) => {
    const story = awaiting().act("ada", action, release);
    expect(story.refusal).toMatchObject(refusal);
    expect(story.attempt.status).toBe("awaiting_approval");
  });

  it("rolls back to the newest earlier release when none is named", () => {
    const story = new PluginStory().breakWebhooks();
    story
      .act("ada", { action: "rollback", reason: REASON }, aRelease({ version: "1.2.1" }))
      .gate({ admission: null });
    story.policy = aPolicy({ approvals: { by_step: { downgrade: 0 } } });
    if (story.attempt.status === "awaiting_approval") story.approve("grace").gate({ admission: null });
    story.beat(15).handOver({ admission: null });
    expect(story.handed?.row).toMatchObject({ type: "rollback", payload: { to_version: "1.2.1" } });
  });

  it("during a bake takes the place of the fix that was watched", () => {
    const story = healed().beat(15, { sent: 4 }, { state: "running" });
    story
      .act("ada", { ...patch, version: "1.2.4" })
      .gate()
      .stage();
    expect(story.incident.status).toBe("healing");
    story.pass(600);
    expect(story.attempt.status).toBe("applying");
    expect(story.state.incidents[0]?.bakeUntil).toBeNull();
  });

  it("may repeat a fix that failed, when another person approves", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage(false, "denied-net");
    story.act("ada", patch).gate();
    expect(story.attempt.status).toBe("awaiting_approval");
    story.approve("grace").gate();
    expect(story.attempt.status).toBe("staging");
  });
});

describe("a decision that cannot be carried out", () => {
  it.each([
    ["a patch without a version", { action: "patch" as const, patch_version: undefined }],
    ["a rollback without a version", { action: "rollback" as const, patch_version: undefined }],
    ["the version that already runs", { patch_version: "1.2.2" }],
    ["settings that are none", { action: "config" as const, patch_version: undefined }],
  ])("is given to a person: %s", (_name, { patch_version, ...rest }) => {
    const story = new PluginStory().breakWebhooks();
    const { patch_version: _default, ...decision } = {
      action: "patch" as const,
      patch_version: "",
      confidence: 0.8,
      explanation: "odd",
      alternatives: [],
      source: "sira" as const,
      decided_at: "2026-03-02T12:00:00.000Z",
    };
    story.apply({
      type: "decided",
      workId: story.work("decide"),
      decision: { ...decision, ...rest, ...(patch_version === undefined ? {} : { patch_version }) },
      release: patch_version === undefined ? null : aRelease({ version: patch_version }),
    });
    expect(story.state.attempt).toBeNull();
    expect(story.incident.status).toBe("escalated");
  });

  it("to watch is made again later, as long as the signal goes on", () => {
    const story = new PluginStory().breakWebhooks().decide({ action: "monitor" }, null);
    expect(story.incident.status).toBe("open");
    expect(story.state.work).toEqual([
      expect.objectContaining({ kind: "decide", notBefore: story.now + 900_000 }),
    ]);
  });

  it("is not carried out on a version that the shop has left meanwhile: it is made afresh", () => {
    const story = awaiting();
    story.version = "1.2.3";
    story.beat(30);
    expect(story.lastAttempt).toMatchObject({
      status: "cancelled",
      reason: expect.stringContaining("1.2.3"),
    });
    expect(story.incident.status).toBe("open");
    expect(story.state.work.map(({ kind }) => kind)).toContain("decide");
  });
});
