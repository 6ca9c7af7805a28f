/** Other incidents that are open while a change is watched: it need not mend them, and must not make them worse. */
import { describe, expect, it } from "vitest";
import type { HeartbeatOverrides } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";

type Traffic = { requests: number; errors: number; sent: number; failed: number };

class BusyShop extends PluginStory {
  serve(seconds: number, { requests, errors, sent, failed }: Traffic, overrides?: HeartbeatOverrides): this {
    this.counters.requests += requests;
    this.counters.errors += errors;
    return this.beat(seconds, { sent, failed }, overrides);
  }
  ofType(type: string) {
    return this.incidents.find((row) => row.type === type);
  }
}

/** 4 % of its requests fail, which is a person's by now; then webhooks do, and a patch for that is under watch. */
function watched(): BusyShop {
  const story = new BusyShop();
  const errors = { requests: 100, errors: 4, sent: 20, failed: 0 };
  for (let i = 0; i < 60; i++) story.serve(120, { ...errors, errors: 0 });
  for (let i = 0; i < 40 && story.incidents.length === 0; i++) story.serve(30, errors);
  expect(story.incident).toMatchObject({ type: "error_spike", severity: "low" });
  story.decide({ action: "escalate" }, null);
  for (let i = 0; i < 20 && story.incidents.length < 2; i++) story.serve(30, { ...errors, failed: 12 });
  story
    .decide()
    .gate()
    .stage()
    .serve(15, { ...errors, failed: 12 })
    .handOver()
    .wait(5)
    .ack("1.2.3");
  expect(story.ofType("error_spike")?.status).toBe("escalated");
  return story;
}
/** So many beats of the change under watch, with so many errors in a hundred requests. */
function watchedOn(story: BusyShop, errors: number): BusyShop {
  for (let i = 0; i < 12 && story.state.attempt?.row.status === "verifying"; i++)
    story.serve(15, { requests: 100, errors, sent: 20, failed: 0 }, { state: "probation" });
  return story;
}

describe("an error rate that was an incident before a fix for something else", () => {
  it("is not held against the fix while it stays as it was", () => {
    const story = watchedOn(watched(), 4);
    expect(story.lastAttempt).toMatchObject({ status: "success", health: { rule: "webhooks_delivered" } });
  });

  it("condemns the fix when it gets worse", () => {
    const story = watchedOn(watched(), 100);
    expect(story.attempt).toMatchObject({
      status: "rolling_back",
      health: { verdict: "unhealthy", rule: "new_signal:error_spike", value: 1 },
    });
  });

  it("is held against the fix when it grows graver in its bake, and whoever was called for it is told", () => {
    const story = watchedOn(watched(), 4);
    expect(story.ofType("webhook_fail_rate")?.status).toBe("baking");
    const told = story.notified().length;
    for (let i = 0; i < 6; i++) story.serve(30, { requests: 100, errors: 100, sent: 20, failed: 0 });
    expect(story.state.excluded).toContainEqual(expect.objectContaining({ version: "1.2.3" }));
    expect(story.rows("event").map(({ kind }) => kind)).toContain("grew_in_bake");
    expect(story.outbox).toContainEqual(expect.objectContaining({ to: "release", report: "relapse" }));
    expect(story.rows("notification").slice(told)[0]).toMatchObject({
      kind: "escalated",
      urgency: "page",
      title: expect.stringMatching(/^Graver, \w+ by now: error spike/),
    });
  });
});

const ERROR = { message: "no such column", count: 2 };
const said = (fingerprint: string) => ({ errors: [{ ...ERROR, fingerprint }] });

/** 1.2.2 brought the error "aa", which is a person's by now; then webhooks fail, and a patch for that is under watch. */
function watchedWithError(): BusyShop {
  const story = new BusyShop();
  const well = { requests: 100, errors: 0, sent: 20, failed: 0 };
  story.version = "1.2.1";
  for (let i = 0; i < 60; i++) story.serve(120, well);
  story.version = "1.2.2";
  for (let i = 0; i < 3; i++) story.serve(30, { ...well, errors: 2 }, said("aa"));
  expect(story.incident).toMatchObject({ type: "new_error" });
  story.decide({ action: "escalate" }, null);
  const failing = { ...well, errors: 2, failed: 12 };
  for (let i = 0; i < 20 && story.incidents.length < 2; i++) story.serve(30, failing, said("aa"));
  story.decide().gate().stage().serve(15, failing, said("aa")).handOver().wait(5).ack("1.2.3");
  expect(story.ofType("new_error")?.status).toBe("escalated");
  return story;
}

describe("a new error that was an incident before a fix for something else", () => {
  const seen = (fingerprint: string) => {
    const story = watchedWithError();
    for (let i = 0; i < 8 && story.state.attempt?.row.status === "verifying"; i++)
      story.serve(
        15,
        { requests: 100, errors: 0, sent: 20, failed: 0 },
        { state: "probation", ...said(fingerprint) },
      );
    return story.lastAttempt;
  };

  it("is not held against the fix while it goes on", () => {
    expect(seen("aa")).toMatchObject({ status: "success" });
  });

  it("hides no other error, which condemns the fix", () => {
    expect(seen("bb")).toMatchObject({
      status: "rolling_back",
      health: { verdict: "unhealthy", rule: "new_signal:new_error" },
    });
  });
});
