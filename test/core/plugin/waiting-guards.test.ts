import { describe, expect, it } from "vitest";
import type { Admission } from "../../../src/contract/rpc/release.ts";
import type { GateFacts } from "../../../src/core/plugin/event.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const ACTIVE: Admission = { admitted: true, status: "active", stage: "100 %", observed: "0", bound: "20" };
const admission = (change: Partial<Admission>) => ({ admission: { ...ACTIVE, ...change } });

/** Every way to wait before the shop is told. Each begins with a gate that allowed it, or found only people or slots missing. */
const WAITING: Record<string, () => PluginStory> = {
  pending: () => {
    const story = new PluginStory().breakWebhooks().decide();
    return story.gate(admission({ admitted: false }));
  },
  awaiting_approval: () => new PluginStory(aPolicy({ mode: "approve-only" })).breakWebhooks().decide().gate(),
  staging: () => new PluginStory().breakWebhooks().decide().gate(),
  applying: () => new PluginStory().breakWebhooks().decide().gate().stage(),
  "applying again": () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
    return story.fail("download_failed");
  },
};

/** A minute later at most, the gate is asked again by itself. */
function askedAgain(story: PluginStory, facts: Partial<GateFacts>): PluginStory {
  const gate = story.state.work.find((work) => work.kind === "gate");
  if (gate === undefined) throw new Error("nothing asks the gate again");
  expect(gate.notBefore - story.now).toBeLessThanOrEqual(60_000);
  story.now = Math.max(story.now, gate.notBefore);
  return story.gate(facts);
}

const stopped = (input: Record<string, unknown>) => ({ policy: aPolicy(input) });

interface Guard {
  when: string;
  facts: () => Partial<GateFacts>;
  /** What becomes of the incident. */
  incident: string;
  /** How a person is called; null when nobody is. */
  told: "page" | "notice" | null;
}

const GUARDS: Guard[] = [
  {
    when: "the kill switch falls",
    facts: () => stopped({ kill_switch: true }),
    incident: "escalated",
    told: "notice",
  },
  {
    when: "the mode becomes off",
    facts: () => stopped({ mode: "off" }),
    incident: "escalated",
    told: "notice",
  },
  {
    when: "its release is halted",
    facts: () => admission({ admitted: false, status: "halted" }),
    incident: "open",
    told: null,
  },
  {
    when: "its release is blocked",
    facts: () => admission({ admitted: false, status: "blocked" }),
    incident: "open",
    told: null,
  },
  {
    when: "its release is held here",
    facts: () => admission({ admitted: false, status: "held" }),
    incident: "open",
    told: null,
  },
  {
    when: "its release is below the floor",
    facts: () => admission({ admitted: false, status: "below_floor" }),
    incident: "open",
    told: null,
  },
  {
    when: "its manifest has expired",
    facts: () => admission({ admitted: false, status: "expired" }),
    incident: "open",
    told: null,
  },
  {
    when: "its action is no longer allowed",
    facts: () => stopped({ allowed_actions: ["resubscribe"] }),
    incident: "escalated",
    told: "page",
  },
  {
    when: "a mute comes over it",
    facts: () =>
      stopped({ mutes: [{ type: "webhook_fail_rate", until: "2026-03-02T20:00:00Z", reason: "known" }] }),
    incident: "open",
    told: null,
  },
];

describe("waiting never disarms a guard", () => {
  for (const phase of Object.keys(WAITING))
    it.each(GUARDS)(`while ${phase}: it is cancelled when $when`, ({ facts, incident, told }) => {
      const story = WAITING[phase]?.() ?? new PluginStory();
      expect(story.attempt.status).toBe(phase.split(" ")[0]);
      const before = story.rows("notification").length;
      askedAgain(story, facts());
      expect(story.lastAttempt.status).toBe("cancelled");
      expect(story.lastAttempt.gate.some((verdict) => verdict.outcome === "forbid")).toBe(true);
      expect(story.state.commands.every((command) => command.row.finished_at !== null)).toBe(true);
      expect(story.incident.status).toBe(incident);
      const urgencies = story
        .rows("notification")
        .slice(before)
        .map((row) => row.urgency);
      expect(urgencies).toEqual(told === null ? [] : [told]);
    });

  it.each(Object.keys(WAITING))("while %s: it is cancelled as soon as its signal clears", (phase) => {
    const story = WAITING[phase]?.() ?? new PluginStory();
    for (let i = 0; i < 60 && story.state.attempt; i++) story.beat(10, { sent: 30 });
    expect(story.lastAttempt).toMatchObject({
      status: "cancelled",
      reason: expect.stringContaining("cleared"),
    });
    expect(story.lastIncident.status).toBe("resolved");
  });

  it.each(Object.keys(WAITING))(
    "while %s: it goes on when nothing has changed, and is asked again",
    (phase) => {
      const story = WAITING[phase]?.() ?? new PluginStory();
      const rows = story.rows("attempt").length;
      const same = phase === "pending" ? admission({ admitted: false }) : {};
      for (let i = 0; i < 3; i++) askedAgain(story, same);
      expect(story.attempt.status).toBe(phase.split(" ")[0]);
      expect(story.rows("attempt")).toHaveLength(rows);
    },
  );

  it.each(Object.keys(WAITING))(
    "while %s: a policy that is read as stopping everything asks at once",
    (phase) => {
      const story = WAITING[phase]?.() ?? new PluginStory();
      story.policy = { ...story.policy, kill_switch: true };
      story.beat(5);
      expect(story.state.work.find((work) => work.kind === "gate")?.notBefore).toBeLessThanOrEqual(story.now);
    },
  );

  it("in the shop's hands the gate is not asked any more", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
    expect(story.state.work.filter((work) => work.kind === "gate")).toEqual([]);
  });

  it.each(["awaiting_approval", "staging", "applying"])(
    "%s outlasts an authority that cannot be reached",
    (phase) => {
      const story = WAITING[phase]?.() ?? new PluginStory();
      for (let i = 0; i < 12; i++) {
        const gate = story.state.work.find((work) => work.kind === "gate");
        story.now = Math.max(story.now, gate?.notBefore ?? 0);
        story.apply({ type: "work_failed", workId: story.work("gate"), why: "away", final: false });
      }
      expect(story.attempt.status).toBe(phase);
    },
  );
});

