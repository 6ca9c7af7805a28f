/** A rise of one signal over the fleet, as one of its plugins lives through it: its incident is held, and decided on afterwards. */
import { describe, expect, it } from "vitest";
import type { FleetGuard } from "../../../src/contract/rpc/fleet.ts";
import { PluginStory } from "./story.ts";

const calm: FleetGuard = { storm: false, autonomy: "normal", actions_last_hour: 0, explanation: "calm" };
const WEBHOOKS: FleetGuard = {
  ...calm,
  storm: true,
  storms: [{ type: "webhook_fail_rate", explanation: "400 of 1000 plugins began to fail" }],
};
const ERRORS: FleetGuard = {
  ...calm,
  storm: true,
  storms: [{ type: "error_spike", explanation: "300 of 1000 plugins" }],
};

/** The decision is not asked for: the guard's answer comes instead. */
function heldBy(story: PluginStory, guard: FleetGuard): PluginStory {
  return story.apply({ type: "triaged", workId: story.work("decide"), facts: { guard, probe: null } });
}

function told(story: PluginStory) {
  return story.outbox.flatMap((message) =>
    message.to === "fleet" && message.report === "signal" ? [message.signal] : [],
  );
}

describe("the fleet is told of an incident", () => {
  it("when it opens and when it is over, with what the plugin runs, and not with every beat", () => {
    const story = new PluginStory();
    story.state.env = { platform_version: "9.4" };
    story.breakWebhooks();
    const opened = {
      type: "webhook_fail_rate",
      open: true,
      version: story.version,
      platform_version: "9.4",
    };
    expect(told(story)).toEqual([opened]);
    story.beat(30, { sent: 20, failed: 12 }).beat(30, { sent: 20, failed: 12 });
    expect(told(story)).toEqual([opened]);
    for (let i = 0; i < 6; i++) story.beat(120, { sent: 40 });
    expect(story.incidents).toEqual([]);
    expect(told(story)).toEqual([opened, { ...opened, open: false }]);
    expect(story.state.toldSignals).toBeUndefined();
  });

  it("as over while its fix is watched, and again should it return", () => {
    const story = new PluginStory().toKept();
    expect(story.incident.status).toBe("baking");
    expect(told(story).map(({ open }) => open)).toEqual([true, false]);
  });

  it("not of silences, which are told as presence", () => {
    const story = new PluginStory().beat(1).beat(120).pass(600);
    expect(story.incident.type).toBe("heartbeat_missed");
    expect(told(story)).toEqual([]);
  });
});

describe("in a storm of its own signal", () => {
  it("an incident is unknown: no decision and no attempt, one line however long it lasts", () => {
    const story = heldBy(new PluginStory().breakWebhooks(), WEBHOOKS);
    expect(story.incident.status).toBe("unknown");
    for (let i = 0; i < 10; i++) story.triage(null, WEBHOOKS);
    expect(story.rows("event").map(({ kind }) => kind)).toEqual(["detected", "triaged"]);
    expect(story.rows("event").at(-1)?.text).toContain("400 of 1000 plugins began to fail");
    expect(story.state.work.map(({ kind }) => kind)).toEqual(["triage"]);
    expect(story.rows("attempt")).toEqual([]);
  });

  it("is decided on when the storm has been over for a quarter of an hour and it goes on", () => {
    const story = heldBy(new PluginStory().breakWebhooks(), WEBHOOKS)
      .triage(null, WEBHOOKS)
      .triage(null, calm);
    expect(story.incident.status).toBe("open");
    expect(story.state.work).toMatchObject([{ kind: "decide", notBefore: story.now + 15 * 60_000 }]);
    story.decide();
    expect(story.attempt.status).toBe("pending");
  });

  it("resolves by itself when the signal clears", () => {
    const story = heldBy(new PluginStory().breakWebhooks(), WEBHOOKS);
    for (let i = 0; i < 6; i++) story.beat(120, { sent: 40 });
    expect(story.lastIncident.status).toBe("resolved");
    expect(story.state.work).toEqual([]);
  });

  it("does not slow its beats: they tell of the recovery", () => {
    const story = heldBy(new PluginStory().breakWebhooks(), WEBHOOKS).beat(30, { sent: 20 });
    expect(story.state.askedS).toBeLessThanOrEqual(132);
  });
});

it("a storm of another signal puts its decision off, and leaves it open", () => {
  const story = heldBy(new PluginStory().breakWebhooks(), ERRORS);
  expect(story.incident.status).toBe("open");
  expect(story.state.work.map(({ kind }) => kind)).toEqual(["triage"]);
});

describe("an attempt that a storm comes over", () => {
  it("before staging ends without a page, and is decided on afresh afterwards", () => {
    const story = new PluginStory().breakWebhooks().decide().gate({ guard: WEBHOOKS });
    expect(story.lastAttempt).toMatchObject({
      status: "cancelled",
      reason: expect.stringContaining("put off: storm"),
    });
    expect(story.incident.status).toBe("unknown");
    expect(story.notified()).toEqual(["incident_detected"]);
    story.triage(null, calm).decide();
    expect(story.attempt.status).toBe("pending");
  });

  it("at hand-over is not handed over", () => {
    const story = new PluginStory()
      .breakWebhooks()
      .decide()
      .gate()
      .stage()
      .beat(15)
      .handOver({ guard: WEBHOOKS });
    expect(story.handed).toBeNull();
    expect(story.lastAttempt.status).toBe("cancelled");
    expect(story.incident.status).toBe("unknown");
    expect(story.notified()).toEqual(["incident_detected"]);
  });
});

it("a command waits for a later beat while a storm may be rising", () => {
  const rising = { ...calm, rising: true };
  const story = new PluginStory()
    .breakWebhooks()
    .decide()
    .gate()
    .stage()
    .beat(15)
    .handOver({ guard: rising });
  expect(story.handed).toBeNull();
  expect(story.attempt.status).toBe("applying");
  expect(story.attempt.handover_gate).not.toBeNull();
  story.beat(30).handOver({ guard: rising });
  const kept = () => story.rows("event").filter(({ kind }) => kind === "kept_back");
  expect(kept().map(({ text }) => text)).toEqual([
    "Not handed over yet: so many shops began to fail in these minutes that it may be a storm.",
  ]);
  story.beat(30).handOver({ guard: calm });
  expect(story.handed?.row.type).toBe("update");
});

it("a command that may be kept back no longer says what kept it, not that the shop did not ask", () => {
  const rising = { ...calm, rising: true };
  const story = new PluginStory().breakWebhooks().decide().gate().stage();
  for (let i = 0; i < 100 && story.state.attempt; i++) {
    story.pass(100);
    if (story.state.attempt) story.beat(20);
    if (story.state.attempt) story.handOver({ guard: rising });
  }
  expect(story.lastAttempt).toMatchObject({
    status: "expired",
    reason: "what may have been a storm was not over in time",
  });
});

it("a silence in a storm of webhooks is looked into only when that is over", () => {
  const story = new PluginStory().beat(1).beat(120).pass(600).triage(null, WEBHOOKS);
  expect(story.incident).toMatchObject({ type: "heartbeat_missed", status: "open" });
  expect(story.incident.cause ?? null).toBeNull();
  expect(story.state.work.map(({ kind }) => kind)).toEqual(["triage"]);
});
