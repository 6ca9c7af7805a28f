import { afterAll, beforeAll, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import { DEMO_PRODUCT } from "../../local/demo/releases.ts";
import type { AttemptStatus } from "../../src/contract/attempt.ts";
import { ReleaseRecord } from "../../src/contract/ops.ts";
import { expectWhole, ledgerOf } from "./ledger-of-plugin.ts";
import type { ScriptedShop } from "./scripted-shop.ts";
import { startWorld, type World } from "./world.ts";

/** 3 of 5 webhooks fail, whatever the version. */
const NEVER_WELL = { failing: () => 3 };

const EVERY_MARKET = "";

let world: World;
/** Fails when the Worker is killed, and never says a word again. */
let lost: ScriptedShop;
beforeAll(async () => {
  // Long probation beats: the health check hears nothing of a shop that fell silent for longer than a restart takes.
  // A command outlives all that is done to the others before its shop comes for it, and expires before the last test.
  const intervals = { probation_s: 60, command_ttl_s: 60, apply_s: 240 };
  world = await startWorld({ policy: { intervals } });
  // Once 1.2.3 is known to heal, another release may be tried in order to learn: here all is about one.
  for (const version of ["1.2.4", "1.2.5"]) {
    const path = `/api/ops/releases/${DEMO_PRODUCT}/${version}/status`;
    await call(world.api, ReleaseRecord, path, {
      json: { status: "blocked", reason: "journey: only 1.2.3" },
    });
  }
});
afterAll(() => world?.stop());

async function killAndRestart(): Promise<void> {
  await world.stack.worker.kill();
  await world.stack.worker.start();
}

async function brokenShop(): Promise<ScriptedShop> {
  const shop = await world.scriptedShop();
  await shop.breakDown();
  return shop;
}

/** The command waits for its shop's next beat. */
async function beforeHandOver(): Promise<ScriptedShop> {
  const shop = await brokenShop();
  await world.attemptReaches(shop.id, "applying");
  return shop;
}

async function afterHandOver() {
  const shop = await beforeHandOver();
  return { shop, command: await shop.takeCommand() };
}

/** Applied and watched; `webhooks`: delivered since, which is enough to be found healthy by. */
async function underWatch(webhooks: number): Promise<ScriptedShop> {
  const { shop, command } = await afterHandOver();
  await shop.carryOut(command);
  await shop.beat();
  if (webhooks > 0) await shop.beat(webhooks);
  return shop;
}

/** Reads everything of the shop from Postgres and holds it against what the shop did. */
async function expectEnd(shop: ScriptedShop, status: AttemptStatus): Promise<void> {
  await world.attemptReaches(shop.id, status);
  const ledger = await ledgerOf(world, shop.id);
  expectWhole(ledger);
  // A shop that fell silent has an incident about that, too, by and by.
  expect(ledger.incidents.filter(({ type }) => type === "webhook_fail_rate")).toMatchObject([
    { status: status === "success" ? "baking" : "escalated" },
  ]);
  expect(ledger.attempts).toMatchObject([{ status }]);
  const acknowledged = ledger.commands.filter((command) => command.status === "acknowledged");
  expect(shop.carriedOut).toEqual(acknowledged.map(({ id }) => id));
  expect(acknowledged.map(({ type }) => type)).toEqual(
    { success: ["update"], rolled_back: ["update", "rollback"] }[String(status)] ?? [],
  );
  expect(shop.version).toBe(status === "success" ? "1.2.3" : "1.2.2");
}

it("ends every attempt as it should after the Worker was killed in the middle of it", async () => {
  const [queued, handedOver, unreported, forgotten, watched, bad, silent] = await Promise.all([
    beforeHandOver(),
    afterHandOver(),
    afterHandOver(),
    beforeHandOver(),
    underWatch(10),
    underWatch(0),
    underWatch(10),
  ]);
  lost = forgotten;
  const staging = await brokenShop();
  await world.attemptInStaging(staging.id);
  unreported.shop.switchTo(unreported.command);
  await world.stack.worker.kill();
  await expect(queued.beat(5, 3)).rejects.toThrow("fetch failed");
  await world.stack.worker.start();

  const lives = [queued, watched, staging].map((shop) => shop.live());
  lives.push(bad.live(NEVER_WELL));
  // The command was in the shop's hands; its acknowledgement comes only now.
  await handedOver.shop.carryOut(handedOver.command);
  lives.push(handedOver.shop.live());
  // Its acknowledgement was lost for good: the beat says what runs.
  lives.push(unreported.shop.live());
  await Promise.all([
    expectEnd(queued, "success"),
    expectEnd(handedOver.shop, "success"),
    expectEnd(unreported.shop, "success"),
    expectEnd(watched, "success"),
    expectEnd(bad, "rolled_back"),
    expectEnd(staging, "success"),
    // Not one beat since the restart: the alarm, or the sweep behind it, judged what was known.
    expectEnd(silent, "success"),
  ]);
  await Promise.all(lives.map((life) => life.stop()));
});

it("heals through one kill after another, and loses nothing that shops counted meanwhile", async () => {
  const real = await world.realShop({ markets: EVERY_MARKET });
  await world.until("an incident of the real shop", async () => {
    await real.beat();
    return (await world.live(real.id)).live.open_incidents[0];
  });
  // One rollback is behind us: a second would spend the autonomy budget, and nothing would go by itself any more.
  const [good, bystander] = await Promise.all([brokenShop(), world.scriptedShop()]);
  await bystander.beat();
  const lives = [good.live(), bystander.live({ everyMs: 600, failing: () => 0 })];
  for (let kills = 0; kills < 3; kills++) await killAndRestart();
  await expectEnd(good, "success");
  await Promise.all(lives.map((life) => life.stop()));
  await world.until("the real shop has its commit", async () => {
    await real.beat();
    return real.events.some(({ type }) => type === "committed");
  });
  expect(real.versionOnDisk()).toBe("1.2.3");
  const ledger = await ledgerOf(world, real.id);
  expectWhole(ledger);
  expect(ledger.attempts).toMatchObject([{ status: "success" }]);

  expect(lives[1]?.answers).toContain(null);
  await bystander.beat(1);
  const { recent } = (await world.live(bystander.id)).live;
  const counted = recent.reduce((sum, bucket) => sum + bucket.webhooks_sent, 0);
  expect(counted).toBe(bystander.counters.webhooks_sent);
});

it("ends the attempt on a shop that never came back for its command", async () => {
  await expectEnd(lost, "expired");
});
