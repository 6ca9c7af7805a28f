import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { strToU8 } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PluginEvent } from "../../plugin-client/core/host.ts";
import { FileHost } from "../../plugin-client/file-host/file-host.ts";
import { aFolder } from "./support/a-folder.ts";
import { FakeRunner } from "./support/fake-runner.ts";
import { PATIENCE_MS } from "./support/patience.ts";
import { aRelease, PRODUCT } from "./support/publishers.ts";

let folder: Awaited<ReturnType<typeof aFolder>>;
let root: string;
beforeEach(async () => {
  folder = await aFolder();
  root = join(folder.path, "shop");
});
afterEach(() => folder.remove());

function aHost() {
  const runner = new FakeRunner();
  return { runner, host: new FileHost({ root, product: PRODUCT, runner }) };
}
const stage = (host: FileHost, release: ReturnType<typeof aRelease>) =>
  host.stage(release.manifest, release.file);

describe("FileHost", () => {
  it("installs a first version once", async () => {
    const { host } = aHost();
    expect(await host.installedVersion()).toBeNull();
    await expect(host.currentVersion()).rejects.toThrow("no version");
    await host.install("1.2.2", aRelease("1.2.2").file, { receiver: "http://127.0.0.1:1" });
    await host.install("1.2.3", aRelease("1.2.3").file);
    expect(await host.currentVersion()).toBe("1.2.2");
    expect(await readdir(join(root, "versions"))).toEqual(["1.2.2"]);
  });

  it("gives the plugin its settings, its data folder and its version's folder", async () => {
    const { host, runner } = aHost();
    const seen: unknown[] = [];
    const start = runner.start.bind(runner);
    runner.start = async (request) => {
      seen.push(request.dir, JSON.parse(await readFile(request.settingsPath, "utf8")), request.dataDir);
      return start(request);
    };
    await host.install("1.2.2", aRelease("1.2.2").file, { receiver: "x" });
    await host.start();
    await host.start();
    expect(runner.started).toEqual(["1.2.2"]);
    expect(seen).toEqual([join(root, "versions", "1.2.2"), { receiver: "x" }, join(root, "data")]);
    await host.stop();
    expect(runner.running).toBeNull();
  });

  const bad: [string, () => ReturnType<typeof aRelease>, string][] = [
    [
      "another product inside",
      () =>
        aRelease("1.2.3", {
          files: {
            "plugin.json": strToU8('{"product":"other","version":"1.2.3","main":"main.mjs","smoke":"s"}'),
          },
        }),
      "bad_release",
    ],
    [
      "another version inside",
      () =>
        aRelease("1.2.3", {
          files: {
            "plugin.json": strToU8(
              `{"product":"${PRODUCT}","version":"1.2.4","main":"main.mjs","smoke":"s"}`,
            ),
          },
        }),
      "bad_release",
    ],
    [
      "no sound plugin.json",
      () => aRelease("1.2.3", { files: { "plugin.json": strToU8("{") } }),
      "bad_release",
    ],
    [
      "a main outside its folder",
      () =>
        aRelease("1.2.3", {
          files: {
            "plugin.json": strToU8(
              `{"product":"${PRODUCT}","version":"1.2.3","main":"../main.mjs","smoke":"s"}`,
            ),
          },
        }),
      "bad_release",
    ],
    [
      "no main",
      () =>
        aRelease("1.2.3", {
          files: {
            "plugin.json": strToU8(
              `{"product":"${PRODUCT}","version":"1.2.3","main":"other.mjs","smoke":"s"}`,
            ),
          },
        }),
      "bad_release",
    ],
    [
      "the host's own file",
      () => aRelease("1.2.3", { files: { ".vigie-origin.json": strToU8("{}") } }),
      "bad_release",
    ],
    [
      "a path that escapes",
      () => aRelease("1.2.3", { files: { "../evil.mjs": strToU8("x") } }),
      "unpack_failed",
    ],
    ["no zip", () => aRelease("1.2.3", { file: strToU8("hello") }), "unpack_failed"],
    [
      "other bytes than its manifest",
      () => aRelease("1.2.3", { manifest: { sha256: "0".repeat(64) } }),
      "digest_mismatch",
    ],
  ];
  it.each(bad)("refuses a release with %s and leaves nothing behind", async (_why, release, code) => {
    const { host } = aHost();
    await host.install("1.2.2", aRelease("1.2.2").file);
    await expect(stage(host, release())).rejects.toMatchObject({ code });
    expect(await readdir(join(root, "versions"))).toEqual(["1.2.2"]);
    expect(await readdir(join(root, "staging"))).toEqual([]);
    expect(await readdir(folder.path)).toEqual(["shop"]);
  });

  it("knows which file a version came from", async () => {
    const { host } = aHost();
    const release = aRelease("1.2.3");
    await host.install("1.2.2", aRelease("1.2.2").file);
    await stage(host, release);
    expect(await host.holds("1.2.3")).toBe(true);
    expect(await host.holds("1.2.3", release.manifest.sha256)).toBe(true);
    expect(await host.holds("1.2.3", "0".repeat(64))).toBe(false);
    expect(await host.holds("9.9.9")).toBe(false);
  });

  it("replaces another build of a version that is not in use, and never the running one", async () => {
    const { host } = aHost();
    await host.install("1.2.2", aRelease("1.2.2").file);
    await stage(host, aRelease("1.2.3", { main: "// first build" }));
    await stage(host, aRelease("1.2.3", { main: "// second build" }));
    expect(await readFile(join(root, "versions/1.2.3/main.mjs"), "utf8")).toBe("// second build");
    await expect(stage(host, aRelease("1.2.2", { main: "// other" }))).rejects.toMatchObject({
      code: "bad_release",
    });
  });

  it("refuses to switch to what is not on disk, or is no version", async () => {
    const { host } = aHost();
    await host.install("1.2.2", aRelease("1.2.2").file);
    await expect(host.switchTo("1.2.3")).rejects.toThrow("not on disk");
    await expect(host.switchTo("../../etc")).rejects.toThrow("not a version");
    await expect(host.snapshot("1.0.0")).rejects.toThrow("not on disk");
    expect(await host.currentVersion()).toBe("1.2.2");
  });

  it("keeps the last three versions, and whatever is named", async () => {
    const { host } = aHost();
    await host.install("1.0.0", aRelease("1.0.0").file);
    for (const version of ["1.1.0", "1.2.0", "1.3.0", "1.4.0"]) {
      await stage(host, aRelease(version));
      await host.switchTo(version);
    }
    await host.prune(["1.0.0"]);
    expect((await readdir(join(root, "versions"))).sort()).toEqual(["1.0.0", "1.2.0", "1.3.0", "1.4.0"]);
    await host.switchTo("1.0.0");
    await host.prune([]);
    expect((await readdir(join(root, "versions"))).sort()).toEqual(["1.0.0", "1.3.0", "1.4.0"]);
  });

  it("changes settings with the previous ones kept", async () => {
    const { host } = aHost();
    await host.install("1.2.2", aRelease("1.2.2").file, { a: 1, b: 2 });
    await host.applySettings({ b: 3 }, "cmd_1");
    expect(await host.settingsMark()).toBe("cmd_1");
    await host.start();
    expect(JSON.parse(await readFile(join(root, "settings.json"), "utf8"))).toEqual({ a: 1, b: 3 });
    await host.revertSettings();
    await host.stop();
    await host.start();
    expect(JSON.parse(await readFile(join(root, "settings.json"), "utf8"))).toEqual({ a: 1, b: 2 });
    expect(await host.settingsMark()).toBeNull();
    await host.stop();
  });

  it("keeps its files to itself and cleans up after a crash", async () => {
    const { host } = aHost();
    await host.install("1.2.2", aRelease("1.2.2").file);
    await host.writeJournal("{}");
    expect((await stat(join(root, "journal.json"))).mode & 0o777).toBe(0o600);
    await writeFile(join(root, ".journal.json.abc.tmp"), "half");
    expect(await aHost().host.readJournal()).toBe("{}");
    expect((await readdir(root)).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("restarts a plugin that died, says so, and stops trying when stopped", async () => {
    const { host, runner } = aHost();
    const events: PluginEvent[] = [];
    host.listen((event) => events.push(event));
    await host.install("1.2.2", aRelease("1.2.2").file);
    await host.start();
    const restarted = new Promise<void>((resolve) => {
      const start = runner.start.bind(runner);
      runner.start = async (request) => {
        const running = await start(request);
        resolve();
        return running;
      };
    });
    runner.crash();
    await restarted;
    expect(runner.running).toBe("1.2.2");
    expect(events).toEqual([{ type: "error", name: "PluginExit", message: "plugin exited with code 1" }]);
    runner.crash();
    await host.stop();
    const { length } = runner.started;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(runner.started).toHaveLength(length);
  });

  it("misses the probes that a silent plugin used to answer", async () => {
    const { host, runner } = aHost();
    const start = runner.start.bind(runner);
    let answers = [{ name: "webhook", ok: true, ms: 2 }];
    runner.start = async (request) => ({ ...(await start(request)), probe: async () => answers });
    await host.install("1.2.2", aRelease("1.2.2").file);
    await host.start();
    expect(await host.probe([])).toEqual([{ name: "webhook", ok: true, ms: 2 }]);
    answers = [];
    expect(await host.probe([])).toEqual([{ name: "webhook", ok: false, ms: 0 }]);
    await host.stop();
  });

  it("says that a version does not boot, and goes on trying until stopped", async () => {
    const { host, runner } = aHost();
    runner.broken.add("1.2.2");
    await host.install("1.2.2", aRelease("1.2.2").file);
    await expect(host.start()).rejects.toMatchObject({ code: "boot_failed" });
    runner.broken.clear();
    await expect.poll(() => runner.running, { timeout: PATIENCE_MS }).toBe("1.2.2");
    await host.stop();
  });
});
