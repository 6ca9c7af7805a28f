import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fleetOf, pluginOf, policyOf } from "../../../durable-objects/stubs.ts";
import { aPerson } from "../../builders/release.ts";
import { allowEverything, answerStaging, bindings, Shop, startClock } from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
  const policy = policyOf(bindings);
  const { revision } = await policy.read();
  const patch = { limits: { actions_per_fleet_per_hour: 2 } };
  await policy.patch({ revision, reason: "test", patch }, aPerson("ada"));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("shops that come for their commands at the same moment do not pass the fleet's hourly budget together", async () => {
  const shops = await Promise.all(Array.from({ length: 5 }, () => Shop.enrolled()));
  for (const shop of shops) {
    await shop.breakWebhooks();
    await shop.untilAttempt("applying");
  }
  const first = await Promise.all(shops.map((shop) => shop.beat(1, 4, 2)));
  const second = await Promise.all(shops.map((shop) => shop.beat(1, 4, 2)));
  const served = shops.filter((_, i) => [first[i], second[i]].some((reply) => reply?.commands.length === 1));
  expect(served).toHaveLength(2);
  expect((await fleetOf(bindings).guard()).actions_last_hour).toBe(2);
  for (const shop of shops.filter((one) => !served.includes(one))) {
    const detail = await pluginOf(bindings, shop.id).detail();
    expect(detail?.live.attempt?.handed_over_at ?? null).toBeNull();
    expect(detail?.live.commands.filter(({ status }) => status === "handed_over")).toEqual([]);
  }
});
