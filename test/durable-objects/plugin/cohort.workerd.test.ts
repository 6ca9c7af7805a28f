import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fleetOf, releasesOf } from "../../../durable-objects/stubs.ts";
import { PATIENCE } from "../../builders/patience.ts";
import { aPerson, aRelease } from "../../builders/release.ts";
import { allowEverything, answerStaging, bindings, passTime, Shop, startClock } from "./a-shop.ts";

const PRODUCT = "molam-woocommerce";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function aShopOnTheRoster(): Promise<Shop> {
  const shop = await Shop.enrolled();
  await fleetOf(bindings).enroll({
    plugin_id: shop.id,
    product: PRODUCT,
    merchant_id: "shop-1",
    nonce: `nonce-${shop.id}`,
    nonce_expires_at: new Date(Date.now() + 60_000).toISOString(),
  });
  return shop;
}

it("three shops' failing beats, each too few for an incident of its own, halt the release they run; a person's word stands", async () => {
  const releases = releasesOf(bindings, PRODUCT);
  await releases.publish(aRelease({ version: "1.2.2", expires: "2039-01-01T00:00:00.000Z" }));
  const standing = async () => (await releases.list()).find(({ version }) => version === "1.2.2")?.status;
  const shops = await Promise.all([aShopOnTheRoster(), aShopOnTheRoster(), aShopOnTheRoster()]);
  for (const shop of shops) await shop.beat(1, 1);
  passTime(120);
  for (const shop of shops) await shop.beat(1, 3, 3);
  await expect.poll(standing, PATIENCE).toBe("halted");
  for (const shop of shops) expect((await shop.detail())?.live.open_incidents).toEqual([]);
  const fleet = bindings.FLEET.getByName("fleet");
  const keys = await runInDurableObject(fleet, (_, state) =>
    state.storage.sql
      .exec<{ key: string }>("SELECT key FROM incidents")
      .toArray()
      .map(({ key }) => key),
  );
  expect(keys).toEqual([`cohort:version:${PRODUCT}@1.2.2`]);

  await releases.setStatus("1.2.2", "active", "it was the payment provider", aPerson("ada"));
  for (const shop of shops) await shop.beat(120, 3, 3);
  expect(await standing()).toBe("active");
});
