import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fleetOf, pluginOf } from "../../../durable-objects/stubs.ts";
import { allowEverything, answerStaging, bindings, changePolicy, Shop, startClock } from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function limit(actions: number, inFlight: number): Promise<void> {
  await changePolicy({
    limits: { actions_per_fleet_per_hour: actions },
    canary: { in_flight: inFlight },
    // The shops are broken one after the other: the first one's command must still be there when the last one's is.
    intervals: { command_ttl_s: 3_600 },
  });
}

/** Five shops whose commands wait. */
async function waitingShops(): Promise<Shop[]> {
  const shops = await Promise.all(Array.from({ length: 5 }, () => Shop.enrolled()));
  for (const shop of shops) {
    await shop.breakWebhooks();
    await shop.untilAttempt("applying");
  }
  return shops;
}

it("shops that wait for a slot hold no place in the fleet's hour", async () => {
  await limit(4, 2);
  const shops = await waitingShops();
  const replies = await Promise.all(shops.map((shop) => shop.beat(1, 4, 2)));
  expect(replies.filter(({ commands }) => commands.length === 1)).toHaveLength(2);
  expect((await fleetOf(bindings).guard()).actions_last_hour).toBe(2);
  const statuses = await Promise.all(shops.map(async (shop) => (await shop.detail()).live.attempt?.status));
  expect(statuses).toEqual(shops.map(() => "applying"));
});

it("shops that come for their commands at the same moment do not pass the fleet's hourly budget together", async () => {
  await limit(2, 20);
  const shops = await waitingShops();
  const first = await Promise.all(shops.map((shop) => shop.beat(1, 4, 2)));
  const second = await Promise.all(shops.map((shop) => shop.beat(1, 4, 2)));
  const served = shops.filter((_, i) => [first[i], second[i]].some((reply) => reply?.commands.length === 1));
  expect(served).toHaveLength(2);
  expect((await fleetOf(bindings).guard()).actions_last_hour).toBe(2);
  for (const shop of shops.filter((one) => !served.includes(one))) {
    const detail = await pluginOf(bindings, shop.id).detail();
    expect(detail?.live.attempt).toMatchObject({ status: "awaiting_approval", handed_over_at: null });
    expect(detail?.live.commands.filter(({ status }) => status === "handed_over")).toEqual([]);
  }
});
