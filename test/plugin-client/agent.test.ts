/** The agent as a shop runs it: real processes, real zips, real time, a control plane over HTTP. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Agent, type AgentOptions, startAgent } from "../../plugin-client/agent.ts";
import type { ClientEvent } from "../../plugin-client/core/events.ts";
import { defaultPlatform } from "../../plugin-client/core/platform.ts";
import { aFolder } from "./support/a-folder.ts";
import { ControlPlane, PLUGIN_ID } from "./support/control-plane.ts";
import { PATIENCE_MS } from "./support/patience.ts";
import { aRelease, PRODUCT, pluginMain } from "./support/publishers.ts";

const WORKING = aRelease("1.2.2", {
  main: pluginMain("1.2.2", `say({ vigie: "request" }); say({ vigie: "webhook", ok: false });`),
});

let plane: ControlPlane;
let folder: Awaited<ReturnType<typeof aFolder>>;
let agents: Agent[] = [];
const events: ClientEvent[] = [];

beforeEach(async () => {
  plane = await new ControlPlane().start();
  plane.nextHeartbeatS = 5;
  folder = await aFolder();
  events.length = 0;
});
afterEach(async () => {
  for (const agent of agents) await agent.stop({ goodbye: false });
  agents = [];
  await plane.stop();
  await folder.remove();
  expect(plane.problems).toEqual([]);
});

async function anAgent(options: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = await startAgent({
    apiUrl: plane.url,
    root: folder.path,
    product: PRODUCT,
    claimCode: `clm_${"a".repeat(30)}.${"b".repeat(43)}`,
    install: { version: "1.2.2", file: WORKING.file, settings: { receiver: "http://127.0.0.1:9" } },
    environment: { platform: "demo" },
    process: { bootTimeoutMs: PATIENCE_MS, stopTimeoutMs: 300 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  agents.push(agent);
  return agent;
}

describe("the agent", () => {
  it("enrols once, keeps its identity to itself, and counts what the plugin says", async () => {
    const agent = await anAgent();
    expect(agent.pluginId).toBe(PLUGIN_ID);
    expect((await stat(join(folder.path, "identity.json"))).mode & 0o777).toBe(0o600);
    await expect
      .poll(async () => (await agent.client.beatNow()) && plane.beats.at(-1)?.counters, {
        timeout: PATIENCE_MS,
      })
      .toMatchObject({
        requests: 1,
        webhooks_sent: 1,
        webhooks_failed: 1,
      });
    expect(plane.beats.at(-1)?.env).toMatchObject({ platform: "demo", runtime: "node" });
    const { seq } = plane.beats.at(-1) ?? { seq: 0 };
    await agent.stop();
    expect(plane.beats.at(-1)?.state).toBe("goodbye");

    await anAgent({ install: { version: "9.9.9", file: "/nowhere" } });
    expect(plane.requests.filter((request) => request.path.endsWith("/enroll"))).toHaveLength(1);
    expect(plane.beats.at(-1)?.seq).toBeGreaterThan(seq);
  });

  it("can make its own key, which never leaves", async () => {
    await anAgent({ signing: "ed25519" });
    const { credential } = JSON.parse(await readFile(join(folder.path, "identity.json"), "utf8"));
    expect(credential).toMatch(/^whsk_/);
    expect(plane.beats).toHaveLength(1);
    expect(JSON.stringify([plane.requests, events])).not.toContain(credential.slice(5));
  });

  it("does not start without an identity or a claim code", async () => {
    const install = { version: "1.2.2", file: WORKING.file };
    const options = { apiUrl: plane.url, root: folder.path, product: PRODUCT, install };
    await expect(startAgent(options)).rejects.toThrow("claim code");
  });

  it("heals the plugin: update, probation with probes, commit", async () => {
    const agent = await anAgent();
    const id = plane.offerUpdate(aRelease("1.2.3"));
    await agent.client.beatNow();
    await plane.until("probation", () => plane.beats.at(-1)?.state === "probation");
    await plane.until("the ack", () => plane.reports.length === 1);
    expect(plane.reports).toMatchObject([{ kind: "ack", command_id: id, says: "1.2.3" }]);
    expect(plane.beats.at(-1)?.probes).toEqual([{ name: "settings", ok: true, ms: 3 }]);
    plane.commit = plane.signedCommit(id, "1.2.3");
    await agent.client.beatNow();
    await plane.until("final", () => plane.beats.at(-1)?.last_command?.outcome === "committed");
    expect(plane.beats.at(-1)).toMatchObject({ state: "running", version: "1.2.3" });
  });

  it("restores the old version when the new one does not boot", async () => {
    const agent = await anAgent();
    const broken = aRelease("1.2.5", { main: `throw new Error("no such journal")` });
    const id = plane.offerUpdate(broken);
    await agent.client.beatNow();
    await plane.until("the report", () => plane.reports.length === 1);
    expect(plane.reports).toMatchObject([{ kind: "fail", command_id: id, says: "boot_failed" }]);
    expect(plane.reports[0]?.message).toContain("exited with code 1 before it was ready");
    await plane.until("the old version", () => plane.beats.at(-1)?.last_command?.outcome === "restored");
    expect(plane.beats.at(-1)).toMatchObject({ state: "running", version: "1.2.2" });
    expect(await agent.host.probe(["settings"])).toMatchObject([{ ok: true }]);
  });

  it("restores the old version by itself when the control plane is gone", async () => {
    const agent = await anAgent();
    plane.offerUpdate(aRelease("1.2.3"), { commit_within_s: 5 });
    await agent.client.beatNow();
    await plane.until("probation", () => plane.beats.at(-1)?.state === "probation");
    await plane.stop();
    await expect.poll(() => agent.host.currentVersion(), { timeout: PATIENCE_MS }).toBe("1.2.2");
    await expect
      .poll(() => agent.host.probe(["settings"]), { timeout: PATIENCE_MS })
      .toMatchObject([{ ok: true }]);
  });

  it("tracks a crash of the plugin as an error and brings it back", async () => {
    const crashing = aRelease("1.2.2", {
      main: pluginMain(
        "1.2.2",
        `import("node:fs").then((fs) => {
        const flag = process.env.VIGIE_DATA + "/crashed";
        if (!fs.existsSync(flag)) { fs.writeFileSync(flag, ""); setTimeout(() => process.exit(9), 20); }
      });`,
      ),
    });
    const agent = await anAgent({ install: { version: "1.2.2", file: crashing.file } });
    await expect
      .poll(
        async () => {
          await agent.client.beatNow();
          return plane.beats.flatMap((beat) => beat.errors ?? []).map((error) => error.message);
        },
        { timeout: PATIENCE_MS },
      )
      .toContain("plugin exited with code 9");
    await expect
      .poll(() => agent.host.probe(["settings"]), { timeout: PATIENCE_MS })
      .toMatchObject([{ ok: true }]);
  });

  it("restores the old version when the deadline passed while it was down", async () => {
    const first = await anAgent();
    plane.offerUpdate(aRelease("1.2.3"), { commit_within_s: 5 });
    await first.client.beatNow();
    await plane.until("probation", () => plane.beats.at(-1)?.state === "probation");
    await plane.until("the ack", () => plane.reports.length === 1);
    await first.stop({ goodbye: false });
    const url = plane.url;
    await plane.stop();
    const later = { ...defaultPlatform(), now: () => Date.now() + 5_100 };
    const second = await anAgent({ apiUrl: url, platform: later });
    expect(await second.host.currentVersion()).toBe("1.2.2");
    expect(await second.host.probe(["settings"])).toMatchObject([{ ok: true }]);
  });

  it("runs under Deno too", async () => {
    const script = join(folder.path, "agent.mjs");
    const zip = join(folder.path, "1.2.2.zip");
    await writeFile(zip, WORKING.file);
    const options = {
      apiUrl: plane.url,
      root: join(folder.path, "shop"),
      product: PRODUCT,
      claimCode: `clm_${"a".repeat(30)}.${"b".repeat(43)}`,
      install: { version: "1.2.2", file: zip },
      process: { stopTimeoutMs: 500 },
    };
    await writeFile(
      script,
      `import { startAgent } from ${JSON.stringify(new URL("../../plugin-client/agent.ts", import.meta.url).href)};
       const done = Promise.withResolvers();
       const onEvent = (event) => event.type === "report" && done.resolve();
       const agent = await startAgent({ ...${JSON.stringify(options)}, onEvent });
       await done.promise;
       await agent.stop();`,
    );
    const id = plane.offerUpdate(aRelease("1.2.3"));
    const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
    const child = spawn(deno, ["run", "--allow-all", "--no-prompt", "--no-check", script], {
      stdio: "inherit",
    });
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    expect(plane.reports[0]).toMatchObject({ kind: "ack", command_id: id, says: "1.2.3" });
    expect(plane.beats[0]?.env).toMatchObject({ runtime: "deno" });
    expect(plane.beats.at(-1)).toMatchObject({ state: "goodbye", version: "1.2.3" });
  });

  it("takes the plugin with it when it is killed", async () => {
    const code = `
      const { startAgent } = await import(${JSON.stringify(new URL("../../plugin-client/agent.ts", import.meta.url).href)});
      const { readFileSync } = await import("node:fs");
      await startAgent(JSON.parse(process.argv[1], (k, v) => (k === "file" ? Buffer.from(v, "base64") : v)));
      console.log("up");`;
    const main = pluginMain(
      "1.2.2",
      `import { writeFileSync } from "node:fs";
       writeFileSync(process.env.VIGIE_DATA + "/pid", String(process.pid));`,
    );
    const file = Buffer.from(aRelease("1.2.2", { main }).file).toString("base64");
    const options = {
      apiUrl: plane.url,
      root: folder.path,
      product: PRODUCT,
      claimCode: `clm_${"a".repeat(30)}.${"b".repeat(43)}`,
      install: { version: "1.2.2", file },
    };
    const agent: ChildProcess = spawn(
      process.execPath,
      ["--input-type=module", "-e", code, JSON.stringify(options)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await once(agent.stdout ?? agent, "data");
    const pid = Number(await readFile(join(folder.path, "data", "pid"), "utf8"));
    agent.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: PATIENCE_MS }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
