import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pluginOf } from "../../../durable-objects/stubs.ts";
import type { PluginOrder } from "../../../src/contract/order.ts";
import { mintPluginId } from "../../../src/crypto/plugin-id.ts";
import { pluginIdKey } from "../../../src/settings.ts";
import { allowEverything, answerStaging, bindings, Shop, startClock } from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const REVERT: PluginOrder = { kind: "revert", reason: "it fails elsewhere", by: "vigie", cause: "canary" };

async function healed(): Promise<{ shop: Shop; attemptId: string }> {
  const shop = await Shop.enrolled();
  await shop.breakWebhooks();
  const { id: attemptId } = await shop.untilAttempt("applying");
  const { id } = await shop.takeCommand();
  shop.version = "1.2.3";
  shop.state = "probation";
  await shop.ack(id);
  for (let i = 0; i < 30 && (await shop.detail()).live.attempt; i++) await shop.beat(15, 20);
  shop.state = "running";
  await shop.beat(15, 20);
  expect((await shop.detail()).live.attempt).toBeNull();
  return { shop, attemptId };
}

const outboxRows = (shop: Shop) =>
  runInDurableObject(
    shop.stub,
    (_, state) => state.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM outbox").one().n,
  );

describe("an order to a plugin's object", () => {
  it("takes a success back to the end, evicted in between", async () => {
    const { shop, attemptId } = await healed();
    const order = { ...REVERT, attempt_id: attemptId };
    const given = await pluginOf(bindings, shop.id).order(order);
    expect(given).toMatchObject({ ok: true, value: { would: "revert" } });
    await shop.evict();
    const attempt = await shop.untilAttempt("applying");
    expect(attempt).toMatchObject({ reverts: attemptId, action: "rollback", target_version: "1.2.2" });
    await shop.evict();
    const command = await shop.takeCommand();
    expect(command).toMatchObject({ type: "rollback", payload: { to_version: "1.2.2" } });
    shop.version = "1.2.2";
    await shop.ack(command.id);
    await shop.evict();
    for (let i = 0; i < 3; i++) await shop.beat(15, 4);
    const { live } = await shop.detail();
    expect(live.attempt).toBeNull();
    expect(await pluginOf(bindings, shop.id).order(order)).toMatchObject({
      ok: true,
      value: { would: "nothing", text: "It has been taken back already." },
    });
  });

  it("as a dry run writes nothing at all", async () => {
    const { shop, attemptId } = await healed();
    const [before, rows] = [await shop.detail(), await outboxRows(shop)];
    const dry = await pluginOf(bindings, shop.id).order({ ...REVERT, attempt_id: attemptId, dry_run: true });
    expect(dry).toMatchObject({ ok: true, value: { would: "revert", attempt_id: null } });
    expect(await shop.detail()).toEqual(before);
    expect(await outboxRows(shop)).toBe(rows);
  });

  it("finds nothing in a plugin that never enrolled", async () => {
    const id = await mintPluginId(pluginIdKey(bindings));
    expect(await pluginOf(bindings, id).order(REVERT)).toMatchObject({
      ok: false,
      refusal: { reason: "not_found" },
    });
  });
});
