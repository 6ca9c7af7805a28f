import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PluginStore } from "../../../durable-objects/plugin/plugin-store.ts";
import { answerStaging, passTime, Shop, startClock } from "./a-shop.ts";

beforeEach(() => {
  startClock();
  answerStaging();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const armedIn = async (shop: Shop) => {
  const at = await runInDurableObject(shop.stub, (_, state) => state.storage.getAlarm());
  return at === null ? null : (at - Date.now()) / 1000;
};

/** A healthy shop, well known, with nothing to deliver. */
async function aQuietShop(): Promise<Shop> {
  const shop = await Shop.enrolled();
  for (let beats = 0; beats < 20; beats++) await shop.beat(120, 20);
  await emptyOutbox(shop);
  return shop;
}

/** As if Postgres had taken everything: there is none in this test. */
async function emptyOutbox(shop: Shop): Promise<void> {
  await runInDurableObject(shop.stub, (_, state) => state.storage.sql.exec("DELETE FROM outbox"));
}

describe("the alarm of a quiet plugin", () => {
  it("rings for the silence deadline next, not for the backstop of its own ringing", async () => {
    const shop = await aQuietShop();
    passTime(1);
    await runDurableObjectAlarm(shop.stub);
    expect(await armedIn(shop)).toBeGreaterThan(120);
  });

  it("rings less often than the plugin beats", async () => {
    const shop = await aQuietShop();
    let rings = 0;
    for (let second = 0; second < 3600; second++) {
      if (second % 120 === 0) {
        await shop.beat(0, 20);
        await emptyOutbox(shop);
      }
      const left = await armedIn(shop);
      if (left !== null && left <= 0) {
        rings += 1;
        await runDurableObjectAlarm(shop.stub);
      }
      passTime(1);
    }
    expect(rings).toBeLessThanOrEqual(30);
  });
});

it("is not believed in after the commit that set it was rolled back", async () => {
  const shop = await Shop.enrolled();
  await runInDurableObject(shop.stub, async (_, state) => {
    const store = new PluginStore(state.storage);
    const kept = await store.open();
    if (kept === null) throw new Error("not enrolled");
    await state.storage.deleteAlarm();
    store.alarmFired();
    const [now, wake] = [Date.now(), Date.now() + 60_000];
    // A row without a body, which the table refuses.
    const refused = { kind: "ledger", lane: shop.id, body: null as unknown as string };
    expect(() => store.commit(kept, [refused], wake, now)).toThrow();
    expect(await state.storage.getAlarm()).toBeNull();
    store.commit(kept, [], wake, now);
    expect(await state.storage.getAlarm()).toBe(wake);
  });
});
