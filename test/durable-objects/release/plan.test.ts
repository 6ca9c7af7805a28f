import { describe, expect, it } from "vitest";
import type { Remedy } from "../../../src/contract/remedy.ts";
import { ada, aRollout, MODERN, T0, VERSION } from "./a-rollout.ts";
import { PRODUCT } from "./release-desks.ts";

const WAVES = {
  waves: [
    { merchants: ["lome-market"], successes: 1 },
    { percent: 100, bake_s: 0 },
  ],
};

describe("a planned rollout", () => {
  it("takes the place of the policy's stages, and begins at its first wave", () => {
    const rollout = aRollout();
    rollout.run(1, 2, "success");
    rollout.clock.now += 5_000;
    rollout.standing.plan(VERSION, WAVES, "pilots first", ada, rollout.clock.now);
    expect(rollout.admit(3)).toMatchObject({ admitted: false, stage: "merchant lome-market" });
    expect(rollout.state()).toMatchObject({
      source: "plan",
      stage: 0,
      stages: ["merchant lome-market", "100 % of shops"],
      stage_since: new Date(T0 + 5_000).toISOString(),
      plan: { by: "ada", reason: "pilots first", plan: WAVES },
    });
    expect(rollout.audit().at(-1)).toMatchObject({ action: "rollout.planned", data: { plan: WAVES } });
  });

  it("opens its next wave by its own successes, not by those of before", () => {
    const rollout = aRollout({ bake_s: 0 });
    rollout.run(1, 2, "success");
    rollout.standing.plan(VERSION, WAVES, "pilots first", ada, T0);
    const pilot = { merchant_id: "lome-market" };
    expect(rollout.check(3)).toMatchObject({ admitted: false });
    expect(rollout.check(4, pilot)).toMatchObject({ admitted: true });
    rollout.rollouts.admit(
      { version: VERSION, plugin_id: "plg_4", attempt_id: "att_4", canary: rollout.canary, ...pilot },
      T0,
    );
    rollout.finish(4, "success");
    expect(rollout.check(3)).toMatchObject({ admitted: true, stage: "100 % of shops" });
  });

  it("halts by the thresholds of its wave", () => {
    const rollout = aRollout({ abort: [] });
    const strict = [{ failure: "any" as const, percent: 1, min_finished: 1 }];
    rollout.standing.plan(VERSION, { waves: [{ percent: 100, abort: strict }] }, "carefully", ada, T0);
    rollout.run(1, 1, "failed");
    expect(rollout.status()).toBe("halted");
  });

  it("is cancelled back to the policy's first stage; without a plan there is nothing to cancel", () => {
    const rollout = aRollout();
    rollout.standing.plan(VERSION, WAVES, "pilots first", ada, T0);
    expect(rollout.standing.plan(VERSION, null, "no need", ada, T0)).toMatchObject({ ok: true });
    expect(rollout.state()).toMatchObject({ source: "policy", plan: null, stage: 0 });
    expect(rollout.standing.plan(VERSION, null, "again", ada, T0)).toMatchObject({
      ok: false,
      refusal: { reason: "not_found" },
    });
    expect(rollout.standing.plan("9.9.9", WAVES, "what", ada, T0)).toMatchObject({
      ok: false,
      refusal: { reason: "not_found", message: "no release 9.9.9" },
    });
  });

  it("says whom its waves would reach, and changes nothing by that", () => {
    const rollout = aRollout();
    const shop = (number: number, merchant_id: string) => ({
      id: `plg_${String(number).padStart(27, "0")}`,
      merchant_id,
      version: "1.2.0",
      env: MODERN,
    });
    const shops = [
      shop(1, "lome-market"),
      shop(2, "dakar-textiles"),
      { ...shop(3, "lome-market"), version: VERSION },
    ];
    expect(rollout.catalogue.reach(VERSION, WAVES, shops, rollout.canary, T0)).toEqual({
      ok: true,
      value: {
        out_of_reach: 1,
        notes: [expect.stringContaining("stays open")],
        waves: [
          { wave: "merchant lome-market", not_before: null, shops: 1, added: 1, sample: [shops[0]?.id] },
          { wave: "100 % of shops", not_before: null, shops: 2, added: 1, sample: [shops[1]?.id] },
        ],
      },
    });
    expect(rollout.state().source).toBe("policy");
  });

  it("says that its waves reach nobody below the floor, and nobody yet while halted", () => {
    const rollout = aRollout();
    const shop = { id: "plg_1", merchant_id: "lome-market", version: "1.2.0", env: MODERN };
    const reach = () => {
      const answer = rollout.catalogue.reach(
        VERSION,
        { waves: [{ percent: 100 }] },
        [shop],
        rollout.canary,
        T0,
      );
      if (!answer.ok) throw new Error("refused");
      return [answer.value.out_of_reach, answer.value.waves[0]?.shops, ...(answer.value.notes ?? [])];
    };
    expect(reach()).toEqual([0, 1]);
    rollout.set("halted");
    expect(reach()).toEqual([0, 1, expect.stringContaining("until a person resumes it")]);
    rollout.set("active");
    rollout.floors.set({ product: PRODUCT, version: "12.0.0", reason: "meant", bars_all: true }, ada, T0);
    expect(reach()).toEqual([1, 0, expect.stringContaining("below the product's floor 12.0.0")]);
  });
});

