import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aRelease, SOUND_MAIN, VERSION } from "./a-release.ts";
import { failure, SETUP_MS, type StagingWorld, startStagingWorld } from "./staging-world.ts";

let world: StagingWorld;
beforeAll(async () => {
  world = await startStagingWorld();
}, SETUP_MS);
afterAll(() => world.stop());

const quietly = (code: string) => `try { ${code} } catch {}`;

/** What a release's smoke test does, and the reason it is failed with. Errors are swallowed: the attempt still counts. */
const ATTEMPTS: [act: string, code: string, reason: string][] = [
  [
    "reads a file outside its folder",
    `import { readFileSync } from "node:fs"; ${quietly('readFileSync("/etc/passwd");')}`,
    "denied-read",
  ],
  [
    "reads a file above its folder by a relative path",
    quietly('Deno.readTextFileSync("../../../etc/hostname");'),
    "denied-read",
  ],
  [
    "reads the environment of the runner's process",
    quietly('Deno.readTextFileSync("/proc/" + Deno.ppid + "/environ");'),
    "denied-read",
  ],
  [
    "buries a forbidden read under thousands of permitted ones",
    `const own = Deno.cwd() + "/main.mjs"; for (let n = 0; n < 30_000; n++) Deno.statSync(own);
     ${quietly('Deno.readTextFileSync("/etc/passwd");')}`,
    "denied-read",
  ],
  [
    "imports a module whose path it makes up at run time",
    quietly('await import(["file:///etc", "passwd"].join("/"));'),
    "denied-read",
  ],
  [
    "imports a file outside through a module that it makes up at run time",
    quietly(
      `await import("data:text/javascript," + encodeURIComponent('import "file:///etc/passwd" with { type: "json" }'));`,
    ),
    "denied-read",
  ],
  ["calls out", quietly('await fetch("http://192.0.2.1/");'), "denied-net"],
  ["looks a name up", quietly('await Deno.resolveDns("molam.example", "A");'), "denied-net"],
  ["listens", quietly('Deno.listen({ hostname: "127.0.0.1", port: 0 });'), "denied-net"],
  ["imports code from another host", 'import "https://molam.example/x.mjs";', "denied-net"],
  ["imports code from a package registry", 'import "npm:left-pad";', "denied-net"],
  [
    "starts a program",
    `import { spawnSync } from "node:child_process"; ${quietly('spawnSync("ls");')}`,
    "denied-run",
  ],
  ["starts a program by Deno's own means", quietly('new Deno.Command("ls").outputSync();'), "denied-run"],
  [
    "reads an environment variable",
    `import process from "node:process"; ${quietly("process.env.HOME;")}`,
    "denied-env",
  ],
  [
    "signals another process",
    `import process from "node:process"; ${quietly("process.kill(process.ppid, 0);")}`,
    "denied-run",
  ],
  ["writes to its own folder", quietly('Deno.writeTextFileSync("main.mjs", "");'), "denied-write"],
  [
    "reads outside from a worker",
    `${quietly('new Worker("data:text/javascript,Deno.readTextFileSync(%22/etc/passwd%22)", { type: "module" });')} setTimeout(() => {}, 500);`,
    "denied-read",
  ],
  ["asks for the host's name", `import os from "node:os"; ${quietly("os.hostname();")}`, "denied-sys"],
  ["loads a native library", quietly('Deno.dlopen("/lib/libc.so.6", {});'), "denied-ffi"],
  ["spins", "for (;;);", "time-limit"],
  ["never ends", "setInterval(() => {}, 1000);", "time-limit"],
  ["fills the heap", "const all = []; for (;;) all.push({ at: [Math.random()] });", "memory-limit"],
  [
    "allocates without end outside the heap",
    "const all = []; for (;;) all.push(new Uint8Array(4 << 20).fill(1));",
    "memory-limit",
  ],
  ["prints without end", 'for (;;) console.log("x".repeat(1000));', "output-limit"],
  [
    "fills the disk",
    `import { appendFileSync } from "node:fs"; import process from "node:process";
     const block = new Uint8Array(1 << 20);
     for (;;) appendFileSync(process.env.VIGIE_DATA + "/big", block);`,
    "disk-limit",
  ],
  ["ends with an error", 'throw new Error("unsound");', "exit-code"],
];

describe.concurrent("a release that misbehaves in its smoke test is failed with the reason", () => {
  it.for(ATTEMPTS)("%s", async ([, code, reason], { expect }) => {
    const reply = await world.smoke(aRelease({ "smoke.mjs": code }));
    expect(failure(reply)).toEqual({ name: "smoke", reason });
    expect(reply.ok).toBe(false);
  });
});

