import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { claimPort } from "../../local/ports.ts";
import { isAlive, waitForEnd } from "../../local/process-table.ts";
import { createWorkerProcess, type WorkerProcess } from "../../local/worker/worker.ts";

/** Stands for the Worker: one object that can set its alarm, under the class names of wrangler.toml. */
const SMALL_WORKER = `
import { DurableObject } from "cloudflare:workers";
export class PluginObject extends DurableObject {
  async arm(ms) { await this.ctx.storage.setAlarm(Date.now() + ms); }
  async fired() { return (await this.ctx.storage.get("fired")) ?? 0; }
  async alarm() { await this.ctx.storage.put("fired", 1 + await this.fired()); }
}
class Other extends DurableObject {}
export { Other as PolicyObject, Other as ReleaseObject, Other as FleetObject, Other as SiraObject, Other as FeedObject, Other as NoticeObject };
let swept = 0;
export default {
  async fetch(request, env) {
    const plugin = env.PLUGIN.get(env.PLUGIN.idFromName("one"));
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/api/arm") await plugin.arm(Number(searchParams.get("ms")));
    return Response.json({ fired: await plugin.fired(), token: env.SIRA_API_TOKEN, swept });
  },
  async scheduled() { swept += 1; },
};`;

/** The Worker starts and stops in a second on a machine of its own. */
const SETUP_MS = 60_000;

let folder: string;
let port: number;
let worker: WorkerProcess;
const workerdPid = () => Number(readFileSync(join(folder, "workerd.pid"), "utf8"));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-worker-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.js"), SMALL_WORKER);
  port = await claimPort(0);
  worker = createWorkerProcess(
    {
      bundle: join(folder, "index.js"),
      assetsDir: join(folder, "assets"),
      port,
      persistDir: join(folder, "state"),
      pidFile: join(folder, "workerd.pid"),
      bindings: { SIRA_API_TOKEN: "a-secret" },
    },
    { logFile: join(folder, "worker.log"), log: () => {} },
  );
  await worker.start();
}, SETUP_MS);
afterEach(async () => {
  await worker.stop();
  rmSync(folder, { recursive: true, force: true });
}, SETUP_MS);

interface Answer {
  fired: number;
  token: string;
  swept: number;
}
async function ask(path: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  // The small worker above answers nothing else.
  return (await response.json()) as Answer;
}
async function askUntil(path: string, isEnough: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask(path);
    if (isEnough(answer)) return answer;
    await delay(50);
  }
}

it("gives the Worker its secrets and runs the scheduled handler once after the start", async () => {
  const answer = await askUntil("/api/look", ({ swept }) => swept > 0);
  expect(answer.token).toBe("a-secret");
  expect(worker.vars()).toMatchObject({ MOLAM_ID_AUDIENCE: "vigie-ops" });
});

it("leaves no workerd behind when it is killed, and an alarm that came due meanwhile fires after the restart", async () => {
  const dueAt = Date.now() + 2000;
  await ask("/api/arm?ms=2000");
  const before = workerdPid();
  await worker.kill();
  expect(isAlive(before)).toBe(false);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  await delay(dueAt + 100 - Date.now());
  await worker.start();
  // At least once, as the platform has it: on a slow machine it may have rung before the kill too.
  expect((await askUntil("/api/look", ({ fired }) => fired > 0)).fired).toBeGreaterThan(0);
});

it("takes workerd with it when it is stopped", async () => {
  const pid = workerdPid();
  await worker.stop();
  expect(await waitForEnd(pid, SETUP_MS)).toBe(true);
});

it("names the port when another program holds it", async () => {
  const second = createWorkerProcess(
    {
      bundle: join(folder, "index.js"),
      assetsDir: join(folder, "assets"),
      port,
      persistDir: join(folder, "other"),
      pidFile: join(folder, "other.pid"),
      bindings: {},
    },
    { logFile: join(folder, "other.log"), log: () => {} },
  );
  await expect(second.start()).rejects.toThrow(`port ${port} is taken`);
});
