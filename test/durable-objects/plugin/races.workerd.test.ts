/** Requests that reach one plugin's object at the same moment, while it awaits other objects: what `test/core/plugin/race.test.ts` cannot show. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pluginOf, policyOf } from "../../../durable-objects/stubs.ts";
import type { Attempt } from "../../../src/contract/attempt.ts";
import type { LedgerRecord } from "../../../src/contract/ledger.ts";
import type { PluginOrder } from "../../../src/contract/order.ts";
import { mayMove } from "../../../src/core/attempt-transitions.ts";
import { aPerson } from "../../builders/release.ts";
import {
  allowEverything,
  answerStaging,
  bindings,
  changePolicy,
  passTime,
  Shop,
  startClock,
} from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function attemptRows(shop: Shop): Promise<Attempt[]> {
  const records = await runInDurableObject(shop.stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
      .toArray()
      .map((row) => JSON.parse(row.body) as LedgerRecord),
  );
  return records.flatMap((record) => (record.kind === "attempt" ? [record.row] : []));
}

/** The statuses of each attempt, each reached once and along the arrows, every row with the next revision. */
async function lives(shop: Shop): Promise<string[][]> {
  const rows = await attemptRows(shop);
  return [...new Set(rows.map(({ id }) => id))].map((id) => {
    const own = rows.filter((row) => row.id === id);
    expect(own.map(({ revision }) => revision)).toEqual(own.map((_, i) => i + 1));
    const statuses = own.map(({ status }) => status).filter((status, i, all) => status !== all[i - 1]);
    for (const [i, status] of statuses.entries()) {
      const before = statuses[i - 1];
      if (before !== undefined) expect(mayMove(before, status), `${before} -> ${status}`).toBe(true);
    }
    return statuses;
  });
}

const REVERT: PluginOrder = {
  kind: "revert",
  reason: "it hurts elsewhere",
  by: "test:ada",
  cause: "emergency",
};

async function untilHandedOver(): Promise<{ shop: Shop; commandId: string }> {
  const shop = await Shop.enrolled();
  await shop.breakWebhooks();
  await shop.untilAttempt("applying");
  return { shop, commandId: (await shop.takeCommand()).id };
}

async function untilKept(): Promise<Shop> {
  const { shop, commandId } = await untilHandedOver();
  shop.version = "1.2.3";
  shop.state = "probation";
  await shop.ack(commandId);
  for (let i = 0; i < 9; i++) await shop.beat(15, 6);
  shop.state = "running";
  await shop.beat(15, 6);
  return shop;
}

describe("requests that reach a plugin's object at once", () => {
  it("race: ack × ack × beat × alarm: the change is under watch once, and every ack gets the same answer", async () => {
    const { shop, commandId } = await untilHandedOver();
    shop.version = "1.2.3";
    shop.state = "probation";
    const [first, second, third] = await Promise.all([
      shop.ack(commandId),
      shop.ack(commandId),
      shop.ack(commandId),
      shop.beat(1, 4),
      runDurableObjectAlarm(shop.stub),
    ]);
    expect(first).toMatchObject({ ok: true });
    expect([second, third]).toEqual([first, first]);
    expect(await lives(shop)).toEqual([["pending", "staging", "applying", "verifying"]]);
  });

  it("race: ack × order to take back: it goes back once, whichever came first", async () => {
    const { shop, commandId } = await untilHandedOver();
    shop.version = "1.2.3";
    const plugin = pluginOf(bindings, shop.id);
    const [order] = await Promise.all([plugin.order(REVERT), shop.ack(commandId), plugin.order(REVERT)]);
    expect(order).toMatchObject({ ok: true, value: { would: "roll_back" } });
    const [life] = await lives(shop);
    expect(life?.at(-1)).toBe("rolling_back");
    expect(await lives(shop)).toHaveLength(1);
  });

  it("race: order × order × beat on a change that was kept: one taking-back, that all of them name", async () => {
    const shop = await untilKept();
    const plugin = pluginOf(bindings, shop.id);
    const orders = await Promise.all([
      plugin.order(REVERT),
      plugin.order(REVERT),
      shop.beat(1, 4).then(() => plugin.order(REVERT)),
    ]);
    const ids = orders.map((one) => (one.ok ? one.value.attempt_id : one.refusal.reason));
    expect(new Set(ids).size).toBe(1);
    const [kept, back, ...more] = await lives(shop);
    expect(kept?.at(-1)).toBe("success");
    expect(back?.[0]).toBe("pending");
    expect(more).toEqual([]);
    expect((await attemptRows(shop)).at(-1)).toMatchObject({ id: ids[0], reverts: expect.any(String) });
  });

  it("race: approve × approve × reject: it is ended once, and nothing leaves after a rejection", async () => {
    await changePolicy({ mode: "approve-only" });
    const shop = await Shop.enrolled();
    await shop.breakWebhooks();
    const { id, incident_id, evidence_hash } = await shop.untilAttempt("awaiting_approval");
    const plugin = pluginOf(bindings, shop.id);
    const answer = (name: string, decision: "approve" | "reject") =>
      plugin.approve(incident_id, { attempt_id: id, decision, evidence_hash, reason: "seen" }, aPerson(name));
    const answers = await Promise.all([
      answer("grace", "approve"),
      answer("grace", "approve"),
      answer("linus", "reject"),
      runDurableObjectAlarm(shop.stub),
    ]);
    expect(answers.slice(0, 3).filter((one) => typeof one === "object" && one.ok).length).toBeLessThanOrEqual(
      2,
    );
    const [life, ...more] = await lives(shop);
    expect(more).toEqual([]);
    const rejected = life?.at(-1) === "rejected";
    const replies = [];
    for (let i = 0; i < 4; i++) {
      passTime(2);
      await runDurableObjectAlarm(shop.stub);
      replies.push(await shop.beat(15, 2, 1));
    }
    if (rejected) expect(replies.flatMap(({ commands }) => commands)).toEqual([]);
    const [row] = (await attemptRows(shop)).slice(-1);
    const people = row?.approvals.map(({ person }) => person) ?? [];
    expect(new Set(people).size).toBe(people.length);
  });

  it("race: kill switch × hand-over: once it has answered no reply carries a command", async () => {
    const shop = await Shop.enrolled();
    await shop.breakWebhooks();
    await shop.untilAttempt("applying");
    const policy = policyOf(bindings);
    const { revision } = await policy.read();
    let answered = false;
    const kill = policy
      .patch({ revision, reason: "test", patch: { kill_switch: true } }, aPerson("ada"))
      .then((done) => {
        answered = done.ok;
      });
    const late: number[] = [];
    const beats = async () => {
      for (let i = 0; i < 6; i++) {
        const before = answered;
        const { commands } = await shop.beat(3, 2, 1);
        if (before) late.push(commands.length);
      }
    };
    await Promise.all([kill, beats()]);
    late.push((await shop.beat(15, 2, 1)).commands.length);
    expect(answered).toBe(true);
    expect(late.every((count) => count === 0)).toBe(true);
  });
});
