/** Every report in every phase, of every command the plugin ever had: whatever comes, whenever, however often, is safe. */
import { describe, expect, it } from "vitest";
import { FAIL_CODES } from "../../../src/contract/command.ts";
import type { PluginEvent } from "../../../src/core/plugin/event.ts";
import { A_PLUGIN_ID } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const handedOver = () => new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();

/** Each phase with the statuses that a report may leave the attempt in. */
const PHASES: Record<string, { begin: () => PluginStory; may: string[] }> = {
  "no attempt": { begin: () => new PluginStory().breakWebhooks(), may: [] },
  pending: { begin: () => new PluginStory().breakWebhooks().decide(), may: ["pending"] },
  awaiting_approval: {
    begin: () => new PluginStory(aPolicy({ mode: "approve-only" })).breakWebhooks().decide().gate(),
    may: ["awaiting_approval"],
  },
  staging: { begin: () => new PluginStory().breakWebhooks().decide().gate(), may: ["staging"] },
  "applying, not handed over": {
    begin: () => new PluginStory().breakWebhooks().decide().gate().stage(),
    may: ["applying"],
  },
  "applying, handed over": {
    begin: handedOver,
    may: ["applying", "verifying", "failed", "rolled_back", "rollback_failed"],
  },
  "applying again": { begin: () => handedOver().fail("busy"), may: ["applying", "verifying"] },
  verifying: {
    begin: () => new PluginStory().toVerifying(),
    may: ["verifying", "rolled_back", "rollback_failed"],
  },
  "rolling back": {
    begin: () =>
      new PluginStory()
        .toVerifying()
        .beat(15, { sent: 10 }, { state: "probation" })
        .beat(15, { sent: 10, failed: 10 }, { state: "probation" })
        .handOver(),
    may: ["rolling_back", "rolled_back", "rollback_failed"],
  },
  success: { begin: () => new PluginStory().toKept(), may: ["success"] },
  "rolled back": {
    begin: () => handedOver().fail("restored", "1.2.2"),
    may: ["rolled_back"],
  },
};

const VERSIONS = ["1.2.2", "1.2.3", "1.4.0"];
const ERRORS = FAIL_CODES.flatMap((code) => [undefined, ...VERSIONS].map((version) => ({ code, version })));

function reports(commandId: string): PluginEvent[] {
  const common = { plugin_id: A_PLUGIN_ID, command_id: commandId };
  return [
    ...VERSIONS.map((version) => ({ type: "ack" as const, data: { ...common, result: { version } } })),
    ...ERRORS.map(({ code, version }) => ({
      type: "fail" as const,
      data: {
        ...common,
        error: { code, message: "because" },
        ...(version === undefined ? {} : { version }),
      },
    })),
  ];
}

/** The commands of this story, and one that never was. */
function commandsOf(story: PluginStory): string[] {
  return [...story.state.commands.map((command) => command.row.id), `cmd_${"A".repeat(27)}_99`];
}

/** The invariants are checked in `PluginStory.apply`, at every step. */
describe.each(Object.entries(PHASES))("any report, while %s,", (_, { begin, may }) => {
  const start = begin();
  const cases = commandsOf(start).flatMap((id) => reports(id));
  // A step leaves the state that it was given as it was: one story is begun, and resumed for every case.
  const fresh = () => {
    const { policy, state, now, outbox } = start;
    return Object.assign(new PluginStory(policy), { state, now, outbox: [...outbox] });
  };
  const status = (story: PluginStory) => story.rows("attempt").at(-1)?.status;

  it("leaves the attempt where it may be", () => {
    for (const event of cases) {
      const story = fresh().apply(event);
      const now = status(story);
      if (now !== undefined) expect(may, JSON.stringify(event)).toContain(now);
    }
  });

  it("said again changes nothing the second time", () => {
    for (const event of cases) {
      const story = fresh().apply(event);
      const before = JSON.stringify(story.state);
      const sent = story.outbox.length;
      story.apply(event);
      expect(JSON.stringify(story.state), JSON.stringify(event)).toBe(before);
      expect(story.outbox).toHaveLength(sent);
    }
  });

  it("and then contradicted, still ends where it may", () => {
    const contradictions = cases.filter((_event, i) => i % 11 === 0);
    for (const first of cases.filter((_event, i) => i % 5 === 0))
      for (const second of contradictions) {
        const story = fresh()
          .apply(first)
          .apply(second)
          .pass(40 * 3600);
        expect(story.state.attempt, `${JSON.stringify(first)} ${JSON.stringify(second)}`).toBeNull();
      }
  });
});
