import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import type { PluginState } from "../../../src/core/plugin/state.ts";
import { aPolicy } from "../../builders/release.ts";
import { RandomLife } from "./random-life.ts";
import { aLife, type Move, POLICIES } from "./random-moves.ts";
import { PluginStory } from "./story.ts";

/** Pending 2 h, a day of approvals, staging, three commands, the watch and the way back, with room to spare. */
const BOUND_H = 32;
const HOUR_MS = 3_600_000;

function wakeOf(story: PluginStory): number | null {
  return nextWake({ ...story.state, work: [] }, story.policy.intervals);
}

/** From here on the shop says nothing, nobody answers and every request to the outside fails. */
function abandoned(life: RandomLife): number {
  const start = life.now;
  for (let i = 0; i < 500 && life.state.attempt !== null; i++) {
    const due = nextWake(life.state, life.policy.intervals) ?? Number.POSITIVE_INFINITY;
    const work = life.state.work.find((candidate) => candidate.notBefore <= Math.max(life.now, due));
    if (work === undefined) {
      if (!life.passDue()) throw new Error(`nothing ends ${life.state.attempt.phase.name}`);
      continue;
    }
    life.now = Math.max(life.now, work.notBefore);
    life.apply({ type: "work_failed", workId: work.id, why: "away", final: false });
  }
  return life.now - start;
}

function noAttempt(state: PluginState): boolean {
  return state.attempt === null;
}

describe("the next wake-up", { timeout: 120_000 }, () => {
  it("is never due again right after a tick: no object spins", () => {
    fc.assert(
      fc.property(aLife(40), fc.nat(POLICIES.length - 1), (moves: Move[], policy) => {
        const life = new RandomLife(POLICIES[policy]);
        for (const move of moves) {
          life.move(move);
          life.apply({ type: "tick" });
          for (let i = 0; i < 3; i++) if (!life.passDue()) break;
        }
      }),
      { numRuns: 100 },
    );
  });

  it(`ends any attempt within ${BOUND_H} h when nobody helps it`, () => {
    fc.assert(
      fc.property(aLife(40), fc.nat(POLICIES.length - 1), (moves: Move[], policy) => {
        const life = new RandomLife(POLICIES[policy]).live(moves);
        expect(abandoned(life)).toBeLessThanOrEqual(BOUND_H * HOUR_MS);
        expect(noAttempt(life.state)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("is null for a plugin that never beat", () => {
    expect(wakeOf(new PluginStory())).toBeNull();
  });

  it("is the silence deadline for a healthy plugin, and none while its silence is known", () => {
    const story = new PluginStory().beat(1).beat(120);
    const wake = wakeOf(story);
    expect(wake).toBeGreaterThan(story.now + 120_000);
    expect(wake).toBeLessThan(story.now + 300_000);
    story.pass(600);
    expect(story.incident.type).toBe("heartbeat_missed");
    expect(wakeOf(story)).toBeNull();
  });

  it("is none after a goodbye", () => {
    expect(wakeOf(new PluginStory().beat(1).beat(120, {}, { state: "goodbye" }))).toBeNull();
  });

  it("is the health check's deadline, then the next silence, then the limit", () => {
    const story = new PluginStory().toVerifying();
    const applied = story.now;
    expect(wakeOf(story)).toBe(applied + 90_000);
    for (let i = 0; i < 7; i++) story.beat(15, {}, { state: "probation" });
    expect(wakeOf(story)).toBe(story.now + 45_001);
    const limitAt = applied + story.policy.intervals.verify_limit_s * 1000;
    while (story.now + 45_001 < limitAt) story.beat(15, {}, { state: "probation" });
    expect(wakeOf(story)).toBe(limitAt);
  });

  it("judges at the deadline what was heard before it, without another beat", () => {
    const story = new PluginStory().toVerifying();
    story.beat(15).beat(35, { sent: 10 }).wait(40);
    expect(wakeOf(story)).toBe(story.now);
    story.apply({ type: "tick" });
    expect(story.state.history.at(-1)?.outcome).toBe("success");
  });

  it("is the moment until which a person may answer, once one was asked", () => {
    const story = new PluginStory().toVerifying();
    const applied = story.now;
    const answerBy = applied + (story.policy.intervals.verify_limit_s + 900 - 120) * 1000;
    while (story.now + 45_001 < answerBy) story.beat(15, {}, { state: "probation" });
    expect(story.notified()).toContain("approval_needed");
    expect(wakeOf(story)).toBe(answerBy);
  });

  it("is the command's expiry while it waits to be asked for, and the time to apply it afterwards", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage();
    const staged = story.now;
    story.beat(15);
    expect(story.state.attempt?.phase).toMatchObject({ until: staged + 900_000 });
    story.handOver();
    expect(wakeOf(story)).toBe(story.now + 300_000);
  });

  it("watches a silent shop during the bake of its silence, too", () => {
    const story = new PluginStory(aPolicy()).beat(1).beat(120).pass(600);
    const incident = story.state.incidents[0];
    if (incident === undefined) throw new Error("no incident");
    incident.row.status = "baking";
    incident.bakeUntil = story.now + 1_800_000;
    expect(wakeOf(story)).toBeLessThan(incident.bakeUntil);
  });
});
