/** The power fails at every durable step of an update, one run each: afterwards there is the old version or the new, whole. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileHost } from "../../plugin-client/file-host/file-host.ts";
import { aClient } from "./support/a-client.ts";
import { aFolder } from "./support/a-folder.ts";
import { attemptId, CONTROL_KEY, ControlPlane, PLUGIN_ID, SECRET } from "./support/control-plane.ts";
import { FakeRunner } from "./support/fake-runner.ts";
import { aRelease, PRODUCT, PUBLISHER_KEYS } from "./support/publishers.ts";
import { TestPlatform } from "./support/test-platform.ts";

const OLD = aRelease("1.2.2");
const NEW = aRelease("1.2.3");
const BROKEN = aRelease("1.2.5");
const RELEASES = [aRelease("1.2.0"), aRelease("1.2.1"), OLD, NEW, BROKEN];

/** Some thirty lives, each with its own folder, in a few seconds; a disk that others write to may take many times that. */
const EVERY_STEP_MS = 180_000;

let plane: ControlPlane;
let folder: Awaited<ReturnType<typeof aFolder>>;

beforeEach(async () => {
  plane = await new ControlPlane().start();
});
afterEach(async () => {
  await plane.stop();
});

function aHost(root: string, checkpoint: (step: string) => void = () => {}) {
  const runner = new FakeRunner();
  runner.broken.add("1.2.5");
  return { runner, host: new FileHost({ root, product: PRODUCT, runner, checkpoint }) };
}

/** A shop that has been through two versions before. */
async function aShopFolder(): Promise<string> {
  const { host } = aHost(folder.path);
  await host.install("1.2.0", aRelease("1.2.0").file, { receiver: "x" });
  for (const release of RELEASES.slice(1, 3)) {
    await host.stage(release.manifest, release.file);
    await host.switchTo(release.manifest.version);
  }
  return folder.path;
}

/** Runs the scenario on a host that dies at its `dieAt`-th durable step. Returns the steps that were begun. */
async function runUntilDeath(
  root: string,
  platform: TestPlatform,
  dieAt: number,
  scenario: (shop: ReturnType<typeof aClient>, alive: () => boolean) => Promise<void>,
): Promise<string[]> {
  const steps: string[] = [];
  let dead = false;
  let die: () => void = () => {};
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const { host } = aHost(root, (step) => {
    if (dead) throw new Error("dead");
    steps.push(step);
    if (steps.length !== dieAt) return;
    dead = true;
    die();
    throw new Error("power failure");
  });
  const shop = aClient(plane, { host, platform });
  await Promise.race([scenario(shop, () => !dead), death]);
  await shop.client.stop({ goodbye: false });
  return steps;
}

/** Every folder under `versions` is exactly the release it claims to be. */
async function expectWholeVersions(root: string): Promise<void> {
  for (const version of await readdir(join(root, "versions"))) {
    const release = RELEASES.find((candidate) => candidate.manifest.version === version);
    for (const [path, bytes] of Object.entries(unzipSync(release?.file ?? new Uint8Array())))
      expect(Buffer.compare(await readFile(join(root, "versions", version, path)), Buffer.from(bytes))).toBe(
        0,
      );
  }
}

async function dyingEverywhere(
  scenario: (shop: ReturnType<typeof aClient>, alive: () => boolean) => Promise<void>,
  offer: () => void,
  allowed: (state: { version: string; state: string | undefined }) => boolean,
  final: readonly string[],
  check: (root: string) => Promise<void> = async () => {},
): Promise<string[]> {
  let steps: string[] = [];
  for (let dieAt = 1; ; dieAt++) {
    await plane.stop();
    plane = await new ControlPlane().start();
    folder = await aFolder();
    try {
      const root = await aShopFolder();
      const platform = new TestPlatform();
      offer();
      steps = await runUntilDeath(root, platform, dieAt, scenario);
      const died = steps.length === dieAt;

      const { host, runner } = aHost(root);
      const shop = aClient(plane, { host, platform });
      plane.commands = [];
      plane.commit = null;
      await shop.client.start();
      const version = await host.currentVersion();
      const where = `after death at step ${dieAt} (${steps.at(-1)})`;
      expect(runner.running, where).toBe(version);
      expect(allowed({ version, state: plane.beats.at(-1)?.state }), `${where}: ${version}`).toBe(true);
      await expectWholeVersions(root);
      await check(root);
      expect(await readdir(join(root, "staging")), where).toEqual([]);

      const probation = plane.beats.at(-1)?.state === "probation";
      platform.online = false;
      await platform.advance(61_000);
      if (probation) await shop.event("restored");
      expect(await host.currentVersion(), `${where}, past the deadline`).toBe(probation ? "1.2.2" : version);
      expect(final).toContain(await host.currentVersion());
      await shop.client.stop({ goodbye: false });
      expect(
        (await readdir(root)).filter((name) => name.endsWith(".tmp")),
        where,
      ).toEqual([]);
      expect(plane.problems).toEqual([]);
      if (!died) return steps;
    } finally {
      await folder.remove();
    }
  }
}

