import { describe, expect, it } from "vitest";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const PROBATION = { state: "probation" as const };
const OUTCOME = "applied" as const;

/** The update was handed over, the shop went on beating with the old version, and its time ran out. */
function expired(begin = (story: PluginStory) => story.decide().gate().stage()): PluginStory {
  const story = begin(new PluginStory().breakWebhooks()).beat(15).handOver();
  for (let i = 0; i < 30 && story.state.attempt; i++) story.beat(15, { sent: 4, failed: 3 }).pass(0);
  expect(story.lastAttempt.status).toBe("expired");
  expect(story.state.excluded).toEqual([]);
  story.outbox = [];
  return story;
}

const settings = (story: PluginStory) =>
  story.decide({ action: "config", config: { retries: 3 } }, null).gate({ admission: null });

function ack(story: PluginStory, version: string, details: Record<string, boolean> = {}): PluginStory {
  const command_id = story.rows("command")[0]?.id ?? story.handed?.row.id ?? "none";
  if (version !== story.version) story.version = version;
  return story.apply({
    type: "ack",
    data: { plugin_id: story.state.id, command_id, result: { version, details } },
  });
}

const changes = ({ state }: PluginStory) =>
  state.commands.map(({ row }) => `${row.type} ${row.status}`).slice(-2);

describe("an update that is carried out when its attempt is over", () => {
  it("is known by its acknowledgement: what runs is seen, people are told, and it is ordered back", () => {
    const story = ack(expired().wait(5), "1.2.3", { provisional: true });
    expect(story.state.version).toBe("1.2.3");
    expect(changes(story)).toEqual(["update expired", "rollback queued"]);
    const told = expect.stringMatching(
      /att_\w+_1 was over: it runs 1\.2\.3 instead of 1\.2\.2.*ordered back/,
    );
    expect(story.rows("event")).toContainEqual(expect.objectContaining({ text: told }));
    expect(story.rows("notification")).toEqual([
      expect.objectContaining({ kind: "escalated", urgency: "notice", text: told }),
    ]);
  });

  it("is known by a beat on probation that names it, when the acknowledgement is lost", () => {
    const story = expired();
    const id = story.handed?.row.id ?? "none";
    story.version = "1.2.3";
    story.beat(15, {}, { ...PROBATION, last_command: { id, outcome: OUTCOME } });
    expect(changes(story)).toEqual(["update expired", "rollback queued"]);
    expect(story.handOver().handed?.row).toMatchObject({
      type: "rollback",
      payload: { to_version: "1.2.2" },
    });
  });

  it("is back with the way back's acknowledgement, and nothing is left over", () => {
    const story = ack(expired().wait(5), "1.2.3");
    story.beat(10, {}, PROBATION).handOver().wait(2).ack("1.2.2");
    expect(story.state).toMatchObject({ version: "1.2.2", attempt: null });
    expect(story.state.commands.every(({ row }) => row.finished_at !== null)).toBe(true);
    expect(story.rows("event").at(-1)).toMatchObject({ kind: "late_change_back" });
    const { length } = story.rows("event");
    story.beat(15, { sent: 1 });
    expect(story.rows("event").slice(length)).toEqual([]);
  });

  it("is back when the shop's own dead-man was faster, by report or by beat", () => {
    const told = ack(expired().wait(5), "1.2.3").beat(10, {}, PROBATION);
    const id = told.handed?.row.id;
    told.fail("restored", "1.2.2", id);
    const seen = ack(expired().wait(5), "1.2.3").beat(10, {}, PROBATION);
    seen.version = "1.2.2";
    seen.beat(15);
    for (const story of [told, seen]) {
      expect(story.state.version).toBe("1.2.2");
      expect(changes(story)).toEqual(["update expired", "rollback superseded"]);
      expect(story.rows("event").at(-1)).toMatchObject({ kind: "late_change_back" });
    }
  });

  it("is told of and ordered back once, however often it is said", () => {
    const story = ack(expired().wait(5), "1.2.3");
    const { state, outbox } = story;
    const sent = outbox.length;
    ack(story, "1.2.3");
    expect(story.state).toEqual(state);
    expect(story.outbox).toHaveLength(sent);
    const id = story.rows("command").at(-1)?.id ?? "none";
    story.beat(10, {}, { ...PROBATION, last_command: { id, outcome: OUTCOME } });
    expect(story.rows("notification")).toHaveLength(1);
  });

  it("waits with its way back for the kill switch, as every command does", () => {
    const story = ack(expired().wait(5), "1.2.3").beat(10, {}, PROBATION);
    story.handOver({ policy: { ...story.policy, kill_switch: true } });
    expect(story.handed?.row.type).not.toBe("rollback");
    expect(story.beat(15, {}, PROBATION).handOver().handed?.row.type).toBe("rollback");
  });

  it("goes back before anything else is handed over, and what was decided for what ran before is over", () => {
    const story = expired();
    story.act("ada", { action: "patch", version: "1.3.0", reason: "mine" });
    if (story.gate().attempt.status === "awaiting_approval") story.approve("bob").gate();
    story.stage();
    const late = story.state.commands.find(({ row }) => row.status === "expired")?.row.id ?? "none";
    story.wait(5).apply({
      type: "ack",
      data: { plugin_id: story.state.id, command_id: late, result: { version: "1.2.3" } },
    });
    story.version = "1.2.3";
    story.beat(10, {}, PROBATION);
    expect(story.lastAttempt).toMatchObject({ status: "cancelled", target_version: "1.3.0" });
    story.apply({
      type: "hand_over",
      commandId: story.state.commands.find(({ takesBack }) => takesBack)?.row.id ?? "none",
      facts: story.facts(),
    });
    expect(story.handed?.row.type).toBe("rollback");
  });

  it("pages when the shop cannot go back", () => {
    const story = ack(expired().wait(5), "1.2.3").beat(10, {}, PROBATION).handOver().fail("rollback_failed");
    expect(story.rows("notification").at(-1)).toMatchObject({ kind: "rollback_failed", urgency: "page" });
    const sent = story.outbox.length;
    story.fail("rollback_failed");
    expect(story.outbox).toHaveLength(sent);
  });

  it("is kept where its release cannot be taken back", () => {
    const irreversible = (story: PluginStory) => {
      story.decide({}, { reversible: false }).gate();
      if (story.attempt.status === "awaiting_approval") story.approve("bob").gate();
      return story.stage();
    };
    const story = ack(expired(irreversible).wait(5), "1.2.3");
    expect(story.state.commit).toMatchObject({ version: "1.2.3" });
    expect(changes(story)).toEqual(["update expired"]);
    expect(story.rows("notification").at(-1)?.text).toContain("cannot be taken back and is kept");
  });

  it("is none when it found nothing to do", () => {
    const story = ack(expired().wait(5), "1.2.2", { already_running: true });
    expect(changes(story)).toEqual(["update expired"]);
    expect(story.rows("notification")).toEqual([]);
  });
});