describe("a release that cannot be had in this shop", () => {
  const held = admission({ admitted: false, status: "held" });

  it("is set aside for an hour, so that the decision made afresh does not come to it again", () => {
    const story = WAITING.applying?.() ?? new PluginStory();
    askedAgain(story, held);
    expect(story.state.setAside).toEqual([
      { action: "patch", subject: "1.2.3", until: story.now + 3_600_000 },
    ]);
    expect(story.work("decide")).not.toBe("");
    expect(story.state.excluded).toEqual([]);
  });

  it("is set aside at hand-over too", () => {
    const story = WAITING.applying?.() ?? new PluginStory();
    story.beat(15).handOver(held);
    expect(story.handed).toBeNull();
    expect(story.lastAttempt).toMatchObject({ status: "cancelled", reason: expect.stringContaining("held") });
    expect(story.incident.status).toBe("open");
  });

  it("is told to the person who asked for it", () => {
    const story = new PluginStory().breakWebhooks().decide({ action: "escalate" }, null);
    story.act("ada", { action: "patch", version: "1.2.3", reason: "I know better" }).gate(held);
    expect(story.lastAttempt.status).toBe("cancelled");
    expect(story.incident.status).toBe("escalated");
    expect(story.rows("notification").at(-1)).toMatchObject({ urgency: "page" });
  });
});

describe("a release that is paused", () => {
  const paused = admission({ admitted: false, status: "paused", paused: true });

  it("is waited for, not given up", () => {
    const story = new PluginStory().breakWebhooks().decide().gate(paused);
    expect(story.attempt.status).toBe("pending");
    askedAgain(story, {});
    expect(story.attempt.status).toBe("staging");
  });

  it("is waited for at hand-over too, past the life of one command", () => {
    const story = WAITING.applying?.() ?? new PluginStory();
    story.beat(15).handOver(paused);
    expect(story.handed).toBeNull();
    story.pass(901);
    expect(story.attempt.status).toBe("applying");
    story.beat(15).handOver();
    expect(story.handed?.row.number).toBe(2);
  });

  it("is given up after two hours", () => {
    const story = WAITING.applying?.() ?? new PluginStory();
    for (let i = 0; i < 20 && story.state.attempt; i++) story.beat(15).handOver(paused).pass(600);
    expect(story.lastAttempt).toMatchObject({
      status: "expired",
      reason: expect.stringContaining("no slot"),
    });
  });
});

describe("the attempts of a day", () => {
  const policy = aPolicy({ limits: { attempts_per_plugin_per_day: 1, penalty_box_s: 3600 } });
  const budget = (story: PluginStory) =>
    story.attempt.gate.find((verdict) => verdict.rule === "attempt_budget")?.outcome;

  it("do not count what ended before the shop was told", () => {
    const story = new PluginStory(policy).breakWebhooks().decide().gate().stage();
    askedAgain(story, admission({ admitted: false, status: "held" }));
    story.decide({ patch_version: "1.2.4" }).gate();
    expect(budget(story)).toBe("allow");
  });

  it("count what the shop was told, and what failed there shuts the penalty box", () => {
    const story = new PluginStory(policy)
      .breakWebhooks()
      .decide()
      .gate()
      .stage()
      .beat(15)
      .handOver()
      .fail("bad_release");
    story.act("ada", { action: "retry", reason: "again" }).decide({ patch_version: "1.2.4" }).gate();
    expect(budget(story)).toBe("needs_approval");
  });
});
