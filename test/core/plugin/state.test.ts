import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Command } from "../../../src/contract/command.ts";
import { LedgerRecord } from "../../../src/contract/ledger.ts";
import { PluginDetail } from "../../../src/contract/ops.ts";
import { commandText, commandToHandOver } from "../../../src/core/plugin/commands.ts";
import type { PluginEvent } from "../../../src/core/plugin/event.ts";
import { brokenInvariants } from "../../../src/core/plugin/invariants.ts";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import type { PluginState } from "../../../src/core/plugin/state.ts";
import { type Step, step } from "../../../src/core/plugin/step.ts";
import { pluginDetail } from "../../../src/core/plugin/view.ts";
import { A_PLUGIN_ID, aHeartbeat } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { RandomLife } from "./random-life.ts";
import { aHealingLife, aLife, POLICIES } from "./random-moves.ts";
import { PluginStory } from "./story.ts";

/** A row as schema 1 stored it: an incident, an attempt under watch, finished commands, excluded fixes, a history. */
function golden(): PluginState {
  // The row is trusted as the object's own storage is: it was written by this code, and is read by it alone.
  return JSON.parse(
    readFileSync(new URL("../../golden/plugin-state-1.json", import.meta.url), "utf8"),
  ) as PluginState;
}

const policy = aPolicy();

function stepped(state: PluginState, event: PluginEvent, now: number): Step {
  const result = step(state, event, { now, policy });
  if (!result.ok) throw new Error(result.refusal.reason);
  const { state: next, outbox, handOver } = result.value;
  expect(brokenInvariants({ before: state, event, after: next, outbox, handOver, now, policy })).toEqual([]);
  return result.value;
}

describe("a state stored under schema 1", () => {
  const now = (golden().lastBeatAt ?? 0) + 15_000;
  const beat = aHeartbeat({
    seq: golden().seq + 1,
    version: "1.2.3",
    state: "probation",
    counters: { webhooks_sent: 100, webhooks_failed: 24 },
  });

  it("holds what its name promises", () => {
    const state = golden();
    expect(state).toMatchObject({ schema: 1, attempt: { phase: { name: "verifying" } } });
    expect(state.incidents).toHaveLength(1);
    expect(state.commands.length).toBeGreaterThan(1);
    expect(state.history).toHaveLength(1);
    expect(state.excluded).toHaveLength(1);
  });

  it("takes the next heartbeat", () => {
    const { state } = stepped(golden(), { type: "beat", beat }, now);
    expect(state.attempt?.phase).toMatchObject({
      name: "verifying",
      beats: 2,
      totals: { webhooks_sent: 17 },
    });
  });

  it("takes a tick, and heals to the end", () => {
    let state = golden();
    let at = now;
    for (let i = 0; i < 8 && state.attempt !== null; i++, at += 15_000) {
      state = stepped(state, { type: "beat", beat: { ...beat, seq: state.seq + 1 } }, at).state;
      state = stepped(state, { type: "tick" }, at).state;
    }
    expect(state.attempt).toBeNull();
    expect(state.commit).toMatchObject({ version: "1.2.3" });
  });

  it("has a deadline ahead of it", () => {
    expect(nextWake(golden(), policy.intervals)).toBeGreaterThan(now);
  });

  it("answers a repeated acknowledgement", () => {
    const command_id = golden().attempt?.row.command_id ?? "none";
    const data = { plugin_id: A_PLUGIN_ID, command_id, result: { version: "1.2.3" } };
    const { state, outbox } = stepped(golden(), { type: "ack", data }, now);
    expect(state.attempt).toEqual(golden().attempt);
    // The fleet had not been told of attempts, nor of incidents, when this state was stored.
    expect(outbox).toMatchObject([
      { to: "fleet", report: "signal", signal: { type: "webhook_fail_rate", open: true } },
      { to: "fleet", report: "attempt", attempt: { phase: "applied" } },
    ]);
  });

  it("is shown on the plugin's page", () => {
    const detail = PluginDetail.parse(pluginDetail(golden(), 3, now));
    expect(detail).toMatchObject({
      plugin: { status: "healing", version: "1.2.3" },
      live: { outbox: 3, attempt: { status: "verifying" }, open_incidents: [{ status: "healing" }] },
    });
  });
});

describe("what the state costs and says", () => {
  it("a plugin at rest, however much it has lived through, is a small row", () => {
    const story = new PluginStory();
    for (let hour = 0; hour < 26; hour++) {
      for (let i = 0; i < 3; i++) story.beat(1200, { sent: 50, failed: i === 0 ? 1 : 0 });
    }
    story.pass(1);
    expect(story.state.incidents.filter((incident) => incident.row.type !== "heartbeat_missed")).toEqual([]);
    expect(JSON.stringify({ ...story.state, incidents: [] }).length).toBeLessThan(8_192);
  });

  it("the state of one shop under repair is below 16 kB", () => {
    expect(JSON.stringify(golden()).length).toBeLessThan(16_384);
  });

  it("every record that leaves fits the ledger's contract, whatever happened", () => {
    fc.assert(
      fc.property(fc.oneof(aLife(60), aHealingLife(30)), fc.nat(POLICIES.length - 1), (moves, at) => {
        for (const message of new RandomLife(POLICIES[at]).live(moves).sent)
          if (message.to === "ledger") {
            const parsed = LedgerRecord.safeParse(message.record);
            if (!parsed.success) throw new Error(`${message.record.kind}: ${parsed.error.message}`);
          }
      }),
      { numRuns: 60 },
    );
  });

  it.each(["update", "rollback", "config"])("a %s command's text fits the wire contract", (type) => {
    const story = new PluginStory(aPolicy({ approvals: { by_step: { downgrade: 0 } } })).breakWebhooks();
    if (type === "update") story.decide().gate().stage();
    else if (type === "rollback")
      story.decide({ action: "rollback", patch_version: "1.2.1" }).gate({ admission: null });
    else story.decide({ action: "config", config: { retries: 3 } }).gate({ admission: null });
    const command = commandToHandOver(story.state, story.now);
    if (command === null) throw new Error("no command");
    const content = Command.parse(JSON.parse(commandText(command, 7, story.now)));
    expect(content).toMatchObject({ type, number: 1, policy_revision: 7, plugin_id: A_PLUGIN_ID });
  });
});
