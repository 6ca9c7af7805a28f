import { describe, expect, it } from "vitest";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import {
  type AdmissionFacts,
  admission,
  advance,
  breachedRule,
  EMPTY_TALLY,
  STAGE_PATIENCE_MS,
  type Tally,
} from "../../src/core/canary.ts";

const T0 = 1_800_000_000_000;
/** First 5 shops, 20 %, 50 %, 100 %; 20 in flight; halt at 20 % failures of 5. */
const canary = defaultPolicyDocument().canary;
const aTally = (overrides: Partial<Tally> = {}): Tally => ({ ...EMPTY_TALLY, ...overrides });
const someFacts = (overrides: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  status: "active",
  expired: false,
  rollout: { stage: 0, since: T0, baseline: 0 },
  tally: EMPTY_TALLY,
  canary,
  place: 50,
  slot: "none",
  ...overrides,
});

describe("canary stages", () => {
  it.each([
    ["stays while too few shops are healed", aTally({ success: 4 }), 0],
    ["moves on when the first shops are healed", aTally({ success: 5 }), 1],
    ["does not count failures as progress", aTally({ success: 4, failed: 3 }), 0],
  ])("%s", (_, tally, stage) => {
    expect(advance({ stage: 0, since: T0, baseline: 0 }, tally, canary, T0).stage).toBe(stage);
  });

  it("walk through shares by successes, one stage at a time", () => {
    const second = advance({ stage: 0, since: T0, baseline: 0 }, aTally({ success: 5 }), canary, T0 + 1);
    expect(second).toEqual({ stage: 1, since: T0 + 1, baseline: 5 });
    expect(advance(second, aTally({ success: 9 }), canary, T0 + 2)).toEqual(second);
    expect(advance(second, aTally({ success: 10 }), canary, T0 + 2)).toEqual({
      stage: 2,
      since: T0 + 2,
      baseline: 10,
    });
  });

  it("let time finish a share of a small fleet, only when nothing is in flight and something worked", () => {
    const rollout = { stage: 1, since: T0, baseline: 5 };
    const later = T0 + STAGE_PATIENCE_MS;
    expect(advance(rollout, aTally({ success: 5 }), canary, later).stage).toBe(2);
    expect(advance(rollout, aTally({ success: 5 }), canary, later - 1).stage).toBe(1);
    expect(advance(rollout, aTally({ success: 5, inFlight: 1 }), canary, later).stage).toBe(1);
    expect(advance({ ...rollout, baseline: 0 }, aTally(), canary, later).stage).toBe(1);
  });

  it("end at the last one, also when the policy has fewer stages than before", () => {
    const last = { stage: 3, since: T0, baseline: 20 };
    expect(advance(last, aTally({ success: 100 }), canary, T0 + 1)).toEqual(last);
    const short = { ...canary, stages: [{ percent: 100 }] };
    expect(advance(last, aTally(), short, T0 + 1).stage).toBe(0);
  });
});

describe("admission", () => {
  it.each([
    [
      "the first shops, while places are left",
      someFacts({ tally: aTally({ inFlight: 3, success: 1 }) }),
      true,
    ],
    [
      "nobody more when the first shops are taken",
      someFacts({ tally: aTally({ inFlight: 3, success: 2 }) }),
      false,
    ],
    [
      "another shop for one that failed",
      someFacts({ tally: aTally({ inFlight: 3, success: 1, failed: 1 }) }),
      true,
    ],
    [
      "a shop inside the share",
      someFacts({ rollout: { stage: 1, since: T0, baseline: 5 }, place: 19.9 }),
      true,
    ],
    [
      "no shop outside the share",
      someFacts({ rollout: { stage: 1, since: T0, baseline: 5 }, place: 20 }),
      false,
    ],
    ["every shop at 100 %", someFacts({ rollout: { stage: 3, since: T0, baseline: 9 }, place: 99.99 }), true],
    [
      "nobody beyond the limit in flight",
      someFacts({ rollout: { stage: 3, since: T0, baseline: 9 }, tally: aTally({ inFlight: 20 }) }),
      false,
    ],
    [
      "an attempt that holds a slot, whatever the limit",
      someFacts({ slot: "open", tally: aTally({ inFlight: 20 }) }),
      true,
    ],
    ["no attempt that has finished", someFacts({ slot: "finished" }), false],
    ["nobody to a halted release", someFacts({ status: "halted" }), false],
    [
      "nobody to a blocked release, not even who holds a slot",
      someFacts({ status: "blocked", slot: "open" }),
      false,
    ],
    ["nobody to a release whose manifest has expired", someFacts({ expired: true }), false],
  ])("gives a release to %s", (_, facts, admitted) => {
    expect(admission(facts).admitted).toBe(admitted);
  });

  it("says which stage and which bound decided", () => {
    expect(admission(someFacts({ tally: aTally({ inFlight: 5 }) }))).toEqual({
      admitted: false,
      status: "active",
      stage: "first 5 shops",
      observed: "5 in flight or healed",
      bound: "fewer than 5",
    });
    expect(admission(someFacts({ rollout: { stage: 1, since: T0, baseline: 5 }, place: 41.234 }))).toEqual({
      admitted: false,
      status: "active",
      stage: "20 % of shops",
      observed: "place 41.2",
      bound: "below 20",
    });
  });
});

describe("abort rules", () => {
  const any = { failure: "any", percent: 20, min_finished: 5 } as const;
  it.each([
    ["too few have finished", aTally({ rolled_back: 4 }), [any], false],
    ["the share is reached", aTally({ rolled_back: 1, success: 4 }), [any], true],
    ["the share is not reached", aTally({ rolled_back: 1, success: 5 }), [any], false],
    ["failures of both kinds add up", aTally({ rolled_back: 1, failed: 1, success: 8 }), [any], true],
    [
      "only the other kind failed",
      aTally({ failed: 5 }),
      [{ ...any, failure: "rolled_back" as const }],
      false,
    ],
    [
      "inconclusive ones count as finished, not as failures",
      aTally({ inconclusive: 9, failed: 1 }),
      [any],
      false,
    ],
    ["a rule of 0 % still needs a failure", aTally({ success: 9 }), [{ ...any, percent: 0 }], false],
    ["a rule of 0 % breaks on the first", aTally({ success: 8, failed: 1 }), [{ ...any, percent: 0 }], true],
    ["there are no rules", aTally({ failed: 50 }), [], false],
  ])("are judged when %s", (_, tally, rules, broken) => {
    expect(breachedRule(tally, rules) !== null).toBe(broken);
  });
});
