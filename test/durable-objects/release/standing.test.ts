import { describe, expect, it } from "vitest";
import type { Person } from "../../../src/contract/ops.ts";
import type { SeenStanding } from "../../../src/contract/release.ts";
import { ada, aRollout, MODERN, OLD, OLD_CLASS, otto, T0, VERSION } from "./a-rollout.ts";

const anna: Person = { id: "anna", name: "Anna", roles: ["approver"] };

describe("bake and relapse", () => {
  it("open the next stage only when the successes of this one have baked", () => {
    const rollout = aRollout({ stages: [{ shops: 2 }, { percent: 100 }], bake_s: 600 });
    rollout.run(1, 2, "success");
    expect(rollout.admit(3)).toMatchObject({ admitted: false, stage: "first 2 shops" });
    rollout.clock.now += 599_000;
    expect(rollout.admit(3)).toMatchObject({ admitted: false });
    expect(rollout.state()).toMatchObject({ success: 2, baked: 0, bake_s: 600, stage: 0 });
    rollout.clock.now += 1_000;
    expect(rollout.admit(3)).toMatchObject({ admitted: true, stage: "100 % of shops" });
    expect(rollout.state()).toMatchObject({ success: 2, stage: 1, in_flight: 1 });
  });

  it("let a shop in at last that every share but the last leaves out, when nobody else asks", () => {
    const rollout = aRollout({
      stages: [{ shops: 2 }, { percent: 0.1 }, { percent: 0.2 }, { percent: 100 }],
      bake_s: 0,
    });
    rollout.run(1, 2, "success");
    const minutes = [0, 9, 10, 19, 20].map((at) => {
      rollout.clock.now = T0 + at * 60_000;
      return [at, rollout.check(3).admitted];
    });
    expect(minutes).toEqual([
      [0, false],
      [9, false],
      [10, false],
      [19, false],
      [20, true],
    ]);
  });

  describe("by time, in a stage with too few shops for its successes,", () => {
    /** The first shops are healed but for the last, which has ended so; ten minutes later the next stage opens. */
    const openShare = (last: "success" | "inconclusive") => {
      const rollout = aRollout({ stages: [{ shops: 2 }, { percent: 0.1 }, { percent: 100 }], abort: [] });
      rollout.run(1, 1, "success");
      rollout.run(2, 2, last);
      rollout.clock.now += 600_000;
      expect([rollout.check(3).admitted, rollout.state().stage]).toEqual([false, 1]);
      rollout.clock.now += 60_000;
      return rollout;
    };
    const MUCH_LATER = 3_600_000;

    it("wait for what has ended otherwise since, a relapse too, until a person acknowledges it", () => {
      const rollout = openShare("success");
      rollout.relapse(2);
      rollout.clock.now += MUCH_LATER;
      expect(rollout.check(3)).toMatchObject({ admitted: false, stage: "0.1 % of shops" });
      rollout.set("paused");
      rollout.set("active", otto, "their host was down");
      expect(rollout.check(3)).toMatchObject({ admitted: true, stage: "100 % of shops" });
    });

    it("do not wait for what a hold explains", () => {
      const rollout = openShare("success");
      rollout.relapse(2);
      const hold = { environment: "woocommerce 9.1 / php 8.2", held: true, reason: "known issue" };
      rollout.standing.hold(VERSION, hold, otto, rollout.clock.now);
      rollout.clock.now += MUCH_LATER;
      expect(rollout.check(3, { env: OLD })).toMatchObject({ admitted: true });
    });

    it("do not wait for what had ended before", () => {
      const rollout = openShare("inconclusive");
      rollout.clock.now += MUCH_LATER;
      expect(rollout.check(3)).toMatchObject({ admitted: true });
    });
  });

  it("turn a success that comes back into a failure, once, and halt for it", () => {
    const rollout = aRollout();
    rollout.run(1, 5, "success");
    rollout.relapse(5);
    rollout.relapse(5);
    expect(rollout.state()).toMatchObject({ success: 4, relapsed: 1, status: "halted" });
    expect(rollout.state().standing).toMatchObject({
      by: "vigie",
      reason: "abort rule: at least 20 % of 5 or more failed in whatever way",
    });
    expect(rollout.audit().map(({ action }) => action)).toEqual(["release.published", "release.halted"]);
  });

  it("count a relapse of what had been acknowledged afresh", () => {
    const rollout = aRollout({ abort: [{ failure: "relapsed", percent: 1, min_finished: 1 }] });
    rollout.run(1, 1, "success");
    rollout.set("paused");
    rollout.set("active");
    rollout.relapse(1);
    expect(rollout.status()).toBe("halted");
  });

  it("know nothing of a relapse after a failure, or of an attempt that took no slot", () => {
    const rollout = aRollout();
    rollout.run(1, 1, "failed");
    rollout.relapse(1);
    rollout.relapse(99);
    expect(rollout.state()).toMatchObject({ failed: 1, relapsed: 0, success: 0 });
  });
});

