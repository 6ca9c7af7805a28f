/** Mutes from the policy's authority to the plugin's object, a snooze that wakes by its alarm, a vote on what is forgotten. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pluginOf } from "../../../durable-objects/stubs.ts";
import type { ManualAction } from "../../../src/contract/ops.ts";
import { aPerson } from "../../builders/release.ts";
import {
  allowEverything,
  answerStaging,
  bindings,
  changePolicy,
  passTime,
  Shop,
  startClock,
} from "./a-shop.ts";

beforeEach(async () => {
  startClock();
  answerStaging();
  await allowEverything();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

async function onlyIncident(shop: Shop) {
  const [incident] = (await shop.detail()).live.open_incidents;
  if (incident === undefined) throw new Error("no incident is open");
  return incident;
}

const act = (shop: Shop, incidentId: string, action: ManualAction) =>
  pluginOf(bindings, shop.id).act(incidentId, action, aPerson("ada"));

describe("a muted plugin's object", () => {
  it("opens the incident with who muted it, tries nothing, and begins by itself when the mute ends", async () => {
    const shop = await Shop.enrolled();
    await changePolicy({ mutes: [{ plugin_id: shop.id, until: inSeconds(3600), reason: "known fault" }] });
    await shop.breakWebhooks();
    expect((await onlyIncident(shop)).muted).toMatchObject({ by: "test:ada", reason: "known fault" });
    expect((await shop.detail()).live.attempt).toBeNull();
    passTime(3300);
    await shop.beat(1, 20, 12);
    await shop.evict();
    passTime(100);
    await runDurableObjectAlarm(shop.stub);
    expect((await onlyIncident(shop)).muted).toBeNull();
    await shop.untilAttempt("applying");
  });
});

describe("a snoozed incident", () => {
  it("wakes by the object's alarm", async () => {
    const shop = await Shop.enrolled();
    await shop.breakWebhooks();
    const { id } = await onlyIncident(shop);
    const until = inSeconds(60);
    const done = await act(shop, id, { action: "snooze", until, reason: "being mended" });
    expect(done.ok && done.value.incident?.snoozed?.until).toBe(until);
    passTime(61);
    await runDurableObjectAlarm(shop.stub);
    expect((await onlyIncident(shop)).snoozed).toBeNull();
  });
});

describe("a vote", () => {
  it("is taken for an incident that is open, and for one that its object has forgotten", async () => {
    const shop = await Shop.enrolled();
    await changePolicy({ intervals: { reopen_s: 0 } });
    await shop.breakWebhooks();
    const { id } = await onlyIncident(shop);
    const vote: ManualAction = { action: "vote", vote: "false_positive", reason: "a test of theirs" };
    const open = await act(shop, id, vote);
    expect(open.ok && open.value.incident?.id).toBe(id);
    await act(shop, id, { action: "dismiss", reason: "a test of theirs" });
    const closed = await act(shop, id, vote);
    expect(closed.ok && closed.value.incident).toBeNull();
    await changePolicy({ intervals: { reopen_s: 1800 } });
  });
});
