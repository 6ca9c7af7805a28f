import { describe, expect, it } from "vitest";
import type { EmergencyDesk } from "../../../durable-objects/fleet/emergency-desk.ts";
import type { AttemptStatus } from "../../../src/contract/attempt.ts";
import {
  CancelPendingRequest,
  Emergency,
  EmergencyDetail,
  RollbackSinceRequest,
} from "../../../src/contract/emergency.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { ANNA, answered, attemptOf, granted, type ScriptedFleet, withFleet } from "./scripted-fleet.ts";

const cancel = (input: object = {}) => CancelPendingRequest.parse({ reason: "checkout is down", ...input });
const rollback = (input: object = {}) =>
  RollbackSinceRequest.parse({
    minutes: 30,
    wave_size: 2,
    wave_growth: 1,
    pause_s: 0,
    reason: "checkout is down",
    ...input,
  });
const detailOf = async (desk: EmergencyDesk, id: string): Promise<EmergencyDetail> =>
  EmergencyDetail.parse(granted(await desk.detail(id, { after: 0 }, Date.now())));

async function confirmed(desk: EmergencyDesk, input: object = {}): Promise<Emergency> {
  const plan = granted(await desk.rollbackSince(rollback(input), ANNA, Date.now()));
  const { digest, counts } = plan;
  return granted(await desk.confirm(plan.id, { digest, targets: counts.targets }, ANNA, Date.now()));
}

/** The attempts that take these shops' changes back end so. */
function end(desk: EmergencyDesk, shops: number[], ending: AttemptStatus = "success"): void {
  for (const shop of shops)
    desk.heard(
      { attempt_id: attemptOf(shop, 2), outcome: "cancelled", ending, reverts: attemptOf(shop) },
      Date.now(),
    );
}
/** Applied `shop` + 1 minutes ago, so that shop 0 is the newest. */
function applied(fleet: ScriptedFleet, shops: number): void {
  for (let shop = 0; shop < shops; shop++) fleet.has(shop, "applied", shop + 1);
}

describe("cancelling everything pending", () => {
  it("planned, it lists what no shop was told of, and gives no order", () =>
    withFleet(5, async (fleet) => {
      fleet.has(0, "waiting");
      fleet.has(1, "waiting", 5, { subject: "rmd_1", action: "config" });
      fleet.has(2, "handed_over");
      fleet.has(3, "applied");
      fleet.has(4, "waiting", 5, { takes_back: true });
      const desk = fleet.desk();
      const plan = Emergency.parse(
        granted(await desk.cancelPending(cancel({ dry_run: true }), ANNA, Date.now())),
      );
      expect(plan).toMatchObject({ id: "emg_1", status: "planned", counts: { targets: 2, waiting: 2 } });
      const { targets } = await detailOf(desk, plan.id);
      expect(targets.map(({ merchant_id, version }) => [merchant_id, version])).toEqual([
        ["m0", "1.2.3"],
        ["m1", "rmd_1"],
      ]);
      await desk.run();
      expect(fleet.orders).toEqual([]);
      expect(fleet.audit()).toEqual(["emergency.planned"]);
    }));

  it("runs at once when it is no dry run, in the name of whoever asked, and is over when all have answered", () =>
    withFleet(3, async (fleet) => {
      for (let shop = 0; shop < 3; shop++) fleet.has(shop, "waiting");
      fleet.answer = (_, shop) => answered(shop === 1 ? "nothing" : "cancel", attemptOf(shop));
      const desk = fleet.desk();
      const { id, status } = granted(await desk.cancelPending(cancel(), ANNA, Date.now()));
      expect(status).toBe("running");
      await desk.run();
      expect(fleet.shopsOrdered().sort()).toEqual([0, 1, 2]);
      expect(fleet.orders[0]?.order).toMatchObject({
        kind: "cancel",
        attempt_id: attemptOf(fleet.orders[0]?.shop ?? 0),
        by: "anna",
        cause: "emergency",
        reason: "emg_1: checkout is down",
      });
      expect(await detailOf(desk, id)).toMatchObject({
        status: "done",
        confirmed_by: "anna",
        counts: { done: 2, skipped: 1, failed: 0, waiting: 0 },
      });
      expect(fleet.audit()).toEqual(["emergency.planned", "emergency.confirmed", "emergency.done"]);
    }));

  it.each([
    ["a product", { product: "other-pay" }, [1, 3]],
    ["a version of a product", { product: "demo-pay", version: "1.2.3" }, [0, 4]],
    ["a merchant", { merchant_id: "m3" }, [3]],
    ["nobody", { product: "third-pay" }, []],
  ])("touches only %s when it is named", (_, scope, shops) =>
    withFleet(5, async (fleet) => {
      for (const shop of [0, 1, 3, 4]) fleet.has(shop, "waiting");
      fleet.has(2, "waiting", 5, { subject: "1.2.4" });
      const desk = fleet.desk();
      const { id } = granted(await desk.cancelPending(cancel(scope), ANNA, Date.now()));
      await desk.run();
      expect(fleet.shopsOrdered().sort()).toEqual(shops);
      expect((await detailOf(desk, id)).status).toBe("done");
    }),
  );
});

