import { describe, expect, it } from "vitest";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";

const outcomes = (story: PluginStory) =>
  story.outbox.flatMap((message) =>
    message.to === "sira" ? [[message.feedback.revision ?? 1, message.feedback.outcome]] : [],
  );
const release = (story: PluginStory) => story.outbox.filter((message) => message.to === "release");

/** Nothing is seen of its change: a person is asked. */
function asked(): PluginStory {
  return new PluginStory().toVerifying().toAsked();
}

/** The signal comes back while its fix is watched. */
function relapsed(): PluginStory {
  const story = new PluginStory().toKept();
  return story.beat(30, { sent: 20, failed: 20 }).beat(30, { sent: 20, failed: 20 });
}

describe("a success that did not last", () => {
  it("is told to its release and to SIRA again, as the failure that it was", () => {
    const story = relapsed();
    const { id } = story.rows("attempt").at(-1) ?? { id: "none" };
    expect(release(story)).toEqual([
      expect.objectContaining({ attemptId: id, version: "1.2.3", outcome: "success" }),
      { to: "release", report: "relapse", product: "molam-woocommerce", version: "1.2.3", attemptId: id },
    ]);
    expect(outcomes(story)).toEqual([
      [1, "success"],
      [2, "failed"],
    ]);
    expect(story.rows("feedback")[1]).toMatchObject({
      attempt_id: id,
      from_version: "1.2.2",
      target_version: "1.2.3",
      confidence: 0.8,
      reason: expect.stringContaining("relapsed"),
    });
  });

  it("is told once, however long it goes on", () => {
    const story = relapsed();
    for (let i = 0; i < 20; i++) story.beat(30, { sent: 20, failed: 20 });
    expect(outcomes(story)).toHaveLength(2);
  });
});

describe("a success whose commit the shop never got", () => {
  /** Healthy and still on probation: the commit is on its way. */
  function uncommitted(): PluginStory {
    const story = new PluginStory().toVerifying();
    for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    expect(story.state.commit).toMatchObject({ version: "1.2.3" });
    return story;
  }
  /** The dead-man was faster, and its report and the next beats say so. */
  function fellBack(story: PluginStory): PluginStory {
    story.fail("restored", "1.2.2").beat(15, { sent: 10, failed: 9 }).fail("restored", "1.2.2");
    return story.beat(15, { sent: 10, failed: 9 });
  }

  it("is told to release, fleet and SIRA as one that did not last, once", () => {
    const story = fellBack(uncommitted());
    const { id } = story.rows("attempt")[0] ?? { id: "none" };
    expect(release(story).map((message) => ("report" in message ? message.report : "finished"))).toEqual([
      "finished",
      "relapse",
    ]);
    expect(outcomes(story)).toEqual([
      [1, "success"],
      [2, "failed"],
    ]);
    const told = story.outbox.filter((message) => message.to === "fleet" && message.report === "finished");
    expect(told).toEqual([
      expect.objectContaining({ attemptId: id, outcome: "success" }),
      expect.objectContaining({ attemptId: id, outcome: "failed", revised: true }),
    ]);
    expect(story.incident).toMatchObject({ status: "escalated", reopened: 1 });
  });

  it("is not told again when another signal in its bake has been held against it already", () => {
    const story = uncommitted().beat(
      15,
      { sent: 20 },
      { state: "probation", webhook_subscription: "disabled" },
    );
    expect(outcomes(story)).toHaveLength(2);
    expect(outcomes(fellBack(story))).toHaveLength(2);
  });
});

describe("a change without evidence", () => {
  it.each([
    ["kept by a person", "approve", "inconclusive"],
    ["taken back by a person", "reject", "inconclusive"],
  ] as const)("that is %s teaches that nothing is known", (_, decision, outcome) => {
    const story = asked().approve("grace", { decision });
    if (decision === "reject") story.handOver().ack("1.2.2");
    expect(story.state.attempt).toBeNull();
    expect(outcomes(story)).toEqual([[1, outcome]]);
    expect(release(story)).toEqual([expect.objectContaining({ outcome })]);
  });

  it("that goes back because nobody answered teaches that too, and counts as nothing in the fleet's budget", () => {
    const story = asked();
    for (let i = 0; i < 80 && story.attempt.status === "verifying"; i++)
      story.beat(15, {}, { state: "probation" });
    story.handOver().ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
    expect(outcomes(story)).toEqual([[1, "inconclusive"]]);
    const finished = story.outbox.find((message) => message.to === "fleet" && message.report === "finished");
    expect(finished).toMatchObject({ outcome: "cancelled", ending: "rolled_back" });
  });
});

