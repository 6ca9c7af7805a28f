import { describe, expect, it } from "vitest";
import type { GiveOrder } from "../../../durable-objects/release/revert-desk.ts";
import type { PluginOrder } from "../../../src/contract/order.ts";
import { ok, refuse } from "../../../src/contract/refusal.ts";
import { ORDER_TRIES, REVERT_WAIT_MS } from "../../../src/core/rollout/revert-run.ts";
import { ada, aRollout, otto, T0, VERSION } from "./a-rollout.ts";

type Rollout = ReturnType<typeof aRollout>;
const goesBack: GiveOrder = async () => ok({ would: "revert", attempt_id: null, text: "goes back" });

/** Hands the waiting orders over as the outbox does, and says to whom they went. */
async function deliver(rollout: Rollout, give: GiveOrder = goesBack): Promise<string[]> {
  const told: string[] = [];
  const rows = rollout.outbox.due("order", rollout.clock.now, 100);
  const receive = rollout.reverts.deliver(
    async (pluginId, order) => {
      told.push(pluginId);
      return give(pluginId, order);
    },
    () => rollout.clock.now,
  );
  const delivered = await receive(rows);
  if (delivered.status === "delivered") rollout.outbox.done(rows.map(({ id }) => id));
  return told;
}

/** Five healed shops, each a minute after the other, and one on its way. */
function fiveAndOne(
  overrides: Parameters<typeof aRollout>[0] = {},
  release: Parameters<typeof aRollout>[1] = {},
) {
  const rollout = aRollout({ in_flight: 2, ...overrides }, release);
  for (let number = 1; number <= 5; number++) {
    rollout.clock.now += 60_000;
    rollout.run(number, number, "success");
  }
  rollout.admit(6);
  return rollout;
}
const items = (rollout: Rollout) =>
  rollout.reverts
    .view(VERSION, { items: true })
    ?.items.map(({ plugin_id, status }) => `${plugin_id} ${status}`);
const takenBack = (
  rollout: Rollout,
  number: number,
  outcome: "success" | "failed" | "cancelled" = "success",
) =>
  rollout.reverts.takenBack(
    { version: VERSION, attempt_id: `att_${number}`, outcome },
    () => rollout.clock.now,
  );
const tick = (rollout: Rollout) => rollout.reverts.tick(() => rollout.clock.now);
const revert = (rollout: Rollout, dry_run = false, by = otto) =>
  rollout.standing.revert(
    VERSION,
    { reason: "wrong totals", dry_run, canary: rollout.canary },
    by,
    rollout.clock.now,
  );