describe("taking back what was applied", () => {
  it("is first a plan: the newest first, without what is older or cannot go back, and nobody is asked", () =>
    withFleet(7, async (fleet) => {
      fleet.has(0, "applied", 20);
      fleet.has(1, "applied", 40);
      fleet.has(2, "handed_over", 1);
      fleet.has(3, "applied", 10, { action: "rollback", subject: "1.2.2" });
      fleet.has(4, "applied", 10, { action: "resubscribe", subject: null });
      fleet.has(5, "waiting", 1);
      fleet.has(6, "applied", 10, { takes_back: true });
      const desk = fleet.desk();
      const plan = granted(await desk.rollbackSince(rollback(), ANNA, Date.now()));
      expect(plan).toMatchObject({ status: "planned", minutes: 30, counts: { targets: 2 } });
      expect(plan.changes).toEqual([{ product: "demo-pay", action: "patch", version: "1.2.3", shops: 2 }]);
      expect(plan.warnings[0]).toContain("2 more change(s) of that time are left as they are");
      const { targets } = await detailOf(desk, plan.id);
      expect(targets.map(({ attempt_id }) => attempt_id)).toEqual([attemptOf(2), attemptOf(0)]);
      await desk.run();
      expect(fleet.orders).toEqual([]);
      expect(desk.nextDue(Date.now())).toBeNull();
    }));

  it("runs only when the plan that was read is sent back", () =>
    withFleet(2, async (fleet) => {
      applied(fleet, 2);
      const desk = fleet.desk();
      const plan = granted(await desk.rollbackSince(rollback(), ANNA, Date.now()));
      const wrong = { digest: "0".repeat(64), targets: 2 };
      expect(await desk.confirm(plan.id, wrong, ANNA, Date.now())).toMatchObject({
        ok: false,
        refusal: { reason: "conflict" },
      });
      expect(await desk.confirm("emg_99", wrong, ANNA, Date.now())).toMatchObject({
        refusal: { reason: "not_found" },
      });
      const late = Date.parse(plan.expires_at) + 1;
      const right = { digest: plan.digest, targets: 2 };
      expect((await desk.confirm(plan.id, right, ANNA, late)).ok).toBe(false);
      await desk.run();
      expect(fleet.orders).toEqual([]);
      expect((await desk.confirm(plan.id, right, ANNA, Date.now())).ok).toBe(true);
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 1]);
    }));

  it("goes in waves, the next when every shop of the one before has gone back, and is over when all have", () =>
    withFleet(5, async (fleet) => {
      applied(fleet, 5);
      const desk = fleet.desk();
      const { id } = await confirmed(desk);
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 1]);
      expect(fleet.orders[0]?.order).toMatchObject({ kind: "revert", attempt_id: attemptOf(0) });
      end(desk, [0]);
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 1]);
      end(desk, [1]);
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 1, 2, 3]);
      end(desk, [2, 3]);
      await desk.run();
      end(desk, [4]);
      await desk.run();
      expect(await detailOf(desk, id)).toMatchObject({ status: "done", wave: 3, counts: { done: 5 } });
      expect(fleet.audit()).toEqual(["emergency.planned", "emergency.confirmed", "emergency.done"]);
    }));

  it("follows a change that was still under way: it goes back itself", () =>
    withFleet(1, async (fleet) => {
      fleet.has(0, "handed_over", 1);
      fleet.answer = () => answered("roll_back", attemptOf(0));
      const desk = fleet.desk();
      const { id } = await confirmed(desk);
      await desk.run();
      desk.heard({ attempt_id: attemptOf(0), outcome: "rolled_back", ending: "rolled_back" }, Date.now());
      await desk.run();
      expect(await detailOf(desk, id)).toMatchObject({ status: "done", counts: { done: 1 } });
    }));

  it("stops when too many ways back fail, and leaves the rest as it is", () =>
    withFleet(9, async (fleet) => {
      applied(fleet, 9);
      const desk = fleet.desk();
      const { id } = await confirmed(desk, { wave_size: 5 });
      await desk.run();
      end(desk, [0, 1, 2]);
      end(desk, [3, 4], "rollback_failed");
      await desk.run();
      expect(await detailOf(desk, id)).toMatchObject({
        status: "stopped",
        ended_because: "2 of 5 failed, more than 20 %",
        counts: { done: 3, failed: 2, waiting: 4 },
      });
      expect(fleet.orders).toHaveLength(5);
      expect(desk.nextDue(Date.now())).toBeNull();
    }));

  it("aborted, gives no further order, and still hears how the ordered ones end", () =>
    withFleet(4, async (fleet) => {
      applied(fleet, 4);
      const desk = fleet.desk();
      const { id } = await confirmed(desk);
      await desk.run();
      expect((await desk.abort(id, "it was not the release", ANNA, Date.now())).ok).toBe(true);
      end(desk, [0, 1]);
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 1]);
      expect(await detailOf(desk, id)).toMatchObject({
        status: "aborted",
        ended_because: "Anna: it was not the release",
        counts: { done: 2, waiting: 2 },
      });
      expect((await desk.abort(id, "once more", ANNA, Date.now())).ok).toBe(false);
    }));

  it("aborted in the middle of a wave's orders, gives none of those that were not given", () =>
    withFleet(50, async (fleet) => {
      applied(fleet, 50);
      const desk = fleet.desk();
      const { id } = await confirmed(desk, { minutes: 120, wave_size: 50 });
      fleet.answer = async (_, shop) => {
        if (shop === 0) await desk.abort(id, "stop it", ANNA, Date.now());
        return answered("revert", attemptOf(shop, 2));
      };
      await desk.run();
      expect(fleet.orders.length).toBeLessThan(50);
      expect((await detailOf(desk, id)).status).toBe("aborted");
    }));

  it("a busy shop is asked again as often as it says so, and does not hold up the next wave", () =>
    withFleet(3, async (fleet) => {
      applied(fleet, 3);
      const desk = fleet.desk();
      const { id } = await confirmed(desk);
      const { answer } = fleet;
      const message = "patch to 2.0.0 comes first here (verifying); ask again later";
      fleet.answer = (order, shop) =>
        shop === 0
          ? { ok: false, refusal: { reason: "unavailable", message, retry_after_s: 60 } }
          : answer(order, shop);
      for (let minute = 0; minute < 12; minute++) {
        await desk.run();
        fleet.storage.sql.exec("UPDATE emergency_targets SET due_at = 0 WHERE state = 'waiting'");
      }
      await desk.run();
      expect(fleet.shopsOrdered().filter((shop) => shop === 0)).toHaveLength(13);
      end(desk, [1]);
      await desk.run();
      expect(fleet.shopsOrdered()).not.toContain(2);

      // As if the wave had begun longer ago than its patience.
      fleet.storage.sql.exec(
        "UPDATE emergencies SET row = json_set(row, '$.waveAt', json_extract(row, '$.waveAt') - 300000)",
      );
      await desk.run();
      expect(fleet.shopsOrdered()).toContain(2);
      expect(await detailOf(desk, id)).toMatchObject({
        status: "running",
        wave: 2,
        counts: { waiting: 1, ordered: 1, done: 1, failed: 0 },
      });

      fleet.answer = answer;
      fleet.storage.sql.exec("UPDATE emergency_targets SET due_at = 0 WHERE state = 'waiting'");
      await desk.run();
      end(desk, [0, 2]);
      await desk.run();
      expect(await detailOf(desk, id)).toMatchObject({ status: "done", counts: { done: 3, failed: 0 } });
    }));

  it("one at a time; what waits may be cancelled beside it", () =>
    withFleet(4, async (fleet) => {
      applied(fleet, 3);
      fleet.has(3, "waiting");
      const desk = fleet.desk();
      await confirmed(desk);
      const second = granted(await desk.rollbackSince(rollback(), ANNA, Date.now()));
      const answer = { digest: second.digest, targets: second.counts.targets };
      expect(await desk.confirm(second.id, answer, ANNA, Date.now())).toMatchObject({
        refusal: { message: "emg_1 is running: wait for its end, or abort it" },
      });
      const beside = granted(await desk.cancelPending(cancel(), ANNA, Date.now()));
      await desk.run();
      expect((await detailOf(desk, beside.id)).status).toBe("done");
    }));
});

