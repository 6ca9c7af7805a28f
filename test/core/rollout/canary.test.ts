import { describe, expect, it } from "vitest";
import { defaultPolicyDocument } from "../../../src/contract/policy.ts";
import type { RolloutPlan } from "../../../src/contract/rollout-plan.ts";
import {
  type AdmissionFacts,
  admission,
  advance,
  breachedRule,
  EMPTY_TALLY,
  failuresOf,
  type Progress,
  STAGE_PATIENCE_MS,
  type Tally,
} from "../../../src/core/rollout/canary.ts";
import { courseOf } from "../../../src/core/rollout/rollout-course.ts";

const T0 = 1_800_000_000_000;
/** First 5 shops, 20 %, 50 %, 100 %; 20 in flight; 600 s of bake; halt at 20 % failures of 5. */
const canary = defaultPolicyDocument().canary;
const course = courseOf(canary, null);
const planned = (waves: RolloutPlan["waves"]) => courseOf(canary, { waves });
const aTally = (overrides: Partial<Tally> = {}): Tally => ({ ...EMPTY_TALLY, ...overrides });
/** Everything baked, nothing acknowledged, unless told otherwise. */
const someProgress = (tally: Partial<Tally> = {}, baked = tally.success ?? 0): Progress => ({
  all: aTally(tally),
  open: aTally(tally),
  bakedBy: () => baked,
  setbacksSince: () => failuresOf(aTally(tally)) + aTally(tally).inconclusive,
});
const someFacts = (overrides: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  status: "active",
  expired: false,
  held: null,
  belowFloor: null,
  rollout: { stage: 0, since: T0, baseline: 0 },
  progress: someProgress(),
  course,
  place: 50,
  merchantId: "dakar-textiles",
  slot: "none",
  wayBack: false,
  now: T0,
  ...overrides,
});

describe("canary stages", () => {
  const first = { stage: 0, since: T0, baseline: 0 };
  it.each([
    ["stay while too few shops are healed", someProgress({ success: 4 }), 0],
    ["move on when the first shops are healed and baked", someProgress({ success: 5 }), 1],
    ["stay while a success has not baked", someProgress({ success: 5 }, 4), 0],
    ["move on when every place has ended, whichever way", someProgress({ success: 3, failed: 2 }), 1],
    ["stay when every place has failed", someProgress({ failed: 5 }), 0],
    ["count a relapse as an end, not as a success", someProgress({ success: 4, relapsed: 1 }, 4), 1],
  ])("%s", (_, progress, stage) => {
    expect(advance(first, progress, course, T0).stage).toBe(stage);
  });

  it("ask for successes that are as old as the bake time of the stage", () => {
    const cutoffs: number[] = [];
    const progress: Progress = {
      ...someProgress({ success: 5 }),
      bakedBy: (cutoff) => {
        cutoffs.push(cutoff);
        return 0;
      },
    };
    advance(first, progress, courseOf({ ...canary, bake_s: 60 }, null), T0);
    expect(cutoffs).toEqual([T0 - 60_000]);
  });

  it("walk through shares by baked successes, one stage at a time", () => {
    const second = advance(first, someProgress({ success: 5 }), course, T0 + 1);
    expect(second).toEqual({ stage: 1, since: T0 + 1, baseline: 5 });
    expect(advance(second, someProgress({ success: 10 }, 9), course, T0 + 2)).toEqual(second);
    expect(advance(second, someProgress({ success: 12 }, 10), course, T0 + 2)).toEqual({
      stage: 2,
      since: T0 + 2,
      baseline: 12,
    });
  });

  it("let time finish a share of a small fleet, only when nothing is in flight and all is baked", () => {
    const rollout = { stage: 1, since: T0, baseline: 5 };
    const later = T0 + STAGE_PATIENCE_MS;
    const stageOf = (progress: Progress, at = later, from = rollout) =>
      advance(from, progress, course, at).stage;
    expect(stageOf(someProgress({ success: 5 }))).toBe(2);
    expect(stageOf(someProgress({ success: 5 }), later - 1)).toBe(1);
    expect(stageOf(someProgress({ success: 5, inFlight: 1 }))).toBe(1);
    expect(stageOf(someProgress({ success: 6 }, 5))).toBe(1);
    expect(stageOf(someProgress(), later, { ...rollout, baseline: 0 })).toBe(1);
  });

  it("let time finish nothing while something has ended otherwise since the stage opened", () => {
    const rollout = { stage: 1, since: T0, baseline: 5 };
    const stageOf = (progress: Progress) => advance(rollout, progress, course, T0 + STAGE_PATIENCE_MS).stage;
    for (const setback of ["inconclusive", "rolled_back", "failed", "relapsed"] as const)
      expect([setback, stageOf(someProgress({ success: 5, [setback]: 1 }))]).toEqual([setback, 1]);
    const asked: number[] = [];
    const before: Progress = {
      ...someProgress({ success: 5, failed: 1 }),
      setbacksSince: (from) => {
        asked.push(from);
        return 0;
      },
    };
    expect(stageOf(before)).toBe(2);
    expect(asked).toEqual([T0]);
  });

  it("end at the last one, also when there are fewer stages than before", () => {
    const last = { stage: 3, since: T0, baseline: 20 };
    expect(advance(last, someProgress({ success: 100 }), course, T0 + 1)).toEqual(last);
    const short = courseOf({ ...canary, stages: [{ percent: 100 }] }, null);
    expect(advance(last, someProgress(), short, T0 + 1).stage).toBe(0);
  });
});