describe("pause, halt and resume", () => {
  it("pauses for newcomers only, and says who paused it and why", () => {
    const rollout = aRollout();
    rollout.admit(1);
    rollout.set("paused", otto, "freeze for the sales");
    expect(rollout.admit(1)).toMatchObject({ admitted: true });
    expect(rollout.admit(2)).toMatchObject({ admitted: false, paused: true, status: "paused" });
    expect(rollout.state().standing).toEqual({
      by: "otto",
      at: new Date(T0).toISOString(),
      reason: "freeze for the sales",
    });
    rollout.finish(1, "success");
    expect(rollout.state()).toMatchObject({ in_flight: 0, success: 1 });
    rollout.set("active", otto);
    expect(rollout.admit(2)).toMatchObject({ admitted: true });
  });

  it("halts a paused release too: waiting for a person disarms no guard", () => {
    const rollout = aRollout();
    for (let i = 1; i <= 5; i++) rollout.admit(i);
    rollout.set("paused");
    for (let i = 1; i <= 4; i++) rollout.finish(i, "success");
    rollout.finish(5, "rolled_back");
    expect(rollout.status()).toBe("halted");
    expect(rollout.set("paused")).toMatchObject({ ok: false, refusal: { reason: "conflict" } });
  });

  it("acknowledges what had failed when a person resumes, keeps it, and halts only for what is new", () => {
    const rollout = aRollout();
    rollout.run(1, 4, "success");
    rollout.run(5, 5, "rolled_back");
    rollout.clock.now += 60_000;
    expect(rollout.set("active", otto)).toMatchObject({ ok: false, refusal: { reason: "forbidden" } });
    rollout.set("active", anna, "one shop was full");
    expect(rollout.state().acknowledgements).toEqual([
      {
        by: "anna",
        at: new Date(T0 + 60_000).toISOString(),
        reason: "one shop was full",
        finished: 5,
        failures: 1,
      },
    ]);
    rollout.run(6, 9, "success");
    expect(rollout.state()).toMatchObject({ status: "active", rolled_back: 1 });
    rollout.run(10, 10, "failed");
    expect(rollout.status()).toBe("halted");
    rollout.set("active", ada, "again");
    expect(rollout.state().acknowledgements.map(({ by, failures }) => [by, failures])).toEqual([
      ["ada", 1],
      ["anna", 1],
    ]);
  });

  it("is not resumed by whoever saw a pause once an abort rule has halted it", () => {
    const rollout = aRollout({ on_breach: "revert" });
    for (let i = 1; i <= 5; i++) rollout.admit(i);
    rollout.set("paused", otto, "lunch");
    const seen = { from: "paused" as const, since: rollout.state().standing?.at ?? null };
    for (let i = 1; i <= 3; i++) rollout.finish(i, "success");
    for (let i = 4; i <= 5; i++) rollout.finish(i, "rolled_back");
    const resume = (what: SeenStanding) =>
      rollout.standing.setStatus(VERSION, "active", "lunch is over", ada, rollout.clock.now, what);
    expect(resume(seen)).toEqual({
      ok: false,
      refusal: {
        reason: "conflict",
        message: expect.stringMatching(
          /^it is halted by now, not paused \(vigie, .*abort rule.*look at it again/,
        ),
      },
    });
    expect(rollout.state()).toMatchObject({
      status: "halted",
      acknowledgements: [],
      revert: { state: "running" },
    });
    expect(resume({ from: "halted" })).toMatchObject({ ok: true });
    // Whoever is late to let go on what goes on already is not troubled.
    expect(resume(seen)).toMatchObject({ ok: true });
  });

  it("is stopped whatever was seen of it", () => {
    const rollout = aRollout();
    rollout.set("paused");
    const halt = rollout.standing.setStatus(VERSION, "halted", "bad", otto, T0, {
      from: "active",
      since: null,
    });
    expect(halt).toMatchObject({ ok: true, value: { status: "halted" } });
  });

  it("lets only an admin undo a block", () => {
    const rollout = aRollout();
    rollout.set("blocked", otto);
    expect(rollout.set("active", otto)).toMatchObject({ ok: false, refusal: { reason: "forbidden" } });
    expect(rollout.status()).toBe("blocked");
    expect(rollout.set("active", ada)).toMatchObject({ ok: true });
  });

  it("is halted by a cohort's blame while active or paused, and left alone otherwise", () => {
    const rollout = aRollout();
    rollout.set("paused");
    rollout.rollouts.blame(VERSION, "3 shops fail alike", "fin_1", T0);
    expect(rollout.state()).toMatchObject({
      status: "halted",
      standing: { by: "vigie", reason: "3 shops fail alike" },
    });
    rollout.set("blocked");
    rollout.rollouts.blame(VERSION, "again", "fin_2", T0);
    expect(rollout.status()).toBe("blocked");
  });
});

describe("holds", () => {
  it("are learned from failures in one environment; others go on, and what is explained halts nothing", () => {
    const rollout = aRollout();
    rollout.run(1, 8, "success", MODERN);
    rollout.run(9, 10, "rolled_back", OLD);
    expect(rollout.state()).toMatchObject({ status: "active", rolled_back: 2 });
    expect(rollout.state().holds).toMatchObject([
      { environment: OLD_CLASS, source: "learned", by: "vigie", finished: 2, failures: 2, lifted: null },
    ]);
    expect(rollout.admit(11, OLD)).toMatchObject({ admitted: false, status: "held" });
    expect(rollout.admit(12, MODERN)).toMatchObject({ admitted: true });
    expect(rollout.audit().at(-1)).toMatchObject({ actor: "vigie", action: "release.held" });
  });

  it("are not offered what is kept from them", () => {
    const rollout = aRollout();
    rollout.run(1, 8, "success", MODERN);
    rollout.run(9, 10, "failed", OLD);
    const offered = (env: typeof OLD) =>
      rollout.catalogue.offers(env, T0).releases.map(({ version }) => version);
    expect([offered(MODERN), offered(OLD)]).toEqual([[VERSION], []]);
  });

  it("take back an attempt's leave that is not handed over yet, without ending it", () => {
    const rollout = aRollout();
    rollout.admit(20, OLD);
    rollout.run(1, 8, "success", MODERN);
    rollout.run(9, 10, "failed", OLD);
    expect(rollout.admit(20, OLD)).toMatchObject({ admitted: false, status: "held" });
    expect(rollout.state().in_flight).toBe(1);
  });

  it("are lifted by a person, with the reason kept, and learned again only from what comes after", () => {
    const rollout = aRollout();
    rollout.run(1, 20, "success", MODERN);
    rollout.run(21, 22, "failed", OLD);
    rollout.clock.now += 1_000;
    const lift = { environment: OLD_CLASS, held: false, reason: "their host was broken" };
    expect(rollout.standing.hold(VERSION, lift, otto, rollout.clock.now)).toMatchObject({
      ok: false,
      refusal: { reason: "forbidden" },
    });
    expect(rollout.standing.hold(VERSION, lift, anna, rollout.clock.now)).toMatchObject({
      ok: true,
      value: { lifted: { by: "anna", reason: "their host was broken" } },
    });
    expect(rollout.admit(23, OLD)).toMatchObject({ admitted: true });
    rollout.clock.now += 1_000;
    rollout.finish(23, "failed");
    expect(rollout.state().holds[0]?.lifted).not.toBeNull();
    rollout.run(24, 24, "failed", OLD);
    expect(rollout.state().holds).toMatchObject([{ environment: OLD_CLASS, lifted: null, failures: 2 }]);
    expect(rollout.audit().map(({ action }) => action)).toEqual([
      "release.published",
      "release.held",
      "release.hold_lifted",
      "release.held",
    ]);
  });

  it("count nothing against the release, once lifted, that they had explained", () => {
    const rollout = aRollout({ abort: [{ failure: "any", percent: 5, min_finished: 5 }] });
    rollout.run(1, 20, "success", MODERN);
    rollout.standing.hold(VERSION, { environment: OLD_CLASS, held: true, reason: "known issue" }, otto, T0);
    rollout.standing.hold(VERSION, { environment: OLD_CLASS, held: false, reason: "or not" }, anna, T0);
    rollout.admit(21, OLD);
    rollout.admit(22, OLD);
    rollout.standing.hold(VERSION, { environment: OLD_CLASS, held: true, reason: "it is" }, otto, T0);
    rollout.finish(21, "failed");
    rollout.finish(22, "failed");
    rollout.standing.hold(VERSION, { environment: OLD_CLASS, held: false, reason: "mended" }, anna, T0);
    rollout.run(23, 23, "success", MODERN);
    expect(rollout.status()).toBe("active");
    rollout.run(24, 25, "failed", OLD);
    expect(rollout.status()).toBe("halted");
  });

  it("can be set by a person who knows, and only one that is in force can be lifted", () => {
    const rollout = aRollout();
    const hold = { environment: "Magento 2.4.7/PHP 8.1", held: true, reason: "known issue 17" };
    expect(rollout.standing.hold(VERSION, hold, otto, T0)).toMatchObject({
      ok: true,
      value: { source: "person", environment: "magento 2.4 / php 8.1" },
    });
    expect(
      rollout.standing.hold(VERSION, { ...hold, environment: "shopify", held: false }, anna, T0),
    ).toEqual({
      ok: false,
      refusal: { reason: "not_found", message: "shopify is not held; held are: magento 2.4 / php 8.1" },
    });
    const env = { platform: "magento", platform_version: "2.4.7", runtime: "php", runtime_version: "8.1" };
    expect(rollout.admit(1, env)).toMatchObject({ status: "held" });
    expect(rollout.standing.hold(VERSION, { ...hold, held: false }, anna, T0)).toMatchObject({ ok: true });
    expect(rollout.admit(1, env)).toMatchObject({ admitted: true });
  });

  it("are refused for what no shop's class reads like, and lifted by whatever name they have", () => {
    const rollout = aRollout();
    expect(
      rollout.standing.hold(VERSION, { environment: "php 8.*", held: true, reason: "breaks" }, otto, T0),
    ).toMatchObject({ ok: false, refusal: { reason: "invalid", field: "environment" } });
    expect(rollout.state().holds).toEqual([]);
    const odd = "php > 8";
    rollout.storage.sql.exec(
      "INSERT INTO holds (version, environment, hold, lifted_at) VALUES (?, ?, ?, NULL)",
      VERSION,
      odd,
      JSON.stringify({
        environment: odd,
        source: "person",
        by: "otto",
        reason: "breaks",
        at: "2026-11-01T00:00:00.000Z",
        finished: 0,
        failures: 0,
        lifted: null,
      }),
    );
    const lift = { environment: odd, held: false, reason: "mended" };
    expect(rollout.standing.hold(VERSION, lift, anna, T0)).toMatchObject({ ok: true, value: { lifted: {} } });
  });

  it("free the places in a stage that failures under them had taken", () => {
    const rollout = aRollout({ stages: [{ shops: 10 }], abort: [] });
    rollout.run(1, 8, "success", MODERN);
    rollout.run(9, 10, "failed", OLD);
    expect(rollout.admit(11, MODERN)).toMatchObject({ admitted: true });
  });
});

describe("floor", () => {
  const to = (version: string | null) => ({ product: "molam-woocommerce", version, reason: "card data" });

  it("keeps every way below it shut, also the way back, and says so in the audit log", () => {
    const rollout = aRollout();
    expect(rollout.floors.set({ ...to("1.3.0"), bars_all: true }, ada, T0)).toMatchObject({ ok: true });
    expect(rollout.check(1)).toMatchObject({
      admitted: false,
      status: "below_floor",
      bound: "at least 1.3.0",
    });
    expect(rollout.check(1, { action: "rollback" })).toMatchObject({
      admitted: false,
      status: "below_floor",
    });
    expect(rollout.catalogue.offers(MODERN, T0).releases).toEqual([]);
    rollout.floors.set(to("1.2.3"), ada, T0);
    expect(rollout.check(1)).toMatchObject({ admitted: true });
    expect(rollout.floors.set(to(null), ada, T0)).toMatchObject({ ok: true, value: { version: null } });
    expect(rollout.audit().map(({ action }) => action)).toEqual([
      "release.published",
      "floor.set",
      "floor.set",
      "floor.removed",
    ]);
    // All at one moment, and still a line for each: the ledger knows a line by its id.
    expect(new Set(rollout.audit().map(({ id }) => id)).size).toBe(4);
  });
});

describe("a floor above every active release", () => {
  const slip = { product: "molam-woocommerce", version: "12.0.0", reason: "card data" };

  it("is refused unless it is meant, and a look at it changes nothing", () => {
    const rollout = aRollout();
    expect(rollout.floors.reach("12.0.0", T0)).toMatchObject({ shut: [VERSION], left: [] });
    expect(rollout.floors.set(slip, ada, T0)).toMatchObject({ ok: false, refusal: { reason: "conflict" } });
    expect(rollout.admit(1)).toMatchObject({ admitted: true });
    expect(rollout.floors.set({ ...slip, bars_all: true }, ada, T0)).toMatchObject({ ok: true });
    expect(rollout.admit(2)).toMatchObject({ admitted: false, status: "below_floor" });
    // What is in force may be said again, and removed, without a word more.
    expect(rollout.floors.set(slip, ada, T0)).toMatchObject({ ok: true });
    expect(rollout.floors.set({ ...slip, version: null }, ada, T0)).toMatchObject({ ok: true });
  });
});

describe("a way back", () => {
  it("waits for no stage, takes no slot, and is not stopped by a pause", () => {
    const rollout = aRollout({ stages: [{ shops: 1 }], in_flight: 1 });
    rollout.admit(1);
    rollout.set("paused");
    const back = { version: VERSION, plugin_id: "plg_2", attempt_id: "att_2", canary: rollout.canary };
    expect(rollout.rollouts.admit({ ...back, action: "rollback" }, T0)).toMatchObject({ admitted: true });
    expect(rollout.state().in_flight).toBe(1);
    rollout.set("halted");
    expect(rollout.rollouts.admit({ ...back, action: "rollback" }, T0)).toMatchObject({ admitted: false });
  });
});