describe("a power failure at every step", () => {
  it(
    "of an update leaves the old version, or the new one on probation",
    async () => {
      const steps = await dyingEverywhere(
        async (shop) => {
          await shop.client.start();
          await shop.event("probation");
          await plane.until("the ack", () => plane.reports.length > 0);
        },
        () => void plane.offerUpdate(NEW),
        ({ version, state }) =>
          version === "1.2.3" ? state === "probation" : version === "1.2.2" && state === "running",
        ["1.2.2"],
      );
      expect(steps).toContain("stage: rename");
      expect(steps).toContain("current.json: rename");
      expect(steps.length).toBeGreaterThan(20);
    },
    EVERY_STEP_MS,
  );

  it(
    "of a commit leaves the new version on probation, or final",
    async () => {
      const steps = await dyingEverywhere(
        async (shop, alive) => {
          await shop.client.start();
          await shop.event("probation");
          const id = plane.offerUpdate(NEW);
          plane.commands = [];
          plane.commit = plane.signedCommit(id.replace(/\d+$/, "1"), "1.2.3");
          while (alive() && !shop.events.some((event) => event.type === "committed"))
            await shop.client.beatNow();
          if (alive()) await plane.until("a running beat", () => plane.beats.at(-1)?.state === "running");
        },
        () => void plane.offerUpdate(NEW),
        ({ version, state }) =>
          version === "1.2.3" ? state !== undefined : version === "1.2.2" && state === "running",
        ["1.2.2", "1.2.3"],
      );
      expect(steps.some((step) => step.startsWith("prune: delete 1.2.0"))).toBe(true);
    },
    EVERY_STEP_MS,
  );

  it(
    "of an update that does not boot leaves the old version",
    async () => {
      await dyingEverywhere(
        async (shop) => {
          await shop.client.start();
          await shop.event("restored");
          await plane.until("the report", () => plane.reports.length > 0);
        },
        () => void plane.offerUpdate(BROKEN),
        ({ version, state }) => version === "1.2.2" && state === "running",
        ["1.2.2"],
      );
    },
    EVERY_STEP_MS,
  );

  it(
    "of a rollback leaves one of the two versions, running",
    async () => {
      await dyingEverywhere(
        async (shop) => {
          await shop.client.start();
          await shop.event("rolled_back");
          await plane.until("the report", () => plane.reports.length > 0);
        },
        () =>
          void plane.offer("rollback", {
            attempt_id: attemptId(1),
            to_version: "1.2.1",
            reason: "regression",
          }),
        ({ version, state }) => ["1.2.1", "1.2.2"].includes(version) && state === "running",
        ["1.2.1", "1.2.2"],
      );
    },
    EVERY_STEP_MS,
  );

  it(
    "of a config change leaves the old settings or the new, and says which",
    async () => {
      await dyingEverywhere(
        async (shop) => {
          await shop.client.start();
          await plane.until("the report", () => plane.reports.length > 0);
        },
        () => void plane.offer("config", { attempt_id: attemptId(1), set: { pool: false } }),
        ({ version }) => version === "1.2.2",
        ["1.2.2"],
        async (root) => {
          const { values } = JSON.parse(await readFile(join(root, "config.json"), "utf8"));
          const journal = JSON.parse(await readFile(join(root, "journal.json"), "utf8"));
          const told = journal.settled.at(-1)?.kind;
          if (told !== undefined)
            expect(values).toEqual(told === "ack" ? { receiver: "x", pool: false } : { receiver: "x" });
          expect(journal.in_hand).toBeNull();
        },
      );
    },
    EVERY_STEP_MS,
  );
});

describe("a process that is really killed", () => {
  const cases: [string, string][] = [
    ["stage: write main.mjs", "1.2.2"],
    ["stage: rename", "1.2.2"],
    ["current.json: write", "1.2.2"],
    ["current.json: rename", "1.2.2"],
    ["current.json: sync folder", "1.2.3"],
  ];
  it.each(cases)("at '%s' comes back with %s", async (step, expected) => {
    folder = await aFolder();
    try {
      const root = await aShopFolder();
      const id = plane.offerUpdate(NEW);
      const script = fileURLToPath(new URL("./support/killed-agent.ts", import.meta.url));
      const args = [root, plane.url, step, CONTROL_KEY, JSON.stringify(PUBLISHER_KEYS), SECRET, PLUGIN_ID];
      const child = spawn(process.execPath, [script, ...args], { stdio: "ignore" });
      const [, signal] = await once(child, "exit");
      expect(signal).toBe("SIGKILL");

      const { host, runner } = aHost(root);
      const shop = aClient(plane, { host });
      await shop.client.start();
      expect(await host.currentVersion()).toBe(expected);
      expect(runner.running).toBe(expected);
      await expectWholeVersions(root);
      expect(await readdir(join(root, "staging"))).toEqual([]);
      await plane.until("its report", () => plane.reports.length > 0);
      expect(plane.reports[0]).toMatchObject({ command_id: id, kind: expected === "1.2.3" ? "ack" : "fail" });
      await shop.client.stop({ goodbye: false });
    } finally {
      await folder.remove();
    }
  });
});
