import { describe, expect, it } from "vitest";
import { candidatesFor } from "../../../src/core/plugin/candidates.ts";
import { aRelease } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

/** Messages that take a success back where it was counted. */
const relapses = (story: PluginStory) =>
  story.outbox.filter((message) => message.to === "release" && message.report === "relapse");

/** A shop whose fix is kept, and is watched in its bake. */
function baking(release: Parameters<typeof aRelease>[0] = {}): PluginStory {
  return new PluginStory().toKept({}, release);
}

/** Beats until its bake has ended. */
function baked(story: PluginStory): PluginStory {
  for (let i = 0; i < 31; i++) story.beat(60, { sent: 5 });
  expect(story.incidents).toEqual([]);
  return story;
}

/** Errors where there were none. */
function breakRequests(story: PluginStory): PluginStory {
  for (let i = 0; i < 6 && story.incidents.length < 2; i++) {
    story.counters.requests += 200;
    story.counters.errors += 150;
    story.beat(60, { sent: 5 });
  }
  expect(story.incidents.map(({ type }) => type)).toEqual(["webhook_fail_rate", "error_spike"]);
  return story;
}

describe("the same signal in the bake of its fix", () => {
  it("opens the same incident again, excludes the fix, calls a person and tries nothing by itself", () => {
    const story = baking();
    const { id, signature } = story.incident;
    for (let i = 0; i < 4 && story.incident.status === "baking"; i++)
      story.beat(60, { sent: 20, failed: 20 });
    expect(story.incidents).toHaveLength(1);
    expect(story.incident).toMatchObject({ id, status: "escalated", reopened: 1 });
    expect(story.state.excluded).toEqual([
      expect.objectContaining({ signature, action: "patch", version: "1.2.3" }),
    ]);
    expect(relapses(story)).toHaveLength(1);
    expect(story.state.work).toEqual([]);
    expect(story.notified().at(-1)).toBe("escalated");
  });

  it("is news only once the bake has ended: then it is the incident that was resolved, and is decided on afresh", () => {
    const story = baking();
    const { id } = story.incident;
    baked(story);
    for (let i = 0; i < 4 && story.incidents.length === 0; i++) story.beat(60, { sent: 20, failed: 20 });
    expect(story.incident).toMatchObject({ id, status: "open", reopened: 1 });
    expect(story.work("decide")).not.toBe("");
  });
});

describe("another signal in the bake of a fix", () => {
  it("is an incident of its own, and the fix is held for its doing", () => {
    const story = breakRequests(baking());
    const [healed, opened] = story.incidents;
    expect(healed?.status).toBe("baking");
    expect(opened?.status).toBe("open");
    const notes = story.rows("event").filter(({ kind }) => kind === "began_in_bake" || kind === "fix_blamed");
    expect(notes.map(({ incident_id, kind }) => [incident_id, kind])).toEqual([
      [healed?.id, "fix_blamed"],
      [opened?.id, "began_in_bake"],
    ]);
    expect(story.state.excluded).toEqual([
      expect.objectContaining({ signature: healed?.signature, action: "patch", version: "1.2.3" }),
    ]);
    expect(relapses(story)).toHaveLength(1);
  });

  it("takes the fix's success back once, though the first signal then returns as well", () => {
    const story = breakRequests(baking());
    for (let i = 0; i < 6 && story.incident.status === "baking"; i++)
      story.beat(60, { sent: 20, failed: 20 });
    expect(story.incident.status).toBe("escalated");
    expect(relapses(story)).toHaveLength(1);
    expect(story.state.excluded).toHaveLength(1);
  });

  it("does not keep what was healed from being closed, which says what came of it", () => {
    const story = breakRequests(baking());
    const { id } = story.incident;
    for (let i = 0; i < 31; i++) story.beat(60, { sent: 20 });
    const closed = story.rows("incident").findLast((row) => row.id === id);
    expect(closed).toMatchObject({ status: "resolved" });
    expect(closed?.resolution).toContain("another fault");
  });

  it("is left to a person when the fix cannot be taken back", () => {
    const story = breakRequests(baking({ reversible: false }));
    expect(story.incidents[1]?.status).toBe("escalated");
    expect(story.state.work).toEqual([]);
  });

  it("is nobody's doing after the bake", () => {
    const story = baked(baking());
    for (let i = 0; i < 6 && story.incidents.length === 0; i++) {
      story.counters.requests += 200;
      story.counters.errors += 150;
      story.beat(60, { sent: 5 });
    }
    expect(story.incident.type).toBe("error_spike");
    expect(story.rows("event").map(({ kind }) => kind)).not.toContain("fix_blamed");
    expect(story.state.excluded).toEqual([]);
  });
});