describe("planned waves", () => {
  const opens = new Date(T0 + 3_600_000).toISOString();
  const plan = planned([
    { merchants: ["dakar-textiles", "lome-market"], successes: 1 },
    { shops: 20, not_before: opens },
    { percent: 100, abort: [{ failure: "any", percent: 1, min_finished: 1 }] },
  ]);
  const first = { stage: 0, since: T0, baseline: 0 };

  it("open in order, the next one when the wave before has its successes and its date has come", () => {
    const enough = someProgress({ success: 1 });
    expect(advance(first, enough, plan, T0 + 1).stage).toBe(0);
    expect(advance(first, someProgress(), plan, T0 + 3_600_000).stage).toBe(0);
    expect(advance(first, enough, plan, T0 + 3_600_000).stage).toBe(1);
  });

  it("are completed by their successes and by no time, whether the plan says how many or not", () => {
    const late = T0 + 30 * STAGE_PATIENCE_MS;
    for (const wave of [{ merchants: ["lome-market"], successes: 20 }, { merchants: ["lome-market"] }]) {
      const pilots = planned([wave, { percent: 100 }]);
      expect(advance(first, someProgress({ success: 1 }), pilots, late).stage).toBe(0);
      expect(advance(first, someProgress({ success: 20 }), pilots, T0).stage).toBe(1);
    }
  });

  it("count for nothing what had succeeded before the plan, however long their date is awaited", () => {
    const dated = planned([{ merchants: ["lome-market"], not_before: opens }, { percent: 100 }]);
    const after = { stage: 0, since: T0, baseline: 5 };
    expect(advance(after, someProgress({ success: 5 }), dated, T0 + 3_600_000).stage).toBe(0);
    expect(advance(after, someProgress({ success: 10 }), dated, T0 + 3_600_000).stage).toBe(1);
  });

  it("open by date alone when no success is asked for", () => {
    const dated = planned([
      { shops: 3, successes: 0 },
      { percent: 100, not_before: opens },
    ]);
    expect(advance(first, someProgress(), dated, T0).stage).toBe(0);
    expect(advance(first, someProgress(), dated, T0 + 3_600_000).stage).toBe(1);
  });

  it("keep whom they have reached: a shop of an earlier wave is admitted whatever its place", () => {
    const second = { stage: 1, since: T0, baseline: 1 };
    const full = someProgress({ success: 20 });
    const ask = (merchantId: string | null) =>
      admission(
        someFacts({ course: plan, rollout: second, progress: full, merchantId, now: T0 + 3_600_000 }),
      );
    expect(ask("lome-market")).toMatchObject({ admitted: true });
    expect(ask("abidjan-shoes")).toMatchObject({ admitted: false, observed: "20 places taken" });
    expect(ask(null)).toMatchObject({ admitted: false });
  });

  it("admit the merchants they name and nobody before their date", () => {
    const ask = (merchantId: string, now = T0) =>
      admission(someFacts({ course: plan, rollout: first, merchantId, now }));
    expect(ask("dakar-textiles")).toMatchObject({ admitted: true, stage: "2 merchants" });
    expect(ask("abidjan-shoes")).toMatchObject({ admitted: false, observed: "merchant abidjan-shoes" });
    const later = planned([{ percent: 100, not_before: opens }]);
    expect(admission(someFacts({ course: later }))).toMatchObject({
      admitted: false,
      observed: "has not opened",
      bound: `from ${opens}`,
    });
    expect(admission(someFacts({ course: later, now: T0 + 3_600_000 }))).toMatchObject({ admitted: true });
  });

  it("have thresholds and bake times of their own, or the policy's", () => {
    expect(plan.stages.map(({ abort }) => abort)).toEqual([
      canary.abort,
      canary.abort,
      [{ failure: "any", percent: 1, min_finished: 1 }],
    ]);
    expect(planned([{ shops: 1, bake_s: 0 }, { percent: 5 }]).stages.map(({ bakeMs }) => bakeMs)).toEqual([
      0, 600_000,
    ]);
  });
});

