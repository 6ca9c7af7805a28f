import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ATTEMPT_STATUSES } from "../../../src/contract/attempt.ts";
import { recentTotals } from "../../../src/core/detect/detection.ts";
import { brokenInvariants, INVARIANTS, type ObservedStep } from "../../../src/core/plugin/invariants.ts";
import { newPlugin, type PluginState } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { A_PLUGIN_ID, aHeartbeat, T0 } from "../../builders/heartbeat.ts";
import { aPolicy } from "../../builders/release.ts";
import { RandomLife } from "./random-life.ts";
import { aHealingLife, aLife, type Move, POLICIES } from "./random-moves.ts";
import { PluginStory } from "./story.ts";

/** Lives of 30 to 90 moves, and fewer that are longer; seeds that once failed stay here, so that they are lived again. */
const RUNS = 1_000;
const HEALING_RUNS = 200;
const SEEDS = [1804345272, 5, 1203874065];

interface Lived {
  /** Statuses that attempts reached. */
  reached: Set<string>;
  /** The first step that broke anything, in the words of the checks; null when none did. */
  broken: string | null;
  /** The life that broke it, as short as fast-check could make it. */
  report: string;
}

function live(lives: fc.Arbitrary<Move[]>, parameters: { numRuns: number; seed?: number }): Lived {
  const reached = new Set<string>();
  let broken: string | null = null;
  const details = fc.check(
    fc.property(lives, fc.nat(POLICIES.length - 1), (moves, policy) => {
      const life = new RandomLife(POLICIES[policy]);
      life.live(moves);
      for (const status of life.reached) reached.add(status);
      life.fallSilent();
    }),
    parameters,
  );
  if (details.failed) broken = String(details.errorInstance);
  return { reached, broken, report: JSON.stringify([details.seed, details.counterexample]) };
}

/** What the checks of that number say of these lives. */
const ofInvariant = ({ broken, report }: Lived, number: number) =>
  broken?.match(new RegExp(`(^|[ :;])${number}: `)) ? `${broken} ${report}` : null;

/** The part of each invariant that is kept within one plugin; see ARCHITECTURE.md for where the rest is proved. */
const SENTENCES: [number, string][] = [
  [1, "at most one attempt in flight, at most one open incident per dedupe key"],
  [2, "no command is handed over unless the policy of that moment allows it"],
  [3, "a command is handed over live and in time, and finished once"],
  [4, "every attempt ends within its bounds, and a failed rollback pages a person"],
  [5, "only what is kept is committed, and a success is what the shop runs"],
  [6, "every change of a row leaves once, numbered, with the state that it belongs to"],
  [8, "nothing is handed over that its release does not admit"],
  [9, "approvals count distinct people, never the requester, for the exact evidence they saw"],
  [10, "nothing is decided on a silence, and nothing leaves by itself, in a storm"],
  [11, "a fix that failed for a signature is not tried again by itself"],
];

describe("random lives of a plugin", () => {
  let lives: Lived[] = [];
  beforeAll(() => {
    const plain = aLife(60);
    lives = [
      live(plain, { numRuns: RUNS }),
      live(aHealingLife(30), { numRuns: HEALING_RUNS }),
      ...SEEDS.map((seed) => live(plain, { numRuns: RUNS / 10, seed })),
    ];
  }, 300_000);

  it.each(SENTENCES)("Invariant %i: %s", (number) => {
    expect(lives.flatMap((lived) => ofInvariant(lived, number) ?? [])).toEqual([]);
  });

  it("break nothing else, throw nothing and reach every status", () => {
    expect(lives.flatMap(({ broken, report }) => (broken === null ? [] : `${broken} ${report}`))).toEqual([]);
    const reached = new Set(lives.flatMap((lived) => [...lived.reached]));
    expect([...reached].sort()).toEqual([...ATTEMPT_STATUSES].sort());
  });
});

describe("heartbeats whose requests and answers get lost", () => {
  /** `sent`: webhooks since the beat before; what becomes of it; and what of the answer. */
  const aBeat = fc.record({
    sent: fc.nat(40),
    failed: fc.nat(3),
    fate: fc.constantFrom<"arrives" | "lost" | "answer lost">("arrives", "arrives", "lost", "answer lost"),
    evicted: fc.boolean(),
    reboots: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });

  it("Invariant 7: what was acknowledged is in the state, once, whatever was lost, repeated or evicted", () => {
    fc.assert(
      fc.property(fc.array(aBeat, { maxLength: 60 }), (beats) => {
        let state = new PluginStory().beat(1).state;
        let now = T0 + 1_000;
        const counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
        const happened = { sent: 0, failed: 0 };
        let acknowledged = { ...happened };
        let boot = 1;
        let seq = state.seq;
        /** An answer that never came: the same beat is sent again until one does. */
        let pending: ReturnType<typeof aHeartbeat> | null = null;
        let told = { ...happened };
        for (const { sent, failed, fate, evicted, reboots } of beats) {
          now += 30_000;
          // A client that restarts begins its counters again; what it had not told is lost with the shop's process, not here.
          if (reboots && pending === null) {
            boot += 1;
            Object.assign(counters, { webhooks_sent: 0, webhooks_failed: 0 });
            Object.assign(happened, acknowledged);
          }
          counters.webhooks_sent += sent;
          counters.webhooks_failed += Math.min(sent, failed);
          happened.sent += sent;
          happened.failed += Math.min(sent, failed);
          if (pending === null) {
            seq += 1;
            pending = aHeartbeat({ seq, boot_id: `boot-${boot}`, counters: { ...counters } });
            told = { ...happened };
          }
          if (fate === "lost") continue;
          const result = step(state, { type: "beat", beat: pending }, { now, policy: aPolicy() });
          if (result.ok) state = result.value.state;
          else expect(result.refusal).toEqual({ reason: "stale_seq", last_seq: pending.seq });
          if (evicted) state = JSON.parse(JSON.stringify(state));
          if (fate === "answer lost") continue;
          acknowledged = told;
          pending = null;
          const { webhooks_sent, webhooks_failed } = recentTotals(state.detection, 86_400_000, now);
          expect({ sent: webhooks_sent, failed: webhooks_failed }).toEqual(acknowledged);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a step", () => {
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
