/** The Worker as the stack sees it: a child process that can be started, reloaded, stopped, and killed as the power cut would. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError } from "../command-error.ts";
import { openLog, tailOf } from "../log-file.ts";
import { ROOT } from "../paths.ts";
import { portTaken } from "../ports.ts";
import { killRecorded, waitForEnd } from "../process-table.ts";
import type { FromHost, ToHost, WorkerHostConfig } from "./host-messages.ts";

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5000;
/** A crash loop must not spin. */
const RESTART_DELAY_MS = 1000;

export interface WorkerProcess {
  /** Variables that wrangler.toml declares; known after the first start. */
  vars(): Record<string, string>;
  start(): Promise<void>;
  /** Takes the bundle as it is on disk now. */
  reload(): Promise<void>;
  /** SIGKILL to the host and to its workerd; resolves when both are gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Does not start it yet. `log` gets a line when it dies by itself. */
export function createWorkerProcess(
  config: WorkerHostConfig,
  options: { logFile: string; log: (line: string) => void },
): WorkerProcess {
  let child: ChildProcess | undefined;
  let vars: Record<string, string> = {};

  async function start(): Promise<void> {
    if (child) throw new Error("the worker host runs already");
    mkdirSync(config.persistDir, { recursive: true });
    mkdirSync(dirname(config.pidFile), { recursive: true });
    await killRecorded(config.pidFile, "workerd");
    const host = fork(join(ROOT, "local", "worker-host.ts"), [], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: [],
      // A process group of its own: Ctrl-C reaches the stack, which ends the Worker after those who still talk to it.
      detached: true,
    });
    let isReady = false;
    child = host;
    const file = openLog(options.logFile);
    host.stdout?.pipe(file, { end: false });
    host.stderr?.pipe(file, { end: false });
    host.once("exit", () => {
      file.end();
      if (child === host && isReady) void revive();
    });
    send(host, { type: "start", config });
    const ready = await firstAnswer(host, "ready");
    if (ready.type === "ready") {
      isReady = true;
      vars = ready.vars;
      return;
    }
    child = undefined;
    if (ready.type === "failed" && ready.reason === "address_in_use") throw portTaken(config.port);
    const why = ready.type === "failed" ? ready.message : "it did not become ready";
    throw new CommandError(`the Worker did not start: ${why}\n${tailOf(options.logFile)}`);
  }

  /** The platform would start it again, so do we. */
  async function revive(): Promise<void> {
    child = undefined;
    options.log(`the worker host ended by itself; starting it again (log: ${options.logFile})`);
    await new Promise((resolve) => setTimeout(resolve, RESTART_DELAY_MS));
    if (!child)
      await start().catch((error) => options.log(`the worker host could not be started again: ${error}`));
  }

  async function kill(): Promise<void> {
    const host = child;
    child = undefined;
    const workerd = Number(readFileSync(config.pidFile, "utf8"));
    if (host && host.exitCode === null && host.signalCode === null) {
      const ended = once(host, "exit");
      host.kill("SIGKILL");
      await ended;
    }
    await killRecorded(config.pidFile, "workerd");
    await waitForEnd(workerd, STOP_TIMEOUT_MS);
  }

  async function stop(): Promise<void> {
    const host = child;
    if (!host) return;
    child = undefined;
    const ended = once(host, "exit");
    send(host, { type: "stop" });
    const late = setTimeout(() => host.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
    await killRecorded(config.pidFile, "workerd");
  }

  async function reload(): Promise<void> {
    if (!child) return;
    send(child, { type: "reload" });
    await firstAnswer(child, "reloaded");
  }

  return { vars: () => vars, start, reload, kill, stop };
}

function send(host: ChildProcess, message: ToHost): void {
  if (host.connected) host.send(message);
}

/** Waits for `wanted`, for a failure, or for the end of the process, whichever comes first. */
function firstAnswer(host: ChildProcess, wanted: FromHost["type"]): Promise<FromHost | { type: "ended" }> {
  return new Promise((resolve) => {
    const finish = (answer: FromHost | { type: "ended" }) => {
      clearTimeout(timer);
      host.off("message", onMessage);
      host.off("exit", onExit);
      resolve(answer);
    };
    // Our own host is on the other end of the channel.
    const onMessage = (message: unknown) => {
      const answer = message as FromHost;
      if (answer.type === wanted || answer.type === "failed") finish(answer);
    };
    const onExit = () => finish({ type: "ended" });
    const timer = setTimeout(() => finish({ type: "ended" }), READY_TIMEOUT_MS);
    host.on("message", onMessage);
    host.once("exit", onExit);
  });
}
