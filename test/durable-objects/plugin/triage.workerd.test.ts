import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fleetOf } from "../../../durable-objects/stubs.ts";
import type { Incident } from "../../../src/contract/incident.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { allowEverything, answerSite, bindings, passTime, Shop, startClock } from "./a-shop.ts";

const SITE = "https://shop.molam.shop/";

beforeEach(async () => {
  startClock();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A shop that beat, and then missed its deadline: its object woke for it. */
async function aSilentShop(siteUrl?: string): Promise<Shop> {
  const shop = await Shop.enrolled(siteUrl);
  await shop.beat(1);
  await shop.beat(60);
  passTime(200);
  await runDurableObjectAlarm(shop.stub);
  return shop;
}

async function incidentOf(shop: Shop): Promise<Incident | null> {
  return (await shop.detail()).live.open_incidents[0] ?? null;
}

/** Wakes the object for what is due until its incident is as the test expects. */
async function until(shop: Shop, expected: Partial<Incident>): Promise<void> {
  await vi.waitFor(
    async () => {
      const incident = await incidentOf(shop);
      const { status, cause } = incident ?? {};
      if (status === expected.status && (cause ?? null) === expected.cause) return;
      passTime(5);
      await runDurableObjectAlarm(shop.stub);
      throw new Error(`the incident is ${status ?? "none"}, cause ${cause ?? "none"}`);
    },
    { ...PATIENCE, interval: 5 },
  );
}

describe("the triage of a silence in the plugin's object", () => {
  it("opens the incident before anybody looks at the shop", async () => {
    const seen = answerSite(SITE, 200);
    const shop = await aSilentShop(SITE);
    expect(await incidentOf(shop)).toMatchObject({ type: "heartbeat_missed", status: "open" });
    expect(seen.looks).toBe(0);
  });

  it("finds the plugin silent in a shop that answers, after one look, and decides", async () => {
    const seen = answerSite(SITE, 200);
    const shop = await aSilentShop(SITE);
    await until(shop, { status: "escalated", cause: "plugin_silent" });
    expect(seen.looks).toBe(1);
    expect((await incidentOf(shop))?.decision).toMatchObject({ action: "escalate" });
  });

  it("finds the shop down after two looks, also when the object is evicted between them, and decides nothing", async () => {
    const seen = answerSite(SITE, null);
    const shop = await aSilentShop(SITE);
    await shop.evict();
    await vi.waitFor(
      async () => {
        passTime(5);
        await runDurableObjectAlarm(shop.stub);
        expect(seen.looks).toBe(1);
      },
      { ...PATIENCE, interval: 5 },
    );
    await shop.evict();
    await until(shop, { status: "escalated", cause: "shop_down" });
    expect(seen.looks).toBe(2);
    expect((await incidentOf(shop))?.decision).toBeNull();
  });

  it("calls a person when the shop has no address", async () => {
    const seen = answerSite(SITE, 200);
    const shop = await aSilentShop();
    await until(shop, { status: "escalated", cause: "unknown" });
    expect(seen.looks).toBe(0);
  });

  it("judges nothing in a storm, looks at no shop, and resolves at the next beat", async () => {
    const seen = answerSite(SITE, 200);
    const shop = await aSilentShop(SITE);
    const fleet = fleetOf(bindings);
    const others = Array.from({ length: 8 }, (_, i) => `plg_storm_${i}`);
    for (const plugin_id of others) {
      await fleet.enroll({
        plugin_id,
        product: "molam-woocommerce",
        merchant_id: "shop-1",
        nonce: plugin_id,
        nonce_expires_at: new Date(Date.now() + 60_000).toISOString(),
      });
      await fleet.presence({ plugin_id, silent: true });
    }
    expect(await fleet.guard()).toMatchObject({ storm: true });
    await until(shop, { status: "unknown", cause: "ingest" });
    passTime(90);
    await runDurableObjectAlarm(shop.stub);
    expect(await incidentOf(shop)).toMatchObject({ status: "unknown", decision: null });
    expect(seen.looks).toBe(0);
    const reply = await shop.beat(10);
    expect(await incidentOf(shop)).toBeNull();
    expect(reply.next_heartbeat_s).toBeGreaterThan(200);
    for (const plugin_id of others) await fleet.presence({ plugin_id, silent: false });
  });
});

describe("leave to look at shops", () => {
  it("is given so many times a minute in the whole fleet", async () => {
    const fleet = fleetOf(bindings);
    const answers = await Promise.all(Array.from({ length: 320 }, () => fleet.takeProbe()));
    expect(answers.filter((granted) => granted)).toHaveLength(300);
    passTime(60);
    expect(await fleet.takeProbe()).toBe(true);
  });
});