describe("a remedy", () => {
  const ID = "rmd_checkout-timeout";
  const aRemedy = (overrides: Partial<Remedy> = {}): Remedy => ({
    id: ID,
    product: "molam-woocommerce",
    title: "Longer timeout",
    for: ["webhook_fail_rate"],
    set: { timeout_s: 30, retry: true },
    status: "active",
    published_by: "ada",
    published_at: new Date(T0).toISOString(),
    revision: 1,
    ...overrides,
  });

  it("is staged, halted and resumed like a release, apart from the releases", () => {
    const rollout = aRollout({
      stages: [{ shops: 2 }],
      abort: [{ failure: "any", percent: 50, min_finished: 2 }],
    });
    expect(rollout.catalogue.publishRemedy(aRemedy(), T0)).toEqual({ ok: true, value: aRemedy() });
    const admitted = [1, 2, 3].map((number) => rollout.admit(number, MODERN, ID).admitted);
    expect(admitted).toEqual([true, true, false]);
    rollout.finish(1, "success", ID);
    rollout.finish(2, "rolled_back", ID);
    expect([rollout.status(ID), rollout.status()]).toEqual(["halted", "active"]);
    expect(rollout.standing.setStatus(ID, "active", "one shop only", ada, T0)).toMatchObject({
      ok: true,
      value: { id: ID, status: "active", revision: 3 },
    });
    expect(
      rollout.ledger().flatMap((record) => (record.kind === "remedy" ? [record.row.status] : [])),
    ).toEqual(["active", "halted", "active"]);
  });

  it("is offered while active, and not while halted or paused", () => {
    const rollout = aRollout();
    rollout.catalogue.publishRemedy(aRemedy(), T0);
    const offered = () => rollout.catalogue.offers(MODERN, T0).remedies.map(({ id }) => id);
    expect(offered()).toEqual([ID]);
    rollout.standing.setStatus(ID, "paused", "wait", ada, T0);
    expect(offered()).toEqual([]);
  });

  it("is published once for the same settings, whatever their order, until it is blocked", () => {
    const rollout = aRollout();
    rollout.catalogue.publishRemedy(aRemedy(), T0);
    const twin = aRemedy({ id: "rmd_another-one", set: { retry: true, timeout_s: 30 } });
    expect(rollout.catalogue.publishRemedy(twin, T0)).toMatchObject({
      ok: false,
      refusal: { reason: "conflict", message: expect.stringContaining(ID) },
    });
    rollout.standing.setStatus(ID, "blocked", "wrong", ada, T0);
    expect(rollout.catalogue.publishRemedy(twin, T0)).toMatchObject({ ok: true });
  });

  it("is refused for versions that cannot be", () => {
    const remedy = aRemedy({ min_version: "2.0.0", max_version: "1.0.0" });
    expect(aRollout().catalogue.publishRemedy(remedy, T0)).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "max_version" },
    });
  });
});
