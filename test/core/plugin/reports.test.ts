import { describe, expect, it } from "vitest";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

/** The update is in the shop's hands; nothing has been heard of it. */
function handedOver(): PluginStory {
  return new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
}

function ackOf(story: PluginStory, commandId: string, version: string): PluginStory {
  return story.apply({
    type: "ack",
    data: { plugin_id: A_PLUGIN_ID, command_id: commandId, result: { version } },
  });
}

/** Everything but the clocks of the records. */
function unchanged(story: PluginStory, act: () => void): void {
  const { state } = story;
  const sent = story.outbox.length;
  act();
  expect(story.state).toEqual(state);
  expect(story.outbox).toHaveLength(sent);
}

/** A rollback that has been handed over. */
function goingBack(): PluginStory {
  const story = new PluginStory().toVerifying();
  story.beat(15, { sent: 10 }, { state: "probation" });
  story.beat(15, { sent: 10, failed: 10 }, { state: "probation" });
  expect(story.attempt.status).toBe("rolling_back");
  return story.handOver();
}

describe("an acknowledgement", () => {
  it("said twice changes nothing the second time", () => {
    const story = handedOver().ack("1.2.3");
    unchanged(story, () => story.ack("1.2.3"));
    expect(story.refusal).toBeNull();
  });

  it("of an unknown command is refused", () => {
    const story = handedOver();
    unchanged(story, () => ackOf(story, "cmd_AAAAAAAAAAAAAAAAAAAAAAAAAAA_99", "1.2.3"));
    expect(story.refusal).toEqual({ reason: "not_found", message: "no such command" });
  });

  it("of a command that was never handed over is refused, though its number can be guessed", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage();
    const queued = story.state.commands.at(-1)?.row.id ?? "none";
    unchanged(story, () => ackOf(story, queued, "1.2.3"));
    expect(story.refusal).toMatchObject({ reason: "not_found" });
  });

  it("that comes after the command expired says what runs, and the attempt stays on its way back", () => {
    const story = handedOver();
    const late = story.handed?.row.id ?? "none";
    story.pass(400);
    expect(story.attempt.status).toBe("rolling_back");
    ackOf(story, late, "1.2.3");
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.state.version).toBe("1.2.3");
    unchanged(story, () => ackOf(story, late, "1.2.3"));
    expect(story.refusal).toBeNull();
  });

  it("with another version than the one ordered is a failure", () => {
    const story = handedOver().ack("1.2.1");
    expect(story.lastAttempt).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("1.2.1 instead of 1.2.3"),
    });
    expect(story.incident.status).toBe("escalated");
  });

  it("of a rollback with another version pages a person", () => {
    const story = goingBack().ack("1.2.3");
    expect(story.lastAttempt.status).toBe("rollback_failed");
  });

  it("after a failure of the same command is answered, and the failure stands", () => {
    const story = handedOver().fail("bad_release");
    expect(story.lastAttempt.status).toBe("failed");
    unchanged(story, () => story.ack("1.2.3"));
    expect(story.refusal).toBeNull();
  });
});