describe("settings that are set when their attempt is over", () => {
  it("are ordered back where the shop keeps the former ones", () => {
    const story = ack(expired(settings).wait(5), "1.2.2", { provisional: true });
    expect(changes(story)).toEqual(["config expired", "config queued"]);
    expect(story.beat(10, {}, PROBATION).handOver().handed?.row.payload).toMatchObject({
      set: {},
      restore: story.state.commands.find(({ late }) => late)?.row.id,
    });
    story.wait(1).ack("1.2.2");
    expect(story.rows("event").at(-1)).toMatchObject({ kind: "late_change_back" });
  });

  it("stay where they are final, and people are told", () => {
    const story = ack(expired(settings).wait(5), "1.2.2");
    expect(changes(story)).toEqual(["config expired"]);
    expect(story.rows("notification").at(-1)?.text).toContain("It stays, and nobody watched it.");
  });
});

describe("a rollback that is carried out when its attempt is over", () => {
  it("stays, and people are told what runs", () => {
    const story = new PluginStory(aPolicy({ approvals: { by_step: { downgrade: 0 } } })).breakWebhooks();
    story.decide({ action: "rollback", patch_version: "1.2.1" }).gate({ admission: null });
    story.beat(15).handOver({ admission: null });
    for (let i = 0; i < 30 && story.state.attempt; i++) story.beat(15, { sent: 4, failed: 3 }).pass(0);
    story.wait(5).ack("1.2.1");
    expect(story.state.version).toBe("1.2.1");
    expect(story.state.commands.every(({ row }) => row.finished_at !== null)).toBe(true);
    expect(story.rows("notification").at(-1)?.text).toContain("It stays, and nobody watched it.");
  });
});
