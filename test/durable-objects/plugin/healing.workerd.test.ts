import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LedgerRecord } from "../../../src/contract/ledger.ts";
import { allowEverything, answerStaging, passTime, Shop, startClock } from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Everything a shop and its object go through from fault to resolution, one step at a time. */
function healingSteps(shop: Shop): (() => Promise<unknown>)[] {
  let commandId = "";
  const healthyBeat = () => shop.beat(15, 6);
  return [
    () => shop.breakWebhooks(),
    () => shop.untilAttempt("applying"),
    async () => {
      commandId = (await shop.takeCommand()).id;
    },
    async () => {
      shop.version = "1.2.3";
      shop.state = "probation";
      await shop.ack(commandId);
    },
    ...Array.from({ length: 8 }, () => healthyBeat),
    async () => {
      const reply = await shop.beat(15, 6);
      expect(reply.commit).toBeDefined();
      shop.state = "running";
    },
    healthyBeat,
    async () => {
      passTime(1801);
      await runDurableObjectAlarm(shop.stub);
    },
  ];
}

/** Rows in the outbox, oldest first: Postgres is away in these tests, so all of them are there. */
async function ledgerOf(shop: Shop): Promise<LedgerRecord[]> {
  return runInDurableObject(shop.stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
      .toArray()
      .map((row) => JSON.parse(row.body) as LedgerRecord),
  );
}

async function statusesOf(shop: Shop): Promise<string[]> {
  const rows = (await ledgerOf(shop)).flatMap((record) =>
    record.kind === "attempt" ? [record.row.status] : [],
  );
  return rows.filter((status, i) => status !== rows[i - 1]);
}

const WHOLE_HEALING = ["pending", "staging", "applying", "verifying", "success"];

describe("a healing in the plugin's object", () => {
  it("runs from fault to resolution, and leaves every row in the outbox exactly once", async () => {
    const shop = await Shop.enrolled();
    for (const act of healingSteps(shop)) await act();
    expect(await statusesOf(shop)).toEqual(WHOLE_HEALING);
    const records = await ledgerOf(shop);
    const events = records.flatMap((record) => (record.kind === "event" ? [record.row.id] : []));
    expect(new Set(events).size).toBe(events.length);
    const incidents = records.flatMap((record) =>
      record.kind === "incident" && record.row.type === "webhook_fail_rate" ? [record.row] : [],
    );
    expect(incidents.at(-1)).toMatchObject({ status: "resolved" });
    expect(incidents.map((row) => row.revision)).toEqual(incidents.map((_, i) => i + 1));
  });

  it("ends the same when the object is evicted between any two steps", async () => {
    const count = healingSteps(await Shop.enrolled()).length;
    for (let evictAfter = 0; evictAfter < count; evictAfter++) {
      const shop = await Shop.enrolled();
      for (const [i, act] of healingSteps(shop).entries()) {
        await act();
        if (i === evictAfter) await shop.evict();
      }
      expect(await statusesOf(shop), `evicted after step ${evictAfter}`).toEqual(WHOLE_HEALING);
    }
  });

  it("Invariant 6: ends the same when it is evicted after every step", async () => {
    const shop = await Shop.enrolled();
    for (const act of healingSteps(shop)) {
      await act();
      await shop.evict();
    }
    expect(await statusesOf(shop)).toEqual(WHOLE_HEALING);
  });

  it("survives alarms that come twice and a minute late", async () => {
    const shop = await Shop.enrolled();
    for (const act of healingSteps(shop)) {
      await act();
      await runInDurableObject(shop.stub, async (instance) => {
        await instance.alarm();
        await instance.alarm();
      });
    }
    expect(await statusesOf(shop)).toEqual(WHOLE_HEALING);
  });

  it("rolls back by alarm when the plugin falls silent after the change, at most a minute late", async () => {
    const shop = await Shop.enrolled();
    for (const act of healingSteps(shop).slice(0, 4)) await act();
    passTime(90 + 60);
    await runDurableObjectAlarm(shop.stub);
    expect((await shop.detail()).live.attempt).toMatchObject({
      status: "rolling_back",
      health: { rule: "no_beat" },
    });
  });

  it("has an alarm armed at every moment of an attempt", async () => {
    const shop = await Shop.enrolled();
    for (const act of healingSteps(shop).slice(0, 12)) {
      await act();
      const armed = await runInDurableObject(shop.stub, (_, state) => state.storage.getAlarm());
      expect(armed).not.toBeNull();
    }
  });
});
