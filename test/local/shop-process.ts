/** A demo release running as a real Node process, the way a plugin host runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { unzipSync } from "fflate";
import type { DemoRelease } from "../../local/demo/releases.ts";

export interface PluginMessage {
  vigie: string;
  ok?: boolean;
  version?: string;
  message?: string;
  name?: string;
  id?: number;
}

export interface ShopProcess {
  heard: PluginMessage[];
  /** Resolves once `done` holds for what was heard, rejects when the process ends before. */
  until(done: (heard: readonly PluginMessage[]) => boolean): Promise<void>;
  send(message: unknown): void;
  /** Exit code; null when a signal ended it. */
  exited: Promise<number | null>;
  stderr(): string;
  stop(): Promise<void>;
}

/** Unpacks `release` below `folder` and starts it with these settings; `folder/data` is shared by every version. */
export async function startShop(
  release: DemoRelease,
  folder: string,
  settings: Record<string, unknown> | null,
): Promise<ShopProcess> {
  const versionFolder = join(folder, "versions", release.version);
  for (const [name, content] of Object.entries(unzipSync(release.file))) {
    await mkdir(dirname(join(versionFolder, name)), { recursive: true });
    await writeFile(join(versionFolder, name), content);
  }
  const settingsPath = join(folder, "settings.json");
  if (settings) await writeFile(settingsPath, JSON.stringify(settings));
  const child = spawn(process.execPath, [join(versionFolder, "main.mjs")], {
    env: { VIGIE_SETTINGS: settingsPath, VIGIE_DATA: join(folder, "data") },
    stdio: ["pipe", "pipe", "pipe"],
  });
  return follow(child);
}

function follow(child: ChildProcess): ShopProcess {
  const heard: PluginMessage[] = [];
  let stderr = "";
  let ring = () => {};
  let ended = false;
  if (!child.stdout || !child.stderr || !child.stdin) throw new Error("the plugin's pipes are missing");
  const { stdin } = child;
  createInterface({ input: child.stdout }).on("line", (line) => {
    heard.push(JSON.parse(line));
    ring();
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      ended = true;
      ring();
      resolve(code);
    });
  });
  return {
    heard,
    async until(done) {
      while (!done(heard)) {
        if (ended) throw new Error(`the plugin ended\n${stderr}`);
        await new Promise<void>((resolve) => {
          ring = resolve;
        });
      }
    },
    send: (message) => void stdin.write(`${JSON.stringify(message)}\n`),
    exited,
    stderr: () => stderr,
    async stop() {
      if (!ended) child.kill("SIGKILL");
      await exited;
    },
  };
}
