import { describe, expect, it } from "vitest";
import { SiraMemory } from "../../../sim/sira-memory.ts";
import { type Candidate, DecideReply, type DecideRequest } from "../../../src/contract/decision.ts";
import { decide } from "../../../src/core/sira/decide.ts";
import { drawsFor } from "../../../src/core/sira/draws.ts";
import { heuristicDecision } from "../../../src/core/sira/heuristics.ts";
import { aDecideRequest } from "./decide-request.ts";
import { aVote, taught, WOO } from "./feedback.ts";

const patches = (...versions: string[]): Candidate[] =>
  versions.map((version) => ({ action: "patch", version, reversible: true }));
const REMEDY: Candidate = {
  action: "config",
  remedy: "rmd_retry-1",
  config: { retries: 5 },
  reversible: true,
};
const NOTHING = new SiraMemory();
const TYPES = [
  "webhook_fail_rate",
  "error_spike",
  "new_error",
  "webhook_disabled",
  "heartbeat_missed",
  "moon",
];

describe("the built-in decision", () => {
  it("chooses what the rules choose while nothing is known", () => {
    for (const type of TYPES)
      for (const changed_from of [undefined, "1.2.1"])
        for (const candidates of [
          [...patches("1.2.4", "1.2.3", "1.3.0"), { action: "rollback", version: "1.2.1" }],
          [...patches("1.2.3"), REMEDY, { action: "resubscribe" }],
          patches("2.0.0"),
          [],
        ] satisfies Candidate[][]) {
          const request = aDecideRequest({ type, candidates });
          if (changed_from) request.incident.changed_from = changed_from;
          const { action, patch_version, remedy, confidence } = heuristicDecision(request);
          expect(decide(request, NOTHING)).toMatchObject({
            action,
            confidence,
            ...(patch_version === undefined ? {} : { patch_version }),
            ...(remedy === undefined ? {} : { remedy }),
          });
        }
  });

  const request = aDecideRequest({ candidates: patches("1.2.3", "1.2.4", "1.3.0") });

  it("prefers the version that healed elsewhere, is surer of it, and says how it knows", () => {
    const memory = taught(
      { of: { target_version: "1.2.4", env: WOO }, healed: 11, failed: 1 },
      { of: { target_version: "1.2.4" }, healed: 3 },
    );
    const here = structuredClone(request);
    here.plugin.env = WOO;
    const reply = decide(here, memory);
    expect(reply).toMatchObject({ action: "patch", patch_version: "1.2.4", n: 15 });
    expect(reply.confidence).toBeGreaterThan(0.8);
    const [low, high] = reply.interval ?? [0, 0];
    expect(low).toBeLessThan(reply.confidence);
    expect(high).toBeGreaterThan(reply.confidence);
    expect(reply.evidence).toEqual([
      { scope: "1.2.4 on woocommerce 9.1 / php 8.2", successes: 11, n: 12 },
      { scope: "1.2.4 for this very fault", successes: 14, n: 15 },
    ]);
    expect(reply.explanation).toContain("11 of 12 shops recovered with 1.2.4 on woocommerce 9.1 / php 8.2");
    expect(reply.explanation).toContain("90 % interval");
    expect(reply.alternatives.map(({ patch_version }) => patch_version)).toEqual(["1.2.3", "1.3.0"]);
    expect(reply.alternatives[0]).toMatchObject({ n: 0 });
    expect(DecideReply.parse(reply)).toEqual(reply);
  });

  it("passes over a version that failed for this signature, and forgives one failure among many successes", () => {
    expect(decide(request, taught({ failed: 1 })).patch_version).toBe("1.2.4");
    expect(decide(request, taught({ healed: 9, failed: 1 })).patch_version).toBe("1.2.3");
  });

  it("chooses a fix that heals only some environments where it does, and not where it does not", () => {
    const memory = taught({ of: { env: WOO }, healed: 8 }, { failed: 8 });
    const there = structuredClone(request);
    there.plugin.env = WOO;
    expect(decide(there, memory).patch_version).toBe("1.2.3");
    expect(decide(request, memory).patch_version).toBe("1.2.4");
  });

  it("asks a person when nothing on offer is worth its risk, and shows what there was", () => {
    const memory = taught(
      ...["1.2.3", "1.2.4", "1.3.0"].map((target_version) => ({ of: { target_version }, failed: 8 })),
    );
    const reply = decide(request, memory);
    expect(reply.action).toBe("escalate");
    expect(reply.explanation).toMatch(
      /^The best move on offer, patch 1\.\d\.\d, heals with a chance of 0\.\d\d/,
    );
    expect(reply.alternatives).toHaveLength(3);
  });

  it("never answers an excluded fix, whatever it knows", () => {
    const excluded = [{ action: "patch" as const, version: "1.2.3" }];
    const only = aDecideRequest({ candidates: patches("1.2.3"), excluded });
    expect(decide(only, taught({ healed: 99 }))).toMatchObject({ action: "escalate", alternatives: [] });
    const remedies = aDecideRequest({
      candidates: [REMEDY, { ...REMEDY, remedy: "rmd_retry-2" }],
      excluded: [{ action: "config", remedy: "rmd_retry-1" }],
    });
    expect(decide(remedies, NOTHING).remedy).toBe("rmd_retry-2");
  });

  it("takes the move that is more easily taken back at equal odds", () => {
    const back: Candidate = { action: "rollback", version: "1.2.1" };
    const change = aDecideRequest({ candidates: [...patches("1.2.3"), back, REMEDY] });
    change.incident.changed_from = "1.2.1";
    expect(decide(change, NOTHING)).toMatchObject({
      action: "config",
      remedy: "rmd_retry-1",
      config: { retries: 5 },
    });
    change.candidates = [...patches("1.2.3"), back];
    expect(decide(change, NOTHING).action).toBe("rollback");
    change.candidates = [{ action: "patch", version: "1.2.3", reversible: false }, ...patches("1.2.4")];
    expect(decide(change, NOTHING).patch_version).toBe("1.2.4");
  });

  it("patches what has not begun with a change of version, though there is a way back", () => {
    const candidates: Candidate[] = [...patches("1.2.3"), { action: "rollback", version: "1.2.1" }];
    expect(decide(aDecideRequest({ candidates }), NOTHING).action).toBe("patch");
  });

  it("goes on where going back has failed everywhere", () => {
    const candidates: Candidate[] = [...patches("1.2.3"), { action: "rollback", version: "1.2.1" }];
    const newError = aDecideRequest({ type: "new_error", signature: "new_error|1.2.2|", candidates });
    expect(decide(newError, NOTHING).action).toBe("rollback");
    const of = { signature: "new_error|1.2.2|" };
    const memory = taught(
      { of: { ...of, action: "rollback", target_version: "1.2.1" }, failed: 3 },
      { of, healed: 3 },
    );
    expect(decide(newError, memory)).toMatchObject({ action: "patch", patch_version: "1.2.3" });
  });

  it("asks a person about silence, whatever healed it once", () => {
    const silent = aDecideRequest({ type: "heartbeat_missed", candidates: patches("1.2.3") });
    expect(decide(silent, taught({ of: { signature: "heartbeat_missed|1.2.2|" }, healed: 9 })).action).toBe(
      "escalate",
    );
  });
});