describe("a silence in the bake of a fix", () => {
  it("is held against the fix once the shop is seen to answer without its plugin", () => {
    const story = baking().pass(300);
    const silent = story.state.incidents.find(({ row }) => row.type === "heartbeat_missed");
    expect(silent?.row.status).toBe("open");
    expect(relapses(story)).toHaveLength(0);
    story.state.siteUrl = "https://shop.example/";
    const up = { status: "up", reason: "answered", detail: "", http_status: 200, ms: 3 } as const;
    for (let i = 0; i < 3 && relapses(story).length === 0; i++) story.triage(up);
    expect(relapses(story)).toHaveLength(1);
  });

  it("is not, when the shop itself is down", () => {
    const story = baking().pass(300);
    story.state.siteUrl = "https://shop.example/";
    const down = { status: "down", reason: "timeout", detail: "", http_status: null, ms: 3 } as const;
    for (let i = 0; i < 3 && story.state.work.some(({ kind }) => kind === "triage"); i++) story.triage(down);
    expect(relapses(story)).toHaveLength(0);
    expect(story.state.excluded).toEqual([]);
  });
});

describe("a change that cannot be taken back", () => {
  it("is frozen and paged about when its health check fails, never rolled back", () => {
    const story = new PluginStory().toVerifying({}, { reversible: false });
    story.beat(15, { sent: 10 }, { state: "probation" });
    story.beat(15, { sent: 10, failed: 10 }, { state: "probation" });
    expect(story.lastAttempt).toMatchObject({
      status: "failed",
      health: { verdict: "unhealthy", rule: "original_signal_persists:webhook_fail_rate" },
    });
    expect(story.state.commit?.version).toBe("1.2.3");
    expect(story.state.commands.some(({ row }) => row.type === "rollback")).toBe(false);
    expect(story.notified().at(-1)).toBe("escalated");
  });

  it("ends the way down: no version below it is on offer any more", () => {
    const story = new PluginStory().toKept({}, { reversible: false });
    const releases = [
      aRelease({ version: "1.2.1" }),
      aRelease({ version: "1.2.2" }),
      aRelease({ version: "1.2.3", reversible: false }),
      aRelease({ version: "1.2.4" }),
    ];
    const [incident] = story.state.incidents;
    if (incident === undefined) throw new Error("no incident");
    const offered = candidatesFor(story.state, incident, { releases, remedies: [] }, story.now);
    expect(offered.flatMap(({ version }) => version ?? [])).toEqual(["1.2.4"]);
  });
});

describe("a change that a person kept after an inconclusive check", () => {
  const told = (story: PluginStory) => story.outbox.filter((message) => message.to === "notify");
  function kept(): PluginStory {
    const story = new PluginStory().toVerifying();
    while (story.attempt.health === null) story.beat(15, {}, { state: "probation" });
    return story.approve("grace", { decision: "approve" });
  }

  it("is not told as healed, but that it is over once its bake has ended", () => {
    const story = kept();
    expect(told(story).at(-1)?.record).toMatchObject({
      kind: "patched",
      title: expect.stringMatching(/^Kept: /),
      facts: { attempt: { health_verdict: "inconclusive" } },
    });
    baked(story);
    expect(story.lastIncident.resolution).toBe("Kept, and sound through its bake time.");
    expect(told(story).at(-1)?.record.kind).toBe("incident_resolved");
  });

  it("is not told as over when it is held for another fault, which began in its bake", () => {
    const story = breakRequests(kept().beat(60, { sent: 20 }));
    const [first] = story.incidents;
    for (let i = 0; i < 31; i++) story.beat(60, { sent: 20 });
    expect(story.incidents.map(({ id }) => id)).not.toContain(first?.id);
    const over = told(story).filter(({ record }) => record.kind === "incident_resolved");
    expect(over.map(({ record }) => record.incident_id)).not.toContain(first?.id);
  });
});
