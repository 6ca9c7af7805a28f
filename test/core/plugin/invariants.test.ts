import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATTEMPT_STATUSES } from "../../../src/contract/incident.ts";
import { brokenInvariants, INVARIANTS, type ObservedStep } from "../../../src/core/plugin/invariants.ts";
import { newPlugin, type PluginState } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { A_PLUGIN_ID, T0 } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { RandomLife } from "./random-life.ts";
import { aLife, POLICIES } from "./random-moves.ts";
import { PluginStory } from "./story.ts";

/** Lives of 30 to 90 moves; seeds that once failed stay here, so that they are lived again. */
const RUNS = 2_000;
const SEEDS = [1804345272, 5];

function live(seed?: number): Set<string> {
  const reached = new Set<string>();
  fc.assert(
    fc.property(aLife(60), fc.nat(POLICIES.length - 1), (moves, policy) => {
      const life = new RandomLife(POLICIES[policy]).live(moves);
      for (const status of life.reached) reached.add(status);
    }),
    seed === undefined ? { numRuns: RUNS } : { numRuns: RUNS / 10, seed },
  );
  return reached;
}

describe("any order of events", () => {
  it("breaks no invariant, throws nothing and reaches every status", { timeout: 60_000 }, () => {
    expect([...live()].sort()).toEqual([...ATTEMPT_STATUSES].sort());
  });

  it.each(SEEDS)("that once broke one, drawn from seed %i, breaks none", { timeout: 60_000 }, (seed) => {
    live(seed);
  });

  it("leaves the state that it was given as it was", () => {
    const { state } = new PluginStory().toVerifying();
    const before = JSON.stringify(state);
    step(state, { type: "tick" }, { now: T0 + 10_000_000, policy: aPolicy() });
    expect(JSON.stringify(state)).toBe(before);
  });
});

describe("the checks themselves", () => {
  /** A step that changed nothing, with the state after it spoilt by the test. */
  function spoilt(
    story: PluginStory,
    spoil: (after: PluginState) => Partial<ObservedStep> | undefined,
  ): string[] {
    const before = structuredClone(story.state);
    const after = structuredClone(story.state);
    const { now, policy } = story;
    const seen: ObservedStep = {
      before,
      event: { type: "tick" },
      after,
      outbox: [],
      handOver: null,
      now,
      policy,
    };
    return brokenInvariants({ ...seen, ...spoil(after) }).map((broken) =>
      broken.slice(0, broken.indexOf(": ", 3)),
    );
  }
  const attemptOf = (state: PluginState) => {
    if (state.attempt === null) throw new Error("no attempt");
    return state.attempt;
  };

  it("find nothing wrong with a step that changed nothing", () => {
    expect(spoilt(new PluginStory().toVerifying(), () => undefined)).toEqual([]);
  });

  it("see an attempt that vanishes", () => {
    const broken = spoilt(new PluginStory().toVerifying(), (after) => {
      after.attempt = null;
      return undefined;
    });
    expect(broken).toContain("1: one attempt in flight");
    expect(broken).toContain("somebody sees to every incident");
  });

  it("see a second incident about the same thing", () => {
    const broken = spoilt(new PluginStory().breakWebhooks(), (after) => {
      after.incidents.push(...structuredClone(after.incidents));
      return undefined;
    });
    expect(broken).toContain("1: one open incident per dedupe key");
  });

  it("see a command that leaves under the kill switch", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver();
    const policy = aPolicy({ kill_switch: true });
    const broken = spoilt(story, () => ({
      event: { type: "hand_over", commandId: "c", facts: story.facts({ policy }) },
      handOver: story.handed,
    }));
    expect(broken).toEqual(["2: nothing is handed over against the policy"]);
  });

  it("see a finished command that lives again, and a row that changed without its record", () => {
    const broken = spoilt(new PluginStory().toVerifying(), (after) => {
      for (const command of after.commands) command.row.status = "handed_over";
      attemptOf(after).row.reason = "changed";
      return undefined;
    });
    expect(broken).toContain("3: a finished command stays finished");
    expect(broken).toContain("6: a row changes only with its record");
  });

  it("see a success that nobody vouches for, and a rollback that failed in silence", () => {
    const story = new PluginStory().toVerifying();
    const { row } = attemptOf(story.state);
    const broken = spoilt(story, (after) => {
      after.attempt = null;
      return {
        outbox: [
          {
            to: "ledger",
            record: { kind: "attempt", row: { ...row, revision: row.revision + 1, status: "success" } },
          },
          {
            to: "ledger",
            record: {
              kind: "attempt",
              row: { ...row, revision: row.revision + 3, status: "rollback_failed" },
            },
          },
        ],
      };
    });
    expect(broken).toEqual(
      expect.arrayContaining([
        "4: a failed rollback pages a person",
        "4: attempts move along the arrows and end once",
        "5: success has a healthy verdict or a person's word",
        "6: every recorded row has the next revision",
      ]),
    );
  });

  it("see a state that outgrows its row", () => {
    const broken = spoilt(new PluginStory().beat(1), (after) => {
      after.siteUrl = "x".repeat(40_000);
      return undefined;
    });
    expect(broken).toEqual(["the state stays small"]);
  });

  it("have names that say what they watch", () => {
    expect(Object.keys(INVARIANTS).length).toBeGreaterThan(15);
    const fresh = newPlugin(
      {
        id: A_PLUGIN_ID,
        merchantId: "m",
        product: "p-p",
        version: "1.0.0",
        env: {},
        siteUrl: null,
        credential: { kind: "hmac", sealed: "v1.x" },
      },
      120,
      T0,
    );
    expect(JSON.stringify(fresh).length).toBeLessThan(3_000);
  });
});