describe("votes", () => {
  const request = aDecideRequest({ candidates: patches("1.2.3") });
  const voted = (against: number, overrides: Parameters<typeof aVote>[1] = {}) => {
    const memory = new SiraMemory();
    for (let i = 1; i <= against; i++) memory.vote(aVote(i, overrides));
    return memory;
  };

  it("against a fault stop acting on it: first a person looks, in the end it is only watched", () => {
    expect(decide(request, voted(1)).action).toBe("patch");
    const asked = decide(request, voted(3));
    expect(asked.action).toBe("escalate");
    expect(asked.explanation).toContain("false positive 3");
    expect(decide(request, voted(8, { vote: "not_actionable" })).action).toBe("monitor");
  });

  it("never leave a grave fault to be watched only", () => {
    const grave = structuredClone(request);
    grave.incident.severity = "critical";
    expect(decide(grave, voted(30)).action).toBe("escalate");
  });

  it("for it, and about other faults, change nothing", () => {
    const choice = decide(request, NOTHING);
    expect(decide(request, voted(9, { vote: "useful" }))).toMatchObject({ action: choice.action });
    expect(decide(request, voted(9, { signature: "webhook_fail_rate|1.2.2|other" }))).toEqual(choice);
  });

  it("count once for each incident and person, the latest", () => {
    const memory = voted(1);
    expect(memory.vote(aVote(1))).toBe(false);
    expect(memory.vote(aVote(1, { revision: 3, vote: "useful" }))).toBe(true);
    expect(memory.vote(aVote(1, { revision: 2 }))).toBe(false);
    expect(memory.opinion(request.incident.signature)).toEqual({
      useful: 1,
      not_actionable: 0,
      false_positive: 0,
    });
  });
});