describe("taking a release back", () => {
  it("dry: lists the shops, newest first, and changes nothing", () => {
    const rollout = fiveAndOne();
    const reply = revert(rollout, true);
    if (!reply.ok) throw new Error("refused");
    expect(reply.value).toMatchObject({ dry_run: true, halts: true, shops: 6, run: { in_flight_limit: 2 } });
    expect(reply.value.notes).toMatchObject([expect.stringContaining("no shop is asked before its turn")]);
    expect(reply.value.run.items.map(({ plugin_id }) => plugin_id)).toEqual([
      "plg_6",
      "plg_5",
      "plg_4",
      "plg_3",
      "plg_2",
      "plg_1",
    ]);
    expect([rollout.status(), rollout.state().revert, rollout.orders()]).toEqual(["active", null, []]);
  });

  it("halts it, orders the newest first, two at a time, and goes on as they come back", async () => {
    const rollout = fiveAndOne();
    expect(revert(rollout)).toMatchObject({ ok: true, value: { shops: 6, halts: true } });
    expect(rollout.status()).toBe("halted");
    expect(await deliver(rollout)).toEqual(["plg_6", "plg_5"]);
    expect(await deliver(rollout)).toEqual([]);
    rollout.finish(6, "rolled_back");
    await takenBack(rollout, 5);
    expect(await deliver(rollout)).toEqual(["plg_4", "plg_3"]);
    await takenBack(rollout, 4);
    await takenBack(rollout, 3, "failed");
    await deliver(rollout, async () =>
      ok({ would: "nothing", attempt_id: null, text: "another version runs" }),
    );
    expect(items(rollout)).toEqual([
      "plg_6 reverted",
      "plg_5 reverted",
      "plg_4 reverted",
      "plg_3 failed",
      "plg_2 nothing",
      "plg_1 nothing",
    ]);
    expect(rollout.state().revert).toMatchObject({
      state: "done",
      by: "otto",
      cause: "person",
      counts: { reverted: 3, failed: 1, nothing: 2, waiting: 0 },
    });
  });

  it("gives the order its reason, its cause and the attempt it is about", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    const orders: PluginOrder[] = [];
    await deliver(rollout, async (_, order) => {
      orders.push(order);
      return ok({ would: "revert", attempt_id: null, text: "" });
    });
    expect(orders[1]).toEqual({
      kind: "revert",
      attempt_id: "att_5",
      reason: "wrong totals",
      by: "otto",
      cause: "person",
    });
  });

  it("takes back what gets through while it goes back", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    await deliver(rollout);
    rollout.finish(6, "success");
    expect(items(rollout)?.[0]).toBe("plg_6 ordered");
    expect(await deliver(rollout)).toEqual(["plg_6"]);
  });

  it("gives up on a shop that is silent, says so, and goes on", async () => {
    const rollout = fiveAndOne({ in_flight: 1 });
    revert(rollout);
    await deliver(rollout);
    expect(rollout.reverts.nextDue()).toBe(rollout.clock.now + 60_000);
    rollout.clock.now += REVERT_WAIT_MS;
    await tick(rollout);
    expect(items(rollout)?.slice(0, 2)).toEqual(["plg_6 unconfirmed", "plg_5 ordered"]);
    rollout.finish(6, "rolled_back");
    expect(items(rollout)?.[0]).toBe("plg_6 unconfirmed");
    await takenBack(rollout, 5);
    expect(items(rollout)?.slice(1, 3)).toEqual(["plg_5 reverted", "plg_4 ordered"]);
  });

  it("shows a refusal with its reason", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    expect(
      await deliver(rollout, async () => refuse({ reason: "conflict", message: "irreversible" })),
    ).toEqual(["plg_6", "plg_5"]);
    const [first] = rollout.reverts.view(VERSION, { items: true })?.items ?? [];
    expect(first).toMatchObject({ status: "refused", text: "irreversible" });
  });

  it("lets others go first where something else is under way or the object does not answer, and asks again", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    const busy: GiveOrder = async (pluginId) => {
      if (pluginId === "plg_6") throw new Error("reset");
      return refuse({ reason: "unavailable", message: "busy", retry_after_s: 60 });
    };
    expect(await deliver(rollout, busy)).toEqual(["plg_6", "plg_5"]);
    expect(rollout.outbox.due("order", rollout.clock.now, 100)).toHaveLength(2);
    expect(await deliver(rollout)).toEqual(["plg_4", "plg_3"]);
    await takenBack(rollout, 4);
    await takenBack(rollout, 3);
    expect(await deliver(rollout)).toEqual(["plg_2", "plg_1"]);
    rollout.clock.now += 60_000;
    await takenBack(rollout, 2);
    await takenBack(rollout, 1);
    expect(await deliver(rollout)).toEqual(["plg_6", "plg_5"]);
    expect(items(rollout)?.slice(0, 2)).toEqual(["plg_6 ordered", "plg_5 ordered"]);
  });

  it("asks a shop that never answers a bounded number of times", async () => {
    const rollout = fiveAndOne({ in_flight: 10 });
    revert(rollout);
    let asked = 0;
    for (let round = 0; round < 2 * ORDER_TRIES; round++) {
      await deliver(rollout, async () => {
        asked++;
        throw new Error("reset");
      });
      rollout.clock.now += 10_000;
      await tick(rollout);
    }
    expect(asked).toBe(6 * ORDER_TRIES);
    expect(rollout.state().revert).toMatchObject({ state: "done", counts: { failed: 6 } });
  });

  it("stops when a person resumes: what waits is left, and no order leaves any more", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    rollout.set("active");
    expect(await deliver(rollout)).toEqual([]);
    expect(rollout.state().revert).toMatchObject({ state: "stopped", counts: { ordered: 0, stopped: 6 } });
    expect(rollout.reverts.nextDue()).toBeNull();
  });

  it("goes on in the shops that were told before a person resumed, also at that very moment", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    await deliver(rollout, async (pluginId) => {
      if (pluginId === "plg_5") rollout.set("active");
      return ok({ would: "revert", attempt_id: null, text: "goes back" });
    });
    expect(rollout.state().revert).toMatchObject({ state: "stopped", counts: { ordered: 2, stopped: 4 } });
    await takenBack(rollout, 5);
    expect(items(rollout)?.slice(0, 3)).toEqual(["plg_6 ordered", "plg_5 reverted", "plg_4 stopped"]);
  });

  it("leaves a shop alone that put the order off while a person resumed", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    await deliver(rollout, async () => {
      rollout.set("active");
      return refuse({ reason: "unavailable", message: "busy", retry_after_s: 60 });
    });
    expect(rollout.state().revert).toMatchObject({ counts: { waiting: 0, stopped: 6 } });
  });

  it("does not go to a shop where it was taken back already, for whatever reason", async () => {
    const rollout = fiveAndOne();
    await takenBack(rollout, 4);
    await takenBack(rollout, 3, "failed");
    const reply = revert(rollout, true);
    expect(reply.ok && reply.value.run.items.map(({ plugin_id }) => plugin_id)).toEqual([
      "plg_6",
      "plg_5",
      "plg_3",
      "plg_2",
      "plg_1",
    ]);
  });

  it("is not begun twice, and not for what cannot go back", () => {
    const rollout = fiveAndOne();
    revert(rollout);
    expect(revert(rollout)).toMatchObject({ ok: false, refusal: { reason: "conflict" } });
    const oneWay = fiveAndOne({}, { reversible: false });
    expect(revert(oneWay)).toMatchObject({ ok: false, refusal: { reason: "conflict" } });
    expect(oneWay.status()).toBe("active");
  });
});

