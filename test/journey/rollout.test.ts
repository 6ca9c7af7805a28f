/** A release rolled out by plan and taken back again, steered with `npm run rollout` as a person would, over real shops. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { run } from "../../local/commands/rollout.ts";
import { call } from "../../local/demo/ops.ts";
import { DEMO_PRODUCT } from "../../local/demo/releases.ts";
import { RolloutDetail } from "../../src/contract/rollout.ts";
import { expectAuditVerifies } from "./ledger-of-plugin.ts";
import type { RealShop } from "./real-shop.ts";
import { startWorld, type World } from "./world.ts";

const VERSION = "1.2.3";
const ROLLOUT = `/api/ops/releases/${DEMO_PRODUCT}/${VERSION}/rollout`;
const EVERY_MARKET = "";

let world: World;
beforeAll(async () => {
  world = await startWorld({ policy: { canary: { bake_s: 0 } } });
  vi.stubEnv("VIGIE_TOKEN", await world.stack.token());
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await world?.stop();
});

/** What the command prints. */
async function rollout(verb: string, ...args: string[]): Promise<string> {
  const print = vi.spyOn(console, "log").mockImplementation(() => {});
  const version = /^\d/.test(args[0] ?? "") ? [] : [VERSION];
  expect(await run([verb, DEMO_PRODUCT, ...version, ...args, "--url", world.stack.url])).toBe(0);
  return String(print.mock.lastCall?.[0]);
}

const detail = () => call(world.api, RolloutDetail, ROLLOUT);

/** Sells well, then to names that 1.2.2 signs wrongly, until Vigie has noticed. */
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

it("heals the merchants of the first wave, lets the others wait, and goes back newest first on a person's word", async () => {
  for (const bad of ["1.2.4", "1.2.5"])
    expect(await rollout("block", bad, "--reason", "known to be bad")).toContain(`${bad}  blocked (dev:ada`);

  const waves = [
    "--wave",
    "name=pilots; merchants=dakar",
    "--wave",
    "percent=100; not-before=2099-01-01T00:00:00Z",
  ];
  expect(await rollout("plan", ...waves, "--dry-run")).toContain("dry run, nothing is changed");
  expect((await detail()).rollout.source).toBe("policy");
  expect(await rollout("plan", ...waves, "--reason", "pilots first")).toContain("pilots: merchant dakar");

  const [dakar, lome] = await Promise.all([beginsToFail("dakar"), beginsToFail("lome")]);
  await world.attemptReaches(dakar.id, "success");
  await world.until("the commit", async () => dakar.events.some(({ type }) => type === "committed"));
  expect(dakar.versionOnDisk()).toBe(VERSION);
  const waiting = await world.attemptReaches(lome.id, "pending");
  expect(waiting.gate.find(({ rule }) => rule === "canary")).toMatchObject({
    outcome: "forbid",
    observed: "pilots: merchant dakar: merchant lome",
  });
  await world.delivered(dakar.id);
  expect(await rollout("show")).toContain(`success      ${dakar.id}`);

  expect(await rollout("revert", "--dry-run")).toMatch(/^1 shops would be taken back.*halted first/);
  expect(dakar.versionOnDisk()).toBe(VERSION);
  await rollout("revert", "--reason", "totals are wrong");
  const run = await world.until("the way back", async () => {
    await Promise.all([dakar.beat(), lome.beat()]);
    const { revert } = await detail();
    return revert?.state === "done" && revert;
  });
  expect(run).toMatchObject({ by: "dev:ada", cause: "person", reason: "totals are wrong" });
  expect(run.items).toMatchObject([{ plugin_id: dakar.id, status: "reverted" }]);
  expect(dakar.versionOnDisk()).toBe("1.2.2");

  // Whatever is decided for it afterwards: this attempt is over, and the halted release never reached it.
  const cancelled = await world.until("the end of the attempt that waited", async () => {
    await lome.beat();
    const [row] = await world.rows<{ status: string; reason: string; handed_over_at: string | null }>(
      "SELECT status, reason, handed_over_at FROM plugin_autopatch_attempts WHERE id = $1",
      [waiting.id],
    );
    return row?.status === "cancelled" && row;
  });
  expect(cancelled).toMatchObject({ handed_over_at: null, reason: expect.stringContaining("halted") });
  expect(lome.versionOnDisk()).not.toBe(VERSION);

  const [release] = await world.until("the ledger's release", async () => {
    const rows = await world.rows<{ status: string; standing: { by: string; reason: string } }>(
      "SELECT status, standing FROM plugin_releases WHERE version = $1",
      [VERSION],
    );
    return rows[0]?.status === "halted" && rows;
  });
  expect(release?.standing).toMatchObject({ by: "dev:ada", reason: "totals are wrong" });
  await expectAuditVerifies(world);
});