describe("a failure", () => {
  it("said twice changes nothing the second time, whatever runs by then", () => {
    const story = handedOver();
    const command = story.handed?.row.id;
    story.fail("restored", "1.2.2", command);
    expect(story.lastAttempt.status).toBe("rolled_back");
    story.version = "1.3.0";
    story.beat(30);
    unchanged(story, () => story.fail("restored", "1.2.2", command));
    expect(story.state.version).toBe("1.3.0");
  });

  it("of an unknown command is refused", () => {
    const story = handedOver().fail("internal", undefined, "cmd_AAAAAAAAAAAAAAAAAAAAAAAAAAA_99");
    expect(story.refusal).toMatchObject({ reason: "not_found" });
  });

  it("after the acknowledgement is no news, unless the dead-man speaks", () => {
    const story = new PluginStory().toVerifying();
    unchanged(story, () => story.fail("internal"));
    story.fail("restored", "1.2.2");
    expect(story.statuses().slice(-3)).toEqual(["verifying", "rolling_back", "rolled_back"]);
    expect(story.state.excluded).toHaveLength(1);
  });

  it.each(["download_failed", "busy"] as const)(
    "that may pass (%s) sends the change again under a higher number, each time later, up to the limit",
    (code) => {
      const story = handedOver();
      for (const [i, waitS] of [30, 60, 120, 240].entries()) {
        story.fail(code);
        expect(story.attempt.status).toBe("applying");
        story.beat(waitS - 15).handOver();
        expect(story.handed).toBeNull();
        story.beat(15).handOver();
        expect(story.handed?.row.number).toBe(i + 2);
      }
      story.fail(code);
      expect(story.lastAttempt.status).toBe("failed");
      expect(story.state.excluded).toEqual([]);
      expect(story.rows("feedback")).toEqual([]);
    },
  );

  it.each(["expired", "out_of_order"] as const)(
    "that a fresh command may mend (%s) is answered by one at once, twice",
    (code) => {
      const story = handedOver();
      for (const number of [2, 3]) {
        story.fail(code).beat(15).handOver();
        expect(story.handed?.row.number).toBe(number);
      }
      story.fail(code);
      expect(story.lastAttempt.status).toBe("failed");
      expect(story.state.excluded).toEqual([]);
    },
  );

  it("of a client that stopped in the middle is tried once more, a minute later", () => {
    const story = handedOver().fail("internal").beat(59).handOver();
    expect(story.handed).toBeNull();
    story.beat(1).handOver().fail("internal");
    expect(story.lastAttempt.status).toBe("failed");
  });

  it.each(["bad_signature", "foreign"] as const)(
    "that smells of tampering (%s) pages, and nothing is sent again",
    (code) => {
      const story = handedOver().fail(code);
      expect(story.lastAttempt).toMatchObject({
        status: "failed",
        reason: expect.stringContaining("for ours"),
      });
      expect(story.rows("notification").at(-1)).toMatchObject({ kind: "escalated", urgency: "page" });
      expect(story.state.commands.every((command) => command.row.finished_at !== null)).toBe(true);
      expect(story.rows("feedback")).toEqual([]);
    },
  );

  it("of the first try is forgotten when the shop turns out to run the new version", () => {
    const story = handedOver().fail("busy");
    story.version = "1.2.3";
    story.beat(15, {}, { state: "probation" });
    expect(story.attempt.status).toBe("verifying");
    expect(story.state.commands.map((command) => command.row.status)).toEqual(["failed", "superseded"]);
  });

  it("of the first try, which the shop carried out after all, leaves that one to be committed", () => {
    const story = handedOver();
    const first = story.handed?.row.id ?? "none";
    story.fail("busy");
    story.version = "1.2.3";
    story.beat(15, {}, { state: "probation", last_command: { id: first, outcome: "applied" } });
    for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    expect(story.state.commit).toMatchObject({ commandId: first });
  });

  it("to boot, after which the shop has restored itself, blames the fix", () => {
    const story = handedOver().fail("boot_failed", "1.2.2");
    expect(story.lastAttempt).toMatchObject({ status: "rolled_back" });
    expect(story.rows("feedback")).toEqual([expect.objectContaining({ outcome: "rolled_back" })]);
  });

  it.each(["applying", "verifying", "rolling_back"])(
    "of the dead-man itself pages a person, while %s",
    (status) => {
      const story =
        status === "applying"
          ? handedOver()
          : status === "verifying"
            ? new PluginStory().toVerifying()
            : goingBack();
      expect(story.attempt.status).toBe(status);
      const { command_id } = story.attempt;
      story.fail("rollback_failed", undefined, command_id ?? "none");
      expect(story.lastAttempt.status).toBe("rollback_failed");
      expect(story.notified()).toContain("rollback_failed");
    },
  );

  it("of the rollback itself pages a person", () => {
    const story = goingBack().fail("rollback_failed");
    expect(story.lastAttempt.status).toBe("rollback_failed");
  });

  it.each(["bad_signature", "foreign", "unsupported"] as const)(
    "of the rollback for good (%s) leaves it to the shop's dead-man, and people see that it does",
    (code) => {
      const story = goingBack();
      const told = story.notified().length;
      unchanged(story.fail(code), () => story.fail(code));
      expect(story.attempt.status).toBe("rolling_back");
      expect(story.rows("event").at(-1)).toMatchObject({
        kind: "back_refused",
        text: expect.stringMatching(/refuses the way back.*should have gone back by itself/),
      });
      expect(story.rows("notification").slice(told)).toMatchObject(
        code === "unsupported" ? [] : [{ kind: "escalated", urgency: "page" }],
      );
      story.fail("restored", "1.2.2");
      expect(story.lastAttempt.status).toBe("rolled_back");
    },
  );

  it("of the rollback that may pass orders it again", () => {
    const story = goingBack();
    const first = story.handed?.row;
    story.fail("busy");
    expect(story.attempt.status).toBe("rolling_back");
    story.beat(30).handOver();
    expect(story.handed?.row).toMatchObject({ type: "rollback", number: (first?.number ?? 0) + 1 });
    story.ack("1.2.2");
    expect(story.lastAttempt.status).toBe("rolled_back");
  });

  it("to be told of the rollback in time orders it again, until the shop's dead-man has had its turn", () => {
    const story = goingBack().pass(901);
    expect(story.attempt.status).toBe("rolling_back");
    expect(story.state.commands.filter((command) => command.row.type === "rollback")).toHaveLength(2);
  });
});

