/** What is muted, snoozed and voted on, from the API through the objects to Postgres and back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import { ActionReply, IncidentDetail, Kpis } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import { PATIENT_INTERVALS } from "./scripted-incident.ts";
import { startWorld, type World } from "./world.ts";

const MUTED = "quiet-merchant";
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

let world: World;
beforeAll(async () => {
  const mutes = [{ merchant_id: MUTED, until: inAnHour(), reason: "their own tests" }];
  world = await startWorld({ policy: { mode: "approve-only", intervals: PATIENT_INTERVALS, mutes } });
});
afterAll(() => world?.stop());

/** A shop whose webhooks fail, and its incident. */
async function aFailingShop(merchantId?: string) {
  const shop = await world.scriptedShop(merchantId === undefined ? {} : { merchantId });
  await shop.beat(20, 12);
  const incident = await world.until(
    `${shop.id}: an incident`,
    async () => (await world.live(shop.id)).live.open_incidents[0],
  );
  return { shop, incident };
}

const act = (incidentId: string, json: Record<string, unknown>) =>
  call(world.api, ActionReply, `/api/ops/plugin-incidents/${incidentId}/manual-action`, { json });
const detailOf = (id: string) => call(world.api, IncidentDetail, `/api/ops/plugin-incidents/${id}`);

describe("a muted merchant", () => {
  it("has its incident recorded with who muted it and why, and nobody is told", async () => {
    const { document } = await call(world.api, Policy, "/api/ops/policy");
    const { by, until } = document.mutes[0] ?? {};
    expect(by).toMatch(/^dev:/);
    const { shop, incident } = await aFailingShop(MUTED);
    await world.delivered(shop.id);
    const stored = await detailOf(incident.id);
    expect(stored.incident.muted).toEqual({ by, until, reason: "their own tests" });
    expect(stored.attempts).toEqual([]);
    expect(stored.timeline.map(({ kind }) => kind)).toEqual(["detected", "muted"]);
    expect(await world.rows("SELECT kind FROM notifications WHERE plugin_id = $1", [shop.id])).toEqual([]);
  });
});

describe("a snooze and votes", () => {
  it("are in the ledger, one vote for each person, counted in the figures", async () => {
    const { shop, incident } = await aFailingShop();
    const until = inAnHour();
    const { incident: snoozed } = await act(incident.id, { action: "snooze", until, reason: "being mended" });
    expect(snoozed.snoozed).toMatchObject({ until, reason: "being mended" });
    await act(incident.id, { action: "vote", vote: "useful", reason: "it was real" });
    await act(incident.id, { action: "vote", vote: "not_actionable", reason: "on second thoughts" });
    await world.delivered(shop.id);
    const stored = await detailOf(incident.id);
    expect(stored.incident.snoozed).toEqual(snoozed.snoozed);
    expect(stored.votes).toMatchObject([{ vote: "not_actionable", reason: "on second thoughts" }]);
    const { votes } = await call(world.api, Kpis, "/api/ops/kpis");
    expect(votes).toEqual({ not_actionable: 1 });
    expect(
      await world.rows(
        "SELECT action FROM audit_log WHERE subject = $1 AND action IN ('incident.vote', 'incident.snooze')",
        [incident.id],
      ),
    ).toHaveLength(3);
  });
});