describe("under the kill switch", () => {
  it("a plan says that nothing can leave and what to do; confirmed, it holds, and goes on when it can", () =>
    withFleet(1, async (fleet) => {
      applied(fleet, 1);
      fleet.policy = { ...fleet.policy, kill_switch: true };
      const desk = fleet.desk();
      const plan = granted(await desk.rollbackSince(rollback(), ANNA, Date.now()));
      expect(plan.warnings[0]).toContain("The kill switch is engaged");
      const running = await confirmed(desk);
      expect(running).toMatchObject({ status: "running", held: expect.stringContaining("Release it") });
      await desk.run();
      expect(fleet.orders).toEqual([]);
      expect(desk.nextDue(Date.now())).toBeGreaterThan(Date.now());
      fleet.policy = { ...fleet.policy, kill_switch: false, mode: "approve-only" };
      await fleet.desk().run();
      expect(fleet.shopsOrdered()).toEqual([0]);
      expect((await detailOf(desk, running.id)).held).toBeNull();
    }));

  it("a way back that it cancelled while it waited is ordered again", () =>
    withFleet(3, async (fleet) => {
      applied(fleet, 3);
      const desk = fleet.desk();
      const { id } = await confirmed(desk, { wave_size: 1 });
      await desk.run();
      end(desk, [0], "cancelled");
      expect(desk.nextDue(Date.now())).toBeGreaterThan(Date.now());
      fleet.storage.sql.exec("UPDATE emergency_targets SET due_at = 0");
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 0]);
      for (const shop of [0, 1, 2]) {
        end(desk, [shop]);
        await desk.run();
      }
      expect(await detailOf(desk, id)).toMatchObject({ status: "done", counts: { done: 3, failed: 0 } });
    }));

  it("what waits is cancelled all the same", () =>
    withFleet(1, async (fleet) => {
      fleet.has(0, "waiting");
      fleet.policy = { ...fleet.policy, kill_switch: true };
      const desk = fleet.desk();
      await desk.cancelPending(cancel(), ANNA, Date.now());
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0]);
    }));
});

