/** What people are told, by real webhooks: ops in English, the merchant in French, each verified as any receiver would. */
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import { MerchantNotificationsReply, NotificationPage, TestNotice } from "../../src/contract/notification.ts";
import { newSecret } from "../../src/crypto/webhook-signature.ts";
import { aReceiver, type Receiver } from "./notice-receiver.ts";
import { startWorld, type World } from "./world.ts";

const OPS_SECRET = newSecret().text;

let world: World;
let ops: Receiver;
let merchant: Receiver;
beforeAll(async () => {
  ops = await aReceiver();
  merchant = await aReceiver();
  world = await startWorld({ env: { NOTIFY_URL: ops.url, NOTIFY_SECRET: OPS_SECRET } });
});
afterAll(async () => {
  await world?.stop();
  await ops?.stop();
  await merchant?.stop();
});

describe("the people around a shop that breaks and is healed", () => {
  it("are told each in their own words, signed, once, with a link; a receiver that was down hears it later", async () => {
    const merchantId = "boutique-7";
    const shop = await world.scriptedShop({ merchantId });
    await world.delivered(shop.id);
    const path = `/api/ops/merchants/${merchantId}/notifications`;
    const json = { language: "fr", url: `${merchant.url}/secret-path`, format: "vigie", reason: "journey" };
    const { secret, url } = await call(world.api, MerchantNotificationsReply, path, { method: "PUT", json });
    expect(url).toBe(`${merchant.url}/…`);
    expect(await call(world.api, TestNotice, `${path}/test`, { json: { reason: "journey" } })).toEqual({
      status: "sent",
      detail: null,
    });

    ops.answer = 503;
    await shop.breakDown();
    await world.attemptReaches(shop.id, "applying");
    await world.until("ops refused it", async () => ops.received.length > 0);
    ops.answer = 200;
    const command = await shop.takeCommand();
    await shop.carryOut(command);
    const life = shop.live();
    await world.until("patched is told", async () => merchant.kinds().includes("patched"));
    await life.stop();

    const theirs = merchant.received.map(({ body, headers }) => {
      new Webhook(secret ?? "").verify(body, headers);
      return JSON.parse(body) as { type: string; data: { language: string; title: string; text: string } };
    });
    expect(theirs.map(({ type }) => type)).toEqual([
      "vigie.test",
      "vigie.incident_detected",
      "vigie.patched",
    ]);
    expect(theirs.at(-1)?.data.title).toMatch(/^Votre boutique.*le problème de paiement est résolu$/);
    expect(theirs.at(-1)?.data.text).toContain(
      "Nous avons mis à jour votre module de paiement de la version 1.2.2",
    );
    expect(merchant.received.map(({ body }) => body).join()).not.toMatch(/inc_|plg_|att_|boutique-7/);

    await world.until("ops heard of it", async () => ops.kinds().includes("patched"));
    const first = ops.received.filter(({ body }) => JSON.parse(body).type === "vigie.incident_detected");
    expect(first.length).toBeGreaterThan(1);
    expect(new Set(first.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    for (const { body, headers } of ops.received) new Webhook(OPS_SECRET).verify(body, headers);
    const { link } = JSON.parse(first[0]?.body ?? "").data;
    expect(link).toMatch(/\/incidents\/inc_/);

    const list = `/api/ops/notifications?merchant_id=${merchantId}`;
    const rows = await world.until("every row is settled", async () => {
      const { items } = await call(world.api, NotificationPage, list);
      return items.every(({ status }) => status === "sent") && items.length === 5 ? items : null;
    });
    const told = rows.map(({ audience, kind }) => `${audience} ${kind}`).toSorted();
    expect(told).toEqual([
      "merchant incident_detected",
      "merchant patched",
      "merchant test",
      "ops incident_detected",
      "ops patched",
    ]);
    const [audit] = await world.rows("SELECT actor, action, data FROM audit_log WHERE stream = 'merchants'");
    expect(audit).toMatchObject({
      action: "merchant.notifications_set",
      data: { url: `${merchant.url}/…`, secret: "made", reason: "journey" },
    });
  });
});