describe("trying in order to learn", () => {
  const allowed = {
    actions: ["patch", "rollback", "config"],
    min_confidence: 0.6,
    steps: ["patch"],
  } as const;
  const offer: Candidate[] = [
    ...patches("1.2.3", "1.2.4", "1.3.0"),
    { action: "patch", version: "1.2.5", reversible: false },
  ];
  const asking = (number: number, policy?: DecideRequest["allowed"]): DecideRequest => {
    const request = aDecideRequest({ candidates: offer });
    request.incident.id = request.incident.id.replace(/1$/, String(number));
    return policy === undefined ? request : { ...request, allowed: policy };
  };
  const memory = taught({ healed: 3, failed: 1 }, { of: { target_version: "1.2.4" }, healed: 7, failed: 1 });
  const tried = (policy?: DecideRequest["allowed"]) =>
    Array.from({ length: 300 }, (_, i) => asking(i, policy)).map((request) =>
      decide(request, memory, drawsFor(request)),
    );

  it("happens only where the policy is told, and says so", () => {
    expect(new Set(tried().map(({ patch_version }) => patch_version))).toEqual(new Set(["1.2.4"]));
    const replies = tried({ ...allowed, actions: [...allowed.actions], steps: [...allowed.steps] });
    const other = replies.filter(({ patch_version }) => patch_version === "1.2.3");
    expect(other.length).toBeGreaterThan(10);
    expect(other.length).toBeLessThan(150);
    for (const reply of other) {
      expect(reply.explored).toBe(true);
      expect(reply.explanation).toContain("in order to learn");
    }
  });

  it("never leaves what may go without a person: the step, the confidence, what can be taken back", () => {
    const replies = tried({ ...allowed, actions: [...allowed.actions], steps: [...allowed.steps] });
    expect(new Set(replies.map(({ patch_version }) => patch_version))).toEqual(new Set(["1.2.3", "1.2.4"]));
    const strict = tried({ actions: ["patch"], min_confidence: 0.99, steps: ["patch"] });
    expect(new Set(strict.map(({ patch_version }) => patch_version))).toEqual(new Set(["1.2.4"]));
  });

  it("does not happen while the best move itself is hardly known: using it teaches most", () => {
    const policy = { actions: [...allowed.actions], min_confidence: 0.6, steps: [...allowed.steps] };
    for (const known of [NOTHING, taught({ healed: 4 })])
      for (let i = 0; i < 50; i++) {
        const request = asking(i, policy);
        expect(decide(request, known, drawsFor(request)).patch_version).toBe("1.2.3");
      }
  });

  it("gives the same answer to the same question", () => {
    const policy = { actions: [...allowed.actions], min_confidence: 0.6, steps: [...allowed.steps] };
    expect(tried(policy)).toEqual(tried(policy));
  });

  it("goes back before it goes on although only the way back needs approval; what needs approval is still proposed", () => {
    const request = asking(1, { actions: ["patch", "rollback"], min_confidence: 0.6, steps: ["patch"] });
    request.incident.changed_from = "1.2.1";
    request.candidates = [...patches("1.2.3"), { action: "rollback", version: "1.2.1", step: "downgrade" }];
    expect(decide(request, NOTHING).action).toBe("rollback");
    const steps = asking(1, { actions: ["patch"], min_confidence: 0.9, steps: [] });
    steps.candidates = patches("1.2.3");
    expect(decide(steps, NOTHING).action).toBe("patch");
  });

  it("chooses as ever where the policy lets nothing happen alone: a person may allow it", () => {
    const request = asking(1, { actions: [], min_confidence: 0.6, steps: [] });
    expect(decide({ ...request, candidates: patches("1.2.3") }, memory)).toMatchObject({ action: "patch" });
  });

  it("does not choose what the policy forbids, but shows it", () => {
    const request = asking(1, { actions: ["rollback"], min_confidence: 0.6, steps: ["patch"] });
    const reply = decide({ ...request, candidates: patches("1.2.3") }, memory);
    expect(reply).toMatchObject({ action: "escalate", alternatives: [{ patch_version: "1.2.3" }] });
  });
});
