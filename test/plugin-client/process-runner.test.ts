import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PluginEvent } from "../../plugin-client/core/host.ts";
import { LineReader } from "../../plugin-client/file-host/line-reader.ts";
import { ProcessRunner, type ProcessRunnerOptions } from "../../plugin-client/file-host/process-runner.ts";
import type { Running } from "../../plugin-client/file-host/runner.ts";
import { aFolder } from "./support/a-folder.ts";
import { PATIENCE_MS } from "./support/patience.ts";
import { PRODUCT, pluginMain } from "./support/publishers.ts";

let folder: Awaited<ReturnType<typeof aFolder>>;
let running: Running | null = null;
const events: PluginEvent[] = [];
const log: string[] = [];

beforeEach(async () => {
  folder = await aFolder();
  events.length = 0;
  log.length = 0;
});
afterEach(async () => {
  await running?.stop();
  running = null;
  await folder.remove();
});

async function start(main: string, options: ProcessRunnerOptions = {}): Promise<Running> {
  await writeFile(join(folder.path, "main.mjs"), main);
  const runner = new ProcessRunner({ onLog: (line) => log.push(line), ...options });
  running = await runner.start({
    dir: folder.path,
    packageFile: { product: PRODUCT, version: "1.2.3", main: "main.mjs", smoke: "smoke.mjs" },
    settingsPath: join(folder.path, "settings.json"),
    dataDir: join(folder.path, "data"),
    onEvent: (event) => events.push(event),
  });
  return running;
}

describe("ProcessRunner", () => {
  it("runs the plugin in its folder and tells what it says", async () => {
    process.env.AGENT_SECRET = "not for the plugin";
    await start(
      pluginMain(
        "1.2.3",
        `say({ vigie: "request" });
         say({ vigie: "webhook", ok: true });
         say({ vigie: "webhook", ok: false });
         say({ vigie: "webhook", ok: "maybe" });
         say({ vigie: "error", message: "boom", stack: "Error: boom" });
         say({ vigie: "unknown" });
         console.log("hello", process.cwd(), Object.keys(process.env).filter((n) => n.startsWith("VIGIE") || n.includes("SECRET")).sort().join());
         console.error("to stderr");`,
      ),
    );
    delete process.env.AGENT_SECRET;
    expect(events).toEqual([
      { type: "request" },
      { type: "webhook", ok: true },
      { type: "webhook", ok: false },
      { type: "error", message: "boom", name: undefined, stack: "Error: boom" },
    ]);
    expect(log.find((line) => line.startsWith("hello"))).toContain(
      `${folder.path} VIGIE_DATA,VIGIE_SETTINGS,VIGIE_VERSION`,
    );
    await expect.poll(() => log, { timeout: PATIENCE_MS }).toContain("to stderr");
  });

  it("asks for probes and calls the unanswered ones failed", async () => {
    const plugin = await start(pluginMain("1.2.3"), { probeTimeoutMs: PATIENCE_MS });
    expect(await plugin.probe(["webhook", "bad"])).toEqual([
      { name: "webhook", ok: true, ms: 3 },
      { name: "bad", ok: false, ms: 3 },
    ]);
    expect(await plugin.probe([])).toEqual([{ name: "settings", ok: true, ms: 3 }]);
    await plugin.stop();
    expect(await plugin.probe(["webhook"])).toEqual([{ name: "webhook", ok: false, ms: 0 }]);
  });

  it("does not wait for ever for a probe", async () => {
    const plugin = await start(
      `console.log('{"vigie":"ready","version":"1.2.3"}'); process.stdin.resume();`,
      {
        probeTimeoutMs: 100,
        stopTimeoutMs: 100,
      },
    );
    expect(await plugin.probe(["webhook"])).toEqual([{ name: "webhook", ok: false, ms: 0 }]);
  });

  it("fails to boot a plugin that stays silent", async () => {
    const silent = start("setInterval(() => {}, 1000)", { bootTimeoutMs: 300, stopTimeoutMs: 50 });
    await expect(silent).rejects.toThrow(/not ready within 300 ms/);
  });

  const failures: [string, string, RegExp][] = [
    [
      "exits before it is ready",
      "console.error('no such table'); process.exit(3)",
      /exited with code 3 before it was ready: no such table/,
    ],
    ["has a syntax error", "this is not JavaScript", /exited with code 1 before it was ready/],
    [
      "is another version",
      `console.log('{"vigie":"ready","version":"1.2.2"}'); setInterval(() => {}, 1000)`,
      /says that it is 1\.2\.2/,
    ],
  ];
  it.each(failures)("fails to boot a plugin that %s", async (_why, main, message) => {
    await expect(start(main, { bootTimeoutMs: PATIENCE_MS, stopTimeoutMs: 50 })).rejects.toThrow(message);
  });

  it("fails to boot when there is no such program", async () => {
    await expect(start("", { command: ["/nonexistent/runtime"] })).rejects.toThrow(/could not be run/);
  });

  it("tells when the plugin is gone", async () => {
    const plugin = await start(pluginMain("1.2.3", "setTimeout(() => process.exit(7), 50)"));
    expect(await plugin.exited).toBe("exited with code 7");
  });

  it("kills a plugin that does not stop", async () => {
    const plugin = await start(
      `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log('{"vigie":"ready","version":"1.2.3"}');`,
      { stopTimeoutMs: 100 },
    );
    await plugin.stop();
    expect(await plugin.exited).toBe("killed by SIGKILL");
    await plugin.stop();
  });

  it("survives a plugin that floods its output", async () => {
    const plugin = await start(
      pluginMain(
        "1.2.3",
        `process.stdout.write("x".repeat(3_000_000)); process.stdout.write("\\n"); say({ vigie: "request" });`,
      ),
    );
    expect(events).toEqual([{ type: "request" }]);
    expect(log).toEqual([]);
    await plugin.stop();
  });
});

describe("lines", () => {
  it("are put together from chunks, and too long ones dropped", () => {
    const reader = new LineReader();
    expect(reader.push("a")).toEqual([]);
    expect(reader.push("b\nc\nd")).toEqual(["ab", "c"]);
    expect(reader.push("x".repeat(20_000))).toEqual([]);
    expect(reader.push("x".repeat(20_000))).toEqual([]);
    expect(reader.push("tail\nnext\n")).toEqual(["next"]);
  });
});