describe("while no command may leave", () => {
  it("tells no shop, passes over none however long it lasts, and says why", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    await deliver(rollout);
    rollout.policy.holds = "The kill switch is engaged.";
    await takenBack(rollout, 5, "cancelled");
    rollout.clock.now += 2 * REVERT_WAIT_MS;
    await tick(rollout);
    expect(await deliver(rollout)).toEqual([]);
    expect(items(rollout)?.slice(0, 3)).toEqual(["plg_6 ordered", "plg_5 waiting", "plg_4 waiting"]);
    expect(rollout.state().revert).toMatchObject({ state: "running", held: "The kill switch is engaged." });
    expect(rollout.reverts.nextDue()).toBe(rollout.clock.now + 10_000);
  });

  it("goes on afterwards as before, never more shops at a time than may be", async () => {
    const rollout = fiveAndOne();
    rollout.policy.holds = "The kill switch is engaged.";
    revert(rollout);
    expect(await deliver(rollout)).toEqual([]);
    expect(rollout.state().revert).toMatchObject({ counts: { waiting: 6 } });
    rollout.clock.now += 2 * REVERT_WAIT_MS;
    rollout.policy.holds = null;
    await tick(rollout);
    expect(await deliver(rollout)).toEqual(["plg_6", "plg_5"]);
    expect(rollout.state().revert).toMatchObject({ held: null, counts: { ordered: 2, waiting: 4 } });
  });

  it("waits anew for whoever was told before", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    await deliver(rollout);
    rollout.policy.holds = "The mode is off.";
    rollout.clock.now += REVERT_WAIT_MS - 1;
    await tick(rollout);
    rollout.policy.holds = null;
    rollout.clock.now += REVERT_WAIT_MS;
    await tick(rollout);
    expect(await deliver(rollout)).toEqual([]);
    expect(rollout.state().revert).toMatchObject({ counts: { ordered: 2, unconfirmed: 0 } });
  });

  it("takes a person's cancellation at another time for what it is", async () => {
    const rollout = fiveAndOne();
    revert(rollout);
    await deliver(rollout);
    await takenBack(rollout, 5, "cancelled");
    expect(items(rollout)?.[1]).toBe("plg_5 failed");
  });
});

describe("the policy's on_breach", () => {
  const breach = (on_breach: "keep" | "revert", release: Parameters<typeof aRollout>[1] = {}) => {
    const rollout = fiveAndOne({ on_breach, in_flight: 10 }, release);
    rollout.finish(6, "rolled_back");
    rollout.clock.now += 60_000;
    rollout.run(7, 7, "rolled_back");
    return rollout;
  };

  it("keep: halts and leaves what is healed", async () => {
    const rollout = breach("keep");
    expect([rollout.status(), rollout.state().revert]).toEqual(["halted", null]);
    expect(await deliver(rollout)).toEqual([]);
  });

  it("revert: halts and takes back what was applied, newest first, for the reason of the breach", async () => {
    const rollout = breach("revert");
    expect(rollout.state()).toMatchObject({ status: "halted", revert: { cause: "canary", by: "vigie" } });
    expect(await deliver(rollout)).toEqual(["plg_5", "plg_4", "plg_3", "plg_2", "plg_1"]);
  });

  it("tells people once of each halt, what it was and what becomes of the shops", () => {
    const [kept, ...more] = breach("keep").notices();
    expect(more).toEqual([]);
    expect(kept).toMatchObject({
      kind: "release_halted",
      urgency: "page",
      title: "Halted: molam-woocommerce 1.2.3",
      text:
        "abort rule: at least 20 % of 5 or more failed in whatever way. Nobody gets it until a person resumes it. " +
        "Shops that have it keep it.",
    });
    expect(breach("revert").notices()[0]?.text).toContain("being taken back from 5 shop(s), newest first");
    const blamed = fiveAndOne();
    blamed.rollouts.blame(VERSION, "shops fail alike", "fin_1", T0);
    expect(blamed.notices()).toMatchObject([{ urgency: "notice" }]);
    const byHand = fiveAndOne();
    byHand.set("halted");
    expect(byHand.notices()).toEqual([]);
  });

  it("revert: leaves a release that cannot go back to people", async () => {
    const rollout = breach("revert", { reversible: false });
    expect([rollout.status(), rollout.state().revert]).toEqual(["halted", null]);
  });

  it("revert: also when a cohort blames it", () => {
    const rollout = fiveAndOne({ on_breach: "revert" });
    rollout.rollouts.blame(VERSION, "shops fail alike", "fin_1", T0);
    expect(rollout.state().revert).toMatchObject({ state: "running", reason: "shops fail alike" });
    expect(rollout.set("active", ada)).toMatchObject({ ok: true });
    expect(rollout.state().revert?.state).toBe("stopped");
  });
});