describe("after an eviction", () => {
  it("orders whose answer was lost are given again, and outcomes are heard by whoever is there", () =>
    withFleet(3, async (fleet) => {
      applied(fleet, 3);
      const { id } = await confirmed(fleet.desk());
      const answers = fleet.answer;
      fleet.answer = () => new Promise(() => undefined);
      void fleet.desk().run();
      await expect.poll(() => fleet.shopsOrdered(), PATIENCE).toEqual([0, 1]);
      fleet.answer = answers;
      const desk = fleet.desk();
      expect(desk.nextDue(Date.now())).toBeLessThanOrEqual(Date.now());
      await desk.run();
      expect(fleet.shopsOrdered()).toEqual([0, 1, 0, 1]);
      const another = fleet.desk();
      end(another, [0, 1]);
      await another.run();
      end(another, [2]);
      await another.run();
      expect(await detailOf(another, id)).toMatchObject({ status: "done", counts: { done: 3 } });
    }));

  it("an object that does not answer is asked again later, and holds up nobody else", () =>
    withFleet(2, async (fleet) => {
      applied(fleet, 2);
      const { id } = await confirmed(fleet.desk());
      fleet.answer = (_, shop) => {
        if (shop === 0) throw new Error("overloaded");
        return answered("revert", attemptOf(shop, 2));
      };
      const desk = fleet.desk();
      await desk.run();
      const { targets, status } = await detailOf(desk, id);
      expect(status).toBe("running");
      expect(targets.map(({ state, text }) => [state, text])).toEqual([
        ["waiting", "overloaded"],
        ["ordered", "would revert"],
      ]);
      expect(desk.nextDue(Date.now())).toBeGreaterThan(Date.now());
    }));
});

it("shows its targets page by page, also those of one state", () =>
  withFleet(450, async (fleet) => {
    for (let shop = 0; shop < 450; shop++) fleet.has(shop, "waiting", 450 - shop);
    fleet.answer = (_, shop) => answered(shop % 2 === 0 ? "cancel" : "nothing", attemptOf(shop));
    const desk = fleet.desk();
    const { id } = granted(await desk.cancelPending(cancel(), ANNA, Date.now()));
    const numbersOf = async (state?: "done" | "waiting") => {
      const pages: number[][] = [];
      for (let after: number | null = 0; after !== null; ) {
        const page: EmergencyDetail = EmergencyDetail.parse(
          granted(await desk.detail(id, { after, ...(state ? { state } : {}) }, Date.now())),
        );
        pages.push(page.targets.map(({ number }) => number));
        after = page.next_after;
      }
      return pages;
    };
    const numbers = Array.from({ length: 450 }, (_, i) => i + 1);
    expect(await numbersOf("waiting")).toEqual([
      numbers.slice(0, 200),
      numbers.slice(200, 400),
      numbers.slice(400),
    ]);
    await desk.run();
    await desk.run();
    const done = await numbersOf("done");
    expect(done.map((page) => page.length)).toEqual([200, 25]);
    expect((await numbersOf()).flat()).toEqual(numbers);
  }));

it("keeps the last fifty actions and the targets of those alone", () =>
  withFleet(1, async (fleet) => {
    fleet.has(0, "waiting");
    const desk = fleet.desk();
    for (let i = 0; i < 60; i++) await desk.cancelPending(cancel({ dry_run: true }), ANNA, Date.now());
    const list = desk.list(Date.now());
    expect(list.map(({ id }) => id).slice(0, 2)).toEqual(["emg_60", "emg_59"]);
    expect(list).toHaveLength(50);
    expect(fleet.storage.sql.exec("SELECT 1 FROM emergency_targets").toArray()).toHaveLength(50);
  }));