describe("probes by command", () => {
  /** A rollback to 1.2.1 under watch: no probation, so no probes come with the beats. */
  function watched(): PluginStory {
    const story = new PluginStory().breakWebhooks();
    story.act("ada", { action: "rollback", version: "1.2.1", reason: "the old one" });
    story.gate({ admission: null });
    if (story.attempt.status === "awaiting_approval") story.approve("grace").gate({ admission: null });
    return story.beat(15).handOver({ admission: null }).ack("1.2.1");
  }
  const quiet = (story: PluginStory, beats: number) => {
    for (let i = 0; i < beats; i++) story.beat(15);
    return story;
  };
  const commands = (story: PluginStory) => story.state.commands.filter(({ row }) => row.type === "probe");
  const answer = (story: PluginStory, details: Record<string, boolean | number>) => {
    story.handOver({ admission: null });
    const command_id = story.handed?.row.id ?? "none";
    return story.apply({
      type: "ack",
      data: { plugin_id: A_PLUGIN_ID, command_id, result: { version: story.version, details } },
    });
  };

  it("are asked for at the deadline when there is no traffic to judge by, one at a time", () => {
    const story = quiet(watched(), 5);
    expect(commands(story)).toEqual([]);
    quiet(story, 3);
    expect(commands(story).map(({ row }) => row.status)).toEqual(["queued"]);
  });

  it("are not asked for again by the beat that their own answer brings, and only the last is kept", () => {
    const story = quiet(watched(), 6);
    const numbers = () => commands(story).map(({ row }) => row.number);
    const [first] = numbers();
    answer(story, { webhook: true }).beat(1);
    expect(numbers()).toEqual([first]);
    story.beat(15);
    answer(story, { webhook: true }).beat(1).beat(15);
    expect(numbers()).toEqual([(first ?? 0) + 1, (first ?? 0) + 2]);
  });

  it.each([
    ["count as evidence of health beside what was delivered", true, 6, "success"],
    ["which would not do without them", false, 6, "verifying"],
    ["nor would they alone: they may have passed during the fault as well", true, 0, "verifying"],
  ] as const)("%s", (_, asked, sent, status) => {
    const story = quiet(watched(), 7);
    for (let i = 0; i < 12 && asked; i++) answer(story, { webhook: true, webhook_ms: 4 }).beat(15);
    expect(story.attempt.status).toBe("verifying");
    expect(story.beat(15, { sent }).lastAttempt.status).toBe(status);
  });

  it("count as evidence of harm", () => {
    const story = quiet(watched(), 7);
    for (let i = 0; i < 6 && story.attempt.status === "verifying"; i++) {
      answer(story, { webhook: false, webhook_ms: 4000 });
      if (story.attempt.status === "verifying") story.beat(15);
    }
    story.handOver({ admission: null }).ack("1.2.2");
    expect(story.lastAttempt).toMatchObject({ status: "rolled_back", health: { verdict: "unhealthy" } });
  });

  it("leave under no kill switch, and need nothing else of the gate", () => {
    const story = quiet(watched(), 7);
    story.handOver({ policy: { ...story.policy, kill_switch: true } });
    expect(story.handed).toBeNull();
    story.handOver({ guard: { ...story.facts().guard, storm: true } });
    expect(story.handed?.row.type).toBe("probe");
  });

  it("are not asked for again of a plugin that has none, or of a client that cannot", () => {
    const none = answer(quiet(watched(), 7), {});
    expect(commands(quiet(none, 5))).toHaveLength(1);
    const cannot = quiet(watched(), 7).handOver({ admission: null }).fail("unsupported");
    expect(commands(quiet(cannot, 5))).toHaveLength(1);
    expect(cannot.attempt.status).toBe("verifying");
  });

  it("are not asked for on probation: every beat brings them", () => {
    const story = new PluginStory().toVerifying();
    for (let i = 0; i < 12; i++) story.beat(15, {}, { state: "probation" });
    expect(commands(story)).toEqual([]);
  });

  it("stop when the attempt ends", () => {
    const story = quiet(watched(), 7).pass(4 * 3600);
    expect(story.state.attempt).toBeNull();
    expect(story.state.commands.every(({ row }) => row.finished_at !== null)).toBe(true);
  });
});