describe("admission", () => {
  const share = { stage: 1, since: T0, baseline: 5 };
  const everybody = { stage: 3, since: T0, baseline: 9 };
  it.each([
    ["the first shops, while places are left", { progress: someProgress({ inFlight: 3, success: 1 }) }, true],
    [
      "nobody more when the first shops are taken",
      { progress: someProgress({ inFlight: 3, success: 2 }) },
      false,
    ],
    [
      "nobody in the place of one that failed",
      { progress: someProgress({ inFlight: 3, success: 1, failed: 1 }) },
      false,
    ],
    [
      "another shop for a failure that was acknowledged or is explained",
      { progress: { ...someProgress({ inFlight: 3, success: 1, failed: 1 }), open: aTally({ success: 1 }) } },
      true,
    ],
    ["a shop inside the share", { rollout: share, place: 19.9 }, true],
    ["no shop outside the share", { rollout: share, place: 20 }, false],
    ["every shop at 100 %", { rollout: everybody, place: 99.99 }, true],
    [
      "nobody beyond the limit in flight",
      { rollout: everybody, progress: someProgress({ inFlight: 20 }) },
      false,
    ],
    [
      "an attempt that holds a slot, whatever the limit",
      { slot: "open", progress: someProgress({ inFlight: 20 }) },
      true,
    ],
    ["an attempt that holds a slot while it is paused", { slot: "open", status: "paused" }, true],
    ["nobody new while it is paused", { status: "paused" }, false],
    ["no attempt that has finished", { slot: "finished" }, false],
    ["nobody when it is halted, not even who holds a slot", { status: "halted", slot: "open" }, false],
    ["nobody when it is blocked, not even who holds a slot", { status: "blocked", slot: "open" }, false],
    ["nobody when its manifest has expired", { expired: true, slot: "open" }, false],
    [
      "no shop of a held environment, not even with a slot",
      { held: "woocommerce 9.1 / php 7.4", slot: "open" },
      false,
    ],
    ["nobody below the floor", { belowFloor: "1.2.0" }, false],
    [
      "a way back, whatever stage, slots and pause",
      { wayBack: true, status: "paused", progress: someProgress({ inFlight: 99 }) },
      true,
    ],
    ["no way back to what is halted", { wayBack: true, status: "halted" }, false],
    ["no way back to a held environment", { wayBack: true, held: "prestashop 8.1 / php 8.1" }, false],
    ["no way back below the floor", { wayBack: true, belowFloor: "2.0.0" }, false],
  ] as [string, Partial<AdmissionFacts>, boolean][])("gives a release to %s", (_, facts, admitted) => {
    expect(admission(someFacts(facts)).admitted).toBe(admitted);
  });

  it("says which stage and which bound decided", () => {
    expect(admission(someFacts({ progress: someProgress({ inFlight: 5 }) }))).toEqual({
      admitted: false,
      status: "active",
      stage: "first 5 shops",
      observed: "5 places taken",
      bound: "fewer than 5",
    });
    expect(admission(someFacts({ rollout: share, place: 41.234 }))).toEqual({
      admitted: false,
      status: "active",
      stage: "20 % of shops",
      observed: "place 41.2",
      bound: "below 20",
    });
  });

  it("tells waiting from refusal: paused may come; held, below the floor and expired may not", () => {
    expect(admission(someFacts({ status: "paused" }))).toMatchObject({ status: "paused", paused: true });
    expect(admission(someFacts({ held: "magento 2.4 / php 8.1" }))).toMatchObject({
      status: "held",
      observed: "held for magento 2.4 / php 8.1",
    });
    expect(admission(someFacts({ belowFloor: "1.2.0" }))).toMatchObject({
      status: "below_floor",
      bound: "at least 1.2.0",
    });
    expect(admission(someFacts({ expired: true }))).toMatchObject({
      status: "expired",
      observed: "the manifest has expired",
    });
  });
});

describe("abort rules", () => {
  const any = { failure: "any", percent: 20, min_finished: 5 } as const;
  it.each([
    ["too few have finished", aTally({ rolled_back: 4 }), [any], false],
    ["the share is reached", aTally({ rolled_back: 1, success: 4 }), [any], true],
    ["the share is not reached", aTally({ rolled_back: 1, success: 5 }), [any], false],
    [
      "failures of every kind add up",
      aTally({ rolled_back: 1, failed: 1, relapsed: 1, success: 12 }),
      [any],
      true,
    ],
    ["successes relapsed", aTally({ relapsed: 1, success: 4 }), [any], true],
    [
      "relapses alone are asked for and nothing relapsed",
      aTally({ failed: 5 }),
      [{ ...any, failure: "relapsed" as const }],
      false,
    ],
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