const SAY = "const say = (message) => console.log(JSON.stringify(message));";
const READY = `${SAY} say({ vigie: "ready", version: "${VERSION}" });`;

const BOOTS: [act: string, main: string, name: string, reason: string][] = [
  [
    "reads outside while it boots",
    `${quietly('Deno.readTextFileSync("/etc/passwd");')} ${READY}`,
    "boot",
    "denied-read",
  ],
  ["imports a file outside its folder", 'import "/etc/passwd" with { type: "json" };', "boot", "denied-read"],
  ["ends before it is ready", "console.log('bye');", "boot", "not-ready"],
  ["crashes before it is ready", 'throw new Error("no");', "boot", "exit-code"],
  ["is never ready", "setInterval(() => {}, 1000);", "boot", "time-limit"],
  [
    "says it is another version",
    `${SAY} say({ vigie: "ready", version: "9.9.9" }); setInterval(() => {}, 1000);`,
    "boot",
    "version-mismatch",
  ],
  [
    "calls out once it is ready",
    `${SOUND_MAIN} ${quietly('await fetch("http://192.0.2.1/");')}`,
    "webhook",
    "denied-net",
  ],
  [
    "signs its webhooks wrongly",
    SOUND_MAIN.replace('"sha256", key', '"sha256", "guess"'),
    "webhook",
    "webhook-refused",
  ],
  [
    "reports an error",
    `${SOUND_MAIN} say({ vigie: "error", message: "broken", stack: "" });`,
    "webhook",
    "reported-error",
  ],
  [
    "ends while it takes orders",
    `${SOUND_MAIN} setTimeout(() => process.exit(0), 120);`,
    "webhook",
    "ended-early",
  ],
  ["sends no webhooks", `${READY} setInterval(() => {}, 1000);`, "webhook", "too-few-webhooks"],
  [
    "floods its output once it is ready",
    `${SOUND_MAIN} for (;;) console.log("x".repeat(1000));`,
    "webhook",
    "output-limit",
  ],
];

describe.concurrent("a release that misbehaves when it boots is failed with the reason", () => {
  it.for(BOOTS)("%s", async ([, main, name, reason], { expect }) => {
    expect(failure(await world.smoke(aRelease({ "main.mjs": main })))).toEqual({ name, reason });
  });
});

describe("the sandbox", () => {
  it("passes a sound release", async () => {
    const reply = await world.smoke(aRelease());
    expect(failure(reply)).toBeNull();
    expect(reply.checks.map((check) => check.name)).toEqual([
      "signatures",
      "download",
      "digest",
      "unpack",
      "smoke",
      "boot",
      "webhook",
    ]);
  });

  it("cannot reach a second port on loopback", async () => {
    let connections = 0;
    const other = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const act = quietly(`await fetch("http://127.0.0.1:${port}/");`);
    const bySmoke = await world.smoke(aRelease({ "smoke.mjs": act }));
    const byMain = await world.smoke(aRelease({ "main.mjs": `${SOUND_MAIN} ${act}` }));
    await new Promise((done) => other.close(done));
    expect([failure(bySmoke)?.reason, failure(byMain)?.reason, connections]).toEqual([
      "denied-net",
      "denied-net",
      0,
    ]);
  });

  it("never shows a release what a literal import names outside its folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vigie-outside-"));
    await writeFile(join(folder, "secret.json"), '{"secret":"do-not-show"}');
    for (const code of [
      `import secret from "file://${folder}/secret.json" with { type: "json" }; console.log(secret);`,
      `console.log(await import("file://${folder}/secret.json", { with: { type: "json" } }));`,
    ]) {
      const reply = await world.smoke(aRelease({ "smoke.mjs": code }));
      expect(failure(reply)).toEqual({ name: "smoke", reason: "denied-read" });
      expect(JSON.stringify(reply)).not.toContain("do-not-show");
    }
    await rm(folder, { recursive: true });
  });

  it("leaves no process and no folder behind", async () => {
    await world.smoke(aRelease({ "smoke.mjs": "for (;;) console.log('x'.repeat(1000));" }));
    await world.smoke(aRelease({ "main.mjs": `${READY} for (;;) console.log("x".repeat(1000));` }));
    expect(await world.children()).toEqual([]);
    expect(await world.folders()).toEqual([]);
  });

  it("takes the runner's own paths and control characters out of the log", async () => {
    const code = 'console.log("\\u001b[31mred\\u0000", import.meta.url); throw new Error("x");';
    const reply = await world.smoke(aRelease({ "smoke.mjs": code }));
    const log = reply.checks.at(-1)?.log ?? "";
    expect(log).toContain("[31mred file:///release/smoke.mjs");
    expect(log).not.toContain("vigie-smoke-");
  });
});
