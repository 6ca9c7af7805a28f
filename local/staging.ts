/** Starts the staging runner on Deno, as a child process of the local stack. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5000;

export interface StagingRunner {
  /** Origin, without a trailing slash. */
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/**
 * @param options.artifactOrigin origin (or several, comma-separated) that release files may be fetched from
 * @param options.port 0 or absent: a free one
 * @param options.tempDir where releases are unpacked for a moment; the system's temporary folder when absent
 * @param options.log gets each line that the runner prints
 * @throws when the runner does not come up, with what it printed
 */
export async function startStagingRunner(options: {
  token: string;
  artifactOrigin: string;
  port?: number;
  tempDir?: string;
  log: (line: string) => void;
}): Promise<StagingRunner> {
  const main = join(ROOT, "staging-runner", "main.ts");
  const config = join(ROOT, "staging-runner", "deno.json");
  const args = ["run", "--quiet", "--no-prompt", "--cached-only", "--allow-all", "--config", config, main];
  const child = spawn(denoPath(), [...args, "--with-parent"], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: options.tempDir ?? process.env.TMPDIR,
      DENO_DIR: join(ROOT, ".data", "deno"),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
      STAGING_RUNNER_TOKEN: options.token,
      STAGING_ARTIFACT_ORIGIN: options.artifactOrigin,
      PORT: String(options.port ?? 0),
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const port = await listeningPort(child, options.log);
  if (child.pid === undefined) throw new Error("staging runner has no process id");
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => stop(child) };
}

/** The binary itself, never the package's wrapper script, which would keep signals to itself. */
export function denoPath(): string {
  const binary = join(ROOT, "node_modules", "deno", process.platform === "win32" ? "deno.exe" : "deno");
  if (existsSync(binary)) return binary;
  // Install scripts were skipped: the package can put its binary in place by itself, from what npm has installed.
  const { runInstall } = createRequire(import.meta.url)("deno/install_api.cjs");
  return String(runInstall());
}

function listeningPort(child: ChildProcess, log: (line: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const printed: string[] = [];
    const giveUp = (why: string) => {
      child.kill("SIGKILL");
      reject(new Error(`staging runner ${why}\n${printed.slice(-20).join("\n")}`));
    };
    const timer = setTimeout(() => giveUp("did not start in time"), START_TIMEOUT_MS);
    const listen = (line: string) => {
      log(line);
      printed.push(line);
      if (printed.length > 20) printed.shift();
      const port = /^\{"event":"listening","port":(\d+)\}$/.exec(line)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", listen);
    }
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      giveUp(`ended with code ${code}`);
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
