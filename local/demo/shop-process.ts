/** A shop's process as the fleet sees it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { openLog, tailOf } from "../log-file.ts";
import { ROOT } from "../paths.ts";
import type { FromShop, ShopConfig, ToShop } from "./shop-messages.ts";

const OPEN_TIMEOUT_MS = 60_000;
/** The agent waits for a command under way; a shop that hangs must not hold up Ctrl-C. */
const CLOSE_TIMEOUT_MS = 4000;

export interface ShopProcess {
  pluginId: string;
  /** Says goodbye and ends, the plugin with it. */
  close(): Promise<void>;
}

/** Resolves when the shop is enrolled and has tried its first beat. */
export async function openShop(config: ShopConfig, logFile: string): Promise<ShopProcess> {
  const child = fork(join(ROOT, "local", "demo", "shop.ts"), [], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
  });
  const file = openLog(logFile);
  child.stdout?.pipe(file, { end: false });
  child.stderr?.pipe(file, { end: false });
  child.once("exit", () => file.end());
  send(child, { type: "open", config });
  const answer = await firstMessage(child);
  if (answer.type === "opened") return { pluginId: answer.pluginId, close: () => close(child) };
  await close(child);
  throw new Error(`the shop in ${config.root} did not open: ${answer.message}\n${tailOf(logFile, 5)}`);
}

function send(child: ChildProcess, message: ToShop): void {
  if (child.connected) child.send(message);
}

function firstMessage(child: ChildProcess): Promise<FromShop> {
  return new Promise((resolve) => {
    const failed = (message: string) => resolve({ type: "failed", message });
    const timer = setTimeout(() => failed(`not within ${OPEN_TIMEOUT_MS / 1000} s`), OPEN_TIMEOUT_MS);
    child.once("message", (message) => {
      clearTimeout(timer);
      // Our own shop process is on the other end of the channel.
      resolve(message as FromShop);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      failed(`its process ended with code ${code}`);
    });
  });
}

async function close(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  send(child, { type: "close" });
  const late = setTimeout(() => child.kill("SIGKILL"), CLOSE_TIMEOUT_MS);
  await ended;
  clearTimeout(late);
}
