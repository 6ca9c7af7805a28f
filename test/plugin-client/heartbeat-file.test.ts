import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildHeartbeat } from "../../plugin-client/build.ts";
import { aFolder } from "./support/a-folder.ts";
import { ControlPlane, PLUGIN_ID, SECRET } from "./support/control-plane.ts";

const DENO = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
const MAX_GZIPPED_BYTES = 8_000;

let folder: Awaited<ReturnType<typeof aFolder>>;
let built: Awaited<ReturnType<typeof buildHeartbeat>>;
let plane: ControlPlane;

beforeAll(async () => {
  folder = await aFolder();
  built = await buildHeartbeat(folder.path);
});
afterAll(() => folder.remove());
beforeEach(async () => {
  plane = await new ControlPlane().start();
});
afterEach(async () => {
  await plane.stop();
  expect(plane.problems).toEqual([]);
});

const config = () => ({ apiUrl: plane.url, pluginId: PLUGIN_ID, credential: SECRET, version: "1.2.2" });

/** What a page has, and a Worker, beside the language itself. */
function webGlobals() {
  const {
    fetch,
    crypto,
    setTimeout,
    clearTimeout,
    TextEncoder,
    TextDecoder,
    URL,
    AbortController,
    atob,
    btoa,
  } = globalThis;
  return {
    fetch,
    crypto,
    setTimeout,
    clearTimeout,
    TextEncoder,
    TextDecoder,
    URL,
    AbortController,
    atob,
    btoa,
  };
}

async function runScript(globals: Record<string, unknown>) {
  const context = createContext(globals);
  runInContext(await readFile(built.script, "utf8"), context);
  return context as Record<string, { client?: { stop(): Promise<void> } } | undefined>;
}

describe("heartbeat.js", () => {
  it.each(["script", "module"] as const)("is at most 8 kB gzipped as a %s", async (form) => {
    const bytes = gzipSync(await readFile(built[form]), { level: 9 }).byteLength;
    expect(bytes).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
  });

  it("does nothing, and throws nothing, where it is not told to start", async () => {
    const context = await runScript({});
    expect(context.vigie).toBeUndefined();
    expect(context.Vigie).toHaveProperty("createClient");
  });

  it("starts by itself from the global", async () => {
    const context = await runScript({ ...webGlobals(), vigie: config() });
    await plane.until("a beat", () => plane.beats.length === 1);
    await context.vigie?.client?.stop();
    expect(plane.beats.map(({ state, version }) => [state, version])).toEqual([
      ["running", "1.2.2"],
      ["goodbye", "1.2.2"],
    ]);
  });

  it("starts by itself from the data attributes of its script tag", async () => {
    const dataset = {
      vigieApiUrl: plane.url,
      vigiePluginId: PLUGIN_ID,
      vigieCredential: SECRET,
      vigieVersion: "2.0.0",
      vigieCadence: "page-view",
    };
    const document = { currentScript: { dataset }, querySelector: () => null };
    const context = await runScript({ ...webGlobals(), document });
    await plane.until("a beat", () => plane.beats.length === 1);
    expect(plane.beats[0]).toMatchObject({ version: "2.0.0", cadence: "page-view" });
    await context.vigie?.client?.stop();
  });

  it("counts the page's uncaught errors", async () => {
    const listeners = new Map<string, (event: object) => void>();
    const addEventListener = (name: string, listener: (event: object) => void) =>
      listeners.set(name, listener);
    const removeEventListener = (name: string) => listeners.delete(name);
    const context = await runScript({
      ...webGlobals(),
      addEventListener,
      removeEventListener,
      vigie: config(),
    });
    await plane.until("a beat", () => plane.beats.length === 1);
    listeners.get("error")?.({ error: new TypeError("x is undefined") });
    listeners.get("unhandledrejection")?.({ reason: new Error("nobody waited") });
    await context.vigie?.client?.stop();
    expect(plane.beats.at(-1)?.errors?.map((error) => error.message)).toEqual([
      "x is undefined",
      "nobody waited",
    ]);
    expect(listeners.size).toBe(0);
  });

  it("can be imported by name in Node", async () => {
    const { createClient } = await import(pathToFileURL(built.module).href);
    const client = createClient({ ...config(), captureUncaught: false });
    await client.start();
    await client.stop({ goodbye: false });
    expect(plane.beats).toHaveLength(1);
  });

  it("runs under Deno, imported or started by a global", async () => {
    const script = join(folder.path, "main.mjs");
    await writeFile(
      script,
      `globalThis.vigie = ${JSON.stringify(config())};
       await import("./heartbeat.js");
       await globalThis.vigie.client.beatNow();
       await globalThis.vigie.client.stop({ goodbye: false });
       const { createClient } = await import("./heartbeat.mjs");
       const client = createClient({ ...${JSON.stringify(config())}, version: "3.0.0" });
       await client.start();
       await client.stop();`,
    );
    const { host } = new URL(plane.url);
    await promisify(execFile)(DENO, [
      "run",
      "--no-prompt",
      `--allow-net=${host}`,
      `--allow-read=${folder.path}`,
      script,
    ]);
    expect(plane.beats[0]).toMatchObject({ version: "1.2.2", state: "running" });
    expect(plane.beats.at(-1)).toMatchObject({ version: "3.0.0", state: "goodbye" });
  }, 60_000);
});
