/** The runbook of emergencies, typed as a person would, against a real stack: what was applied is taken back while Postgres is down. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../../local/paths.ts";
import type { PersonId } from "../../local/people.ts";
import { Emergency, EmergencyDetail } from "../../src/contract/emergency.ts";
import { Guard } from "../../src/contract/guard.ts";
import { patchPolicy } from "./scripted-incident.ts";
import type { Life, ScriptedShop } from "./scripted-shop.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
const lives: Life[] = [];
/** Shops on the faulty version fail until this is cleared: what is taken back later shall stay quiet. */
let faulty = true;

beforeAll(async () => {
  // What can be taken back is what is told apart here: nothing else shall be tried.
  world = await startWorld({ policy: { allowed_actions: ["patch"] } });
});
afterAll(async () => {
  for (const life of lives) await life.stop();
  await world?.stop();
});

interface Said {
  code: number | null;
  out: string;
  err: string;
}

/** `npm run ops -- <line>`, as one of the local people. */
async function ops(line: string[], as?: PersonId): Promise<Said> {
  const token = await world.stack.token(as);
  const child = spawn(
    process.execPath,
    [join(ROOT, "local", "cli.ts"), "ops", ...line, "--url", world.stack.url],
    { env: { ...process.env, VIGIE_TOKEN: token }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, out, err };
}
const because = ["--reason", "journey: checkout is down"];
const jsonOf = ({ out }: Said): unknown => JSON.parse(out);

async function healedShop(): Promise<ScriptedShop> {
  const shop = await world.scriptedShop();
  lives.push(shop.live({ failing: (version) => (faulty && version === "1.2.2" ? 3 : 0) }));
  return shop;
}

it("takes back what was applied in the last minutes, planned first, confirmed as read, with Postgres down", async () => {
  const shops = await Promise.all([healedShop(), healedShop(), healedShop()]);
  for (const shop of shops) await world.attemptReaches(shop.id, "success");
  faulty = false;
  for (const shop of shops) await world.delivered(shop.id);
  for (const shop of shops) expect(shop.version).not.toBe("1.2.2");

  expect(await ops(["rollback-since", "30", ...because], "dev:linus")).toMatchObject({
    code: 1,
    err: expect.stringContaining("your roles do not allow this"),
  });
  const none = Emergency.parse(
    jsonOf(await ops(["rollback-since", "30", "--merchant", "nobody", "--json", ...because])),
  );
  expect(none.counts.targets).toBe(0);

  const waves = ["--wave-size", "2", "--wave-growth", "1", "--pause", "0"];
  const plan = await ops(["rollback-since", "30", "--dry-run", ...waves, ...because], "dev:grace");
  expect(plan.code).toBe(0);
  const token = /--confirm (\S+)/.exec(plan.out)?.[1] ?? "";
  expect(token).toMatch(/^emg_2\/3\/[0-9a-f]{64}$/);
  const wrong = token.replace(/[0-9a-f]{64}$/, "0".repeat(64));
  expect(await ops(["rollback-since", "--confirm", wrong])).toMatchObject({
    code: 1,
    err: expect.stringContaining("read it again"),
  });

  await world.stack.postgres.stop();
  const ran = await ops(["rollback-since", "--confirm", token, "--follow"], "dev:grace");
  expect(ran, `${ran.out}${ran.err}`).toMatchObject({
    code: 0,
    out: expect.stringContaining("targets    3: 3 done"),
  });
  expect(shops.map(({ version }) => version)).toEqual(["1.2.2", "1.2.2", "1.2.2"]);
  await world.stack.postgres.start();

  const detail = EmergencyDetail.parse(jsonOf(await ops(["show", "emg_2", "--json"])));
  expect(detail).toMatchObject({ status: "done", wave: 2, confirmed_by: "dev:grace" });
  const taken = await world.until("the attempts that took them back, in Postgres", async () => {
    const rows = await world.rows<{ reverts: string; status: string }>(
      "SELECT reverts, status FROM plugin_autopatch_attempts WHERE reverts IS NOT NULL ORDER BY reverts",
    );
    return rows.length === 3 && rows.every(({ status }) => status === "success") && rows;
  });
  expect(taken.map(({ reverts }) => reverts)).toEqual(
    detail.targets.map(({ attempt_id }) => attempt_id).toSorted(),
  );
  for (const shop of shops) await world.delivered(shop.id);
  const audit = await world.until("its audit lines", async () => {
    const rows = await world.rows<{ action: string; actor: string }>(
      "SELECT action, actor FROM audit_log WHERE stream = 'fleet' AND subject = 'emg_2' ORDER BY seq",
    );
    return rows.length === 3 && rows;
  });
  expect(audit).toEqual([
    { action: "emergency.planned", actor: "dev:grace" },
    { action: "emergency.confirmed", actor: "dev:grace" },
    { action: "emergency.done", actor: "dev:grace" },
  ]);
});

it("three taken back of three spend the autonomy budget, and a person restores it", async () => {
  const before = Guard.parse(jsonOf(await ops(["status", "--json"])));
  expect(before.autonomy).toMatchObject({ state: "degraded", rolled_back: 3 });
  expect(await ops(["autonomy", "restore", ...because], "dev:linus")).toMatchObject({ code: 1 });
  const restored = Guard.parse(jsonOf(await ops(["autonomy", "restore", "--json", ...because], "dev:grace")));
  expect(restored.autonomy).toMatchObject({
    state: "normal",
    finished: 0,
    restored: { by: "dev:grace", reason: "journey: checkout is down" },
  });
  expect(await ops(["autonomy", "restore", ...because])).toMatchObject({
    code: 1,
    err: expect.stringContaining("nothing to restore"),
  });
});

it("cancels what waits, listed first; the kill switch falls and is released by the same runbook", async () => {
  await patchPolicy(world, { mode: "approve-only" });
  const shop = await world.scriptedShop();
  await shop.breakDown();
  const attempt = await world.attemptReaches(shop.id, "awaiting_approval");
  await world.delivered(shop.id);

  const listed = await ops(["cancel-pending", "--dry-run"]);
  expect(listed.out).toContain("targets    1: 1 waiting");
  expect((await world.attemptOf(shop.id))?.status).toBe("awaiting_approval");
  const done = await ops(["cancel-pending", "--follow", ...because], "dev:grace");
  expect(done, `${done.out}${done.err}`).toMatchObject({
    code: 0,
    out: expect.stringContaining("1 done"),
  });
  await world.delivered(shop.id);
  const cancelled = await world.attemptOf(shop.id);
  expect(cancelled).toMatchObject({ id: attempt.id, status: "cancelled" });
  expect(cancelled?.reason).toContain("journey: checkout is down");

  const preview = await ops(["kill", "on", "--dry-run"], "dev:linus");
  expect(preview).toMatchObject({ code: 0, out: expect.stringContaining("Nothing has been done.") });
  expect((await ops(["status"])).out).toContain("kill switch  released");
  const killed = await ops(["kill", "on", ...because], "dev:grace");
  expect(killed.out, killed.err).toContain("no command leaves any more");
  const held = await ops(["rollback-since", "60", ...because]);
  expect(held.out).toContain("The kill switch is engaged: no command leaves, so nothing is taken back.");
  expect((await ops(["status"])).out).toContain("ENGAGED");
  expect((await ops(["kill", "off", ...because])).out).toContain("released");
});