describe("a heartbeat that knows more than the reports", () => {
  it("of a setting that was applied starts the watch", () => {
    const story = new PluginStory(aPolicy())
      .breakWebhooks()
      .decide({ action: "config", config: { retries: 3 } }, null);
    story.gate({ admission: null }).beat(15).handOver({ admission: null });
    const id = story.handed?.row.id ?? "none";
    story.beat(15, {}, { last_command: { id, outcome: "applied" } });
    expect(story.attempt.status).toBe("verifying");
  });

  it("of an ordered rollback takes it for done, not for the dead-man's", () => {
    const story = new PluginStory(aPolicy({ approvals: { by_step: { downgrade: 0 } } })).breakWebhooks();
    story.decide({ action: "rollback", patch_version: "1.2.1" }).gate({ admission: null });
    story.beat(15).handOver({ admission: null });
    const id = story.handed?.row.id ?? "none";
    story.version = "1.2.1";
    story.beat(15, {}, { last_command: { id, outcome: "rolled_back" } });
    expect(story.attempt.status).toBe("verifying");
  });

  it("of a failed command waits for the report that says why, which decides whether it is sent again", () => {
    const story = handedOver();
    const id = story.handed?.row.id ?? "none";
    story.beat(15, {}, { last_command: { id, outcome: "failed" } });
    expect(story.attempt.status).toBe("applying");
    story.fail("download_failed");
    expect(story.state.attempt?.phase).toMatchObject({ name: "applying", tries: 2, handedOver: false });
  });

  it("of a failed command ends the attempt when that report never comes", () => {
    const story = handedOver();
    const id = story.handed?.row.id ?? "none";
    story.beat(15, {}, { last_command: { id, outcome: "rejected" } }).pass(61);
    expect(story.lastAttempt.status).toBe("failed");
  });

  it("of the old version, long after the hand-over, blames nobody: the command was never carried out", () => {
    const story = handedOver();
    for (let i = 0; i < 25 && story.state.attempt; i++) story.beat(15).apply({ type: "tick" });
    expect(story.lastAttempt).toMatchObject({ status: "expired" });
    expect(story.state.excluded).toEqual([]);
    expect(story.rows("feedback")).toEqual([]);
  });

  it("of a third version under watch leaves it where it is and asks a person", () => {
    const story = new PluginStory().toVerifying();
    story.version = "1.4.0";
    story.beat(15);
    expect(story.lastAttempt).toMatchObject({ status: "failed", reason: expect.stringContaining("1.4.0") });
    expect(story.state.commands.some((command) => command.row.type === "rollback")).toBe(false);
    expect(story.incident.status).toBe("escalated");
  });

  it("of the old version after the verdict says that the commit came too late", () => {
    const story = new PluginStory().toVerifying();
    for (let i = 0; i < 8; i++) story.beat(15, { sent: 4 }, { state: "probation" });
    const { id } = story.incident;
    story.pass(7200);
    expect(story.incidents.find((incident) => incident.id === id)?.status).toBe("baking");
    story.version = "1.2.2";
    story.beat(10);
    expect(story.incidents.find((incident) => incident.id === id)).toMatchObject({
      status: "escalated",
      reopened: 1,
    });
    expect(story.state.excluded).toEqual([expect.objectContaining({ version: "1.2.3" })]);
  });
});
