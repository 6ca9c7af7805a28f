import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import { DEMO_PRODUCT } from "../../local/demo/releases.ts";
import { ActionReply } from "../../src/contract/ops.ts";
import { RebuildReply } from "../../src/contract/sira-memory.ts";
import {
  expectAuditVerifies,
  expectWhole,
  kindsOf,
  ledgerOf,
  type PluginLedger,
} from "./ledger-of-plugin.ts";
import type { RealShop } from "./real-shop.ts";
import { startWorld, type World } from "./world.ts";

const EVERY_MARKET = "";
const STORY = [
  "detected",
  "decided",
  "gate_passed",
  "staged",
  "handed_over",
  "applied",
  "rolling_back",
  "attempt_success",
  "attempt_rolled_back",
];

let world: World;
beforeAll(async () => {
  // Vigie acts by itself for one merchant; for the others it asks.
  world = await startWorld({ policy: { whitelist: { all: false, merchants: ["dakar"] } } });
});
afterAll(() => world?.stop());

/** The shop sells well, then to names that 1.2.2 signs wrongly, until Vigie has noticed. */
async function beginsToFail(merchantId: string): Promise<RealShop> {
  const shop = await world.realShop({ merchantId });
  await world.until(`${merchantId}: good webhooks`, async () => {
    await shop.beat();
    return (await world.live(shop.id)).live.recent.some((bucket) => bucket.webhooks_sent >= 10);
  });
  await shop.sellTo(EVERY_MARKET);
  await world.until(`${merchantId}: an incident`, async () => {
    await shop.beat();
    return (await world.live(shop.id)).live.open_incidents[0];
  });
  return shop;
}

/** Somebody on duty orders a version by hand instead of what Vigie proposes. */
async function orderedByHand(shop: RealShop, version: string): Promise<void> {
  await world.attemptReaches(shop.id, "awaiting_approval");
  const { id } = await world.openIncident(shop.id);
  const json = { action: "patch", version, reason: "somebody read that it helps" };
  await call(world.api, ActionReply, `/api/ops/plugin-incidents/${id}/manual-action`, { json });
  await world.until(`${shop.merchantId}: ${version} is on its way`, async () => {
    const attempt = await world.attemptOf(shop.id);
    return attempt?.target_version === version;
  });
}

async function wholeLedgerOf(shop: RealShop): Promise<PluginLedger> {
  const ledger = await ledgerOf(world, shop.id);
  expectWhole(ledger);
  return ledger;
}

describe.concurrent("three shops whose webhooks fail", () => {
  it("heals the first with the release that mends it", async () => {
    const shop = await beginsToFail("dakar");
    const attempt = await world.attemptReaches(shop.id, "success");
    await world.until("the commit", async () => shop.events.some(({ type }) => type === "committed"));

    expect(shop.versionOnDisk()).toBe("1.2.3");
    expect(attempt).toMatchObject({
      requested_by: "vigie",
      target_version: "1.2.3",
      health: { verdict: "healthy" },
    });
    const ledger = await wholeLedgerOf(shop);
    expect(ledger.incidents).toMatchObject([{ type: "webhook_fail_rate", status: "baking" }]);
    expect(ledger.attempts).toMatchObject([{ status: "success" }]);
    expect(ledger.commands).toMatchObject([{ type: "update", status: "acknowledged" }]);
    expect(ledger.feedback).toMatchObject([{ outcome: "success" }]);
    expect(kindsOf(ledger, STORY)).toEqual([
      "detected",
      "decided",
      "gate_passed",
      "staged",
      "handed_over",
      "applied",
      "attempt_success",
    ]);
    expect(ledger.notifications.map(({ kind }) => kind)).toEqual(["incident_detected", "patched"]);
  });

  it("takes back the release that breaks under load from the second, by the health check", async () => {
    const shop = await beginsToFail("nairobi");
    await orderedByHand(shop, "1.2.4");
    const attempt = await world.attemptReaches(shop.id, "rolled_back");

    expect(shop.versionOnDisk()).toBe("1.2.2");
    expect(attempt).toMatchObject({ requested_by: "dev:ada", health: { verdict: "unhealthy" } });
    const ledger = await wholeLedgerOf(shop);
    expect(ledger.incidents).toMatchObject([{ status: "escalated" }]);
    expect(ledger.attempts).toMatchObject([
      { target_version: "1.2.3", status: "cancelled" },
      { target_version: "1.2.4", status: "rolled_back" },
    ]);
    expect(ledger.commands).toMatchObject([
      { type: "update", status: "acknowledged" },
      { type: "rollback", status: "acknowledged" },
    ]);
    expect(ledger.feedback).toMatchObject([{ outcome: "rolled_back" }]);
    expect(kindsOf(ledger, STORY).slice(-6)).toEqual([
      "gate_passed",
      "staged",
      "handed_over",
      "applied",
      "rolling_back",
      "attempt_rolled_back",
    ]);
    expect(ledger.notifications.map(({ kind }) => kind).sort()).toEqual([
      "approval_needed",
      "escalated",
      "incident_detected",
      "rolled_back",
    ]);
  });

  it("hears from the third that it has restored itself after a release that does not boot", async () => {
    const shop = await beginsToFail("lagos");
    await orderedByHand(shop, "1.2.5");
    const attempt = await world.attemptReaches(shop.id, "rolled_back");

    expect(shop.versionOnDisk()).toBe("1.2.2");
    expect(attempt.reason).toMatch(/restored its last good version by itself/);
    expect(shop.events.some(({ type }) => type === "restored")).toBe(true);
    const ledger = await wholeLedgerOf(shop);
    expect(ledger.attempts).toMatchObject([
      { target_version: "1.2.3", status: "cancelled" },
      { target_version: "1.2.5", status: "rolled_back" },
    ]);
    expect(ledger.commands).toMatchObject([{ type: "update", status: "failed" }]);
    expect(ledger.commands[0]?.error).toMatch(/^(boot_failed|restored): /);
    expect(ledger.feedback).toMatchObject([{ outcome: "rolled_back" }]);
  });
});

it("teaches SIRA just what is on record: a rebuild from Postgres changes nothing", async () => {
  const json = { dry_run: true, reason: "to compare" };
  const path = `/api/ops/sira/${DEMO_PRODUCT}/rebuild`;
  const counted = await world.until("both to have heard of all three", async () => {
    const reply = await call(world.api, RebuildReply, path, { json });
    return reply.attempts === 3 && reply.added === 0 ? reply : null;
  });
  expect(counted).toEqual({
    dry_run: true,
    attempts: 3,
    votes: 0,
    added: 0,
    corrected: 0,
    dropped: 0,
    kept: 0,
  });
  await call(world.api, RebuildReply, path, { json: { reason: "the same again" } });
  await world.until("the audit of it", async () => {
    const [row] = await world.rows<{ n: number }>(
      "SELECT count(*)::int AS n FROM audit_log WHERE stream = 'sira' AND action = 'sira.rebuilt'",
      [],
    );
    return row?.n === 1;
  });
});

it("leaves an audit chain that verifies", async () => {
  expect(await expectAuditVerifies(world)).toBeGreaterThan(0);
});
