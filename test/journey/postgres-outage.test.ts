import { afterAll, beforeAll, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import type { AttemptStatus } from "../../src/contract/attempt.ts";
import type { IncidentStatus } from "../../src/contract/incident.ts";
import { Readiness } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import { expectAuditVerifies, expectWhole, ledgerOf } from "./ledger-of-plugin.ts";
import type { ScriptedShop } from "./scripted-shop.ts";
import { startWorld, type World } from "./world.ts";

/** 3 of 5 webhooks fail, whatever the version. */
const NEVER_WELL = { failing: () => 3 };

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

/** By the plugin's own object, which needs no Postgres. */
function overFor(shop: ScriptedShop, status: IncidentStatus): Promise<unknown> {
  return world.until(`${shop.id}: ${status}`, async () => {
    const { live } = await world.live(shop.id);
    return live.attempt === null && live.open_incidents[0]?.status === status && shop.state === "running";
  });
}

async function expectEnded(shop: ScriptedShop, status: AttemptStatus): Promise<void> {
  await world.attemptReaches(shop.id, status);
  const ledger = await ledgerOf(world, shop.id);
  expectWhole(ledger);
  expect(ledger.incidents).toMatchObject([{ status: status === "success" ? "baking" : "escalated" }]);
  expect(ledger.attempts).toMatchObject([{ status }]);
  expect(ledger.feedback).toMatchObject([{ outcome: status }]);
  expect(ledger.commands.map(({ type, status }) => `${type} ${status}`)).toEqual(
    status === "success" ? ["update acknowledged"] : ["update acknowledged", "rollback acknowledged"],
  );
  expect(shop.carriedOut).toEqual(ledger.commands.map(({ id }) => id));
}

it("heals on while Postgres is away, and Postgres then holds everything exactly once", async () => {
  const [verifying, rollingBack, staging, meanwhile] = await Promise.all([
    world.scriptedShop(),
    world.scriptedShop(),
    world.scriptedShop(),
    world.scriptedShop(),
  ]);
  await Promise.all([verifying.breakDown(), rollingBack.breakDown()]);
  const lives = [verifying.live(), rollingBack.live(NEVER_WELL), meanwhile.live({ failing: () => 0 })];
  await world.attemptReaches(verifying.id, "verifying");
  await staging.breakDown();
  await world.attemptInStaging(staging.id);

  await world.stack.postgres.stop();
  lives.push(staging.live());
  const ready = await world.api("/readyz");
  expect(ready.status).toBe(503);
  expect(Readiness.parse(await ready.json())).toMatchObject({
    ready: false,
    checks: { postgres: { ok: false } },
  });
  for (const path of ["plugin-incidents", "autopatch-attempts", "plugins", "kpis", "policy/history"]) {
    const answer = await world.api(`/api/ops/${path}`);
    expect(answer.status, path).toBe(503);
    expect(Number(answer.headers.get("retry-after")), path).toBeGreaterThan(0);
    expect(await answer.json(), path).toMatchObject({ error: { code: "unavailable" } });
  }
  // What is decided meanwhile is decided without Postgres, too.
  await lives[2]?.stop();
  await meanwhile.breakDown();
  lives[2] = meanwhile.live();
  const { revision } = await call(world.api, Policy, "/api/ops/policy");
  const json = { revision, reason: "while Postgres is away", patch: { limits: { penalty_box_s: 1 } } };
  await call(world.api, Policy, "/api/ops/policy", { method: "PATCH", json });
  await Promise.all([
    overFor(verifying, "baking"),
    overFor(rollingBack, "escalated"),
    overFor(staging, "baking"),
    overFor(meanwhile, "baking"),
  ]);
  expect((await world.live(meanwhile.id)).live.outbox).toBeGreaterThan(0);

  await world.stack.postgres.start();
  await Promise.all([
    expectEnded(verifying, "success"),
    expectEnded(rollingBack, "rolled_back"),
    expectEnded(staging, "success"),
    expectEnded(meanwhile, "success"),
  ]);
  await Promise.all(lives.map((life) => life.stop()));
  expect(lives.flatMap(({ answers }) => answers).filter((status) => status !== 200)).toEqual([]);
  await world.until("the policy's history", async () => {
    const history = await world.rows<{ revision: number }>("SELECT revision FROM ops_policy_history");
    return history.some((row) => row.revision === revision + 1);
  });
  expect(await expectAuditVerifies(world)).toBeGreaterThan(0);
  expect((await world.api("/readyz")).status).toBe(200);
});

it("loses nothing when the Worker is killed while Postgres is away", async () => {
  const shop = await world.scriptedShop();
  await world.stack.postgres.stop();
  await shop.breakDown();
  const life = shop.live();
  await world.until("the change under watch", async () => {
    return (await world.live(shop.id)).live.attempt?.status === "verifying";
  });
  await world.stack.worker.kill();
  // The Worker is not called ready before Postgres answers.
  await Promise.all([world.stack.worker.start(), world.stack.postgres.start()]);
  await expectEnded(shop, "success");
  await life.stop();
});
