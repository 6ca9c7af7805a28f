/** A shop's process as the fleet sees it. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Settings } from "../../plugin-client/core/host.ts";
import { openLog, tailOf } from "../log-file.ts";
import { ROOT } from "../paths.ts";
import type { FromShop, ShopConfig, ToShop } from "./shop-messages.ts";

const ANSWER_TIMEOUT_MS = 60_000;
/** The agent waits for a command under way; a shop that hangs must not hold up Ctrl-C. */
const CLOSE_TIMEOUT_MS = 4000;

export interface ShopProcess {
  pluginId: string;
  /** The merchant changes settings of the plugin, which reads them at once. */
  change(settings: Settings): Promise<void>;
  /** Says goodbye and ends, the plugin with it. */
  close(): Promise<void>;
}

/** Resolves when the shop is enrolled and has tried its first beat. */
export async function openShop(config: ShopConfig, logFile: string): Promise<ShopProcess> {
  const child = fork(join(ROOT, "local", "demo", "shop.ts"), [], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv: [],
    // A process group of its own: Ctrl-C reaches the fleet, which closes its shops in good order.
    detached: true,
  });
  const file = openLog(logFile);
  child.stdout?.pipe(file, { end: false });
  child.stderr?.pipe(file, { end: false });
  child.once("exit", () => file.end());
  send(child, { type: "open", config });
  const answer = await nextMessage(child);
  if (answer.type === "opened") {
    const change = async (settings: Settings) => {
      send(child, { type: "change", settings });
      const changed = await nextMessage(child);
      if (changed.type === "failed") throw new Error(`${config.root}: ${changed.message}`);
    };
    return { pluginId: answer.pluginId, change, close: () => close(child) };
  }
  await close(child);
  throw new Error(
    `the shop in ${config.root} did not open: ${answer.type === "failed" ? answer.message : answer.type}\n${tailOf(logFile, 5)}`,
  );
}

function send(child: ChildProcess, message: ToShop): void {
  if (child.connected) child.send(message);
}

function nextMessage(child: ChildProcess): Promise<FromShop> {
  return new Promise((resolve) => {
    const finish = (message: FromShop) => {
      clearTimeout(timer);
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(message);
    };
    const failed = (message: string) => finish({ type: "failed", message });
    // Our own shop process is on the other end of the channel.
    const onMessage = (message: unknown) => finish(message as FromShop);
    const onExit = (code: number | null) => failed(`its process ended with code ${code}`);
    const timer = setTimeout(
      () => failed(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`),
      ANSWER_TIMEOUT_MS,
    );
    child.on("message", onMessage);
    child.on("exit", onExit);
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
