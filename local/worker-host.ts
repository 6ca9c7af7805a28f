/**
 * The process in which the Worker runs: Miniflare with the real workerd under it. Started by `local/worker/worker.ts` and told
 * everything over IPC. It may be killed with -9 at any moment: workerd dies with it, and the next one finds the same storage.
 */
import { Miniflare, MiniflareCoreError } from "miniflare";
import type { FromHost, ToHost, WorkerHostConfig } from "./worker/host-messages.ts";
import { guardWorkerd, miniflareOptions } from "./worker/miniflare-options.ts";

/** The platform's finest cron step. */
const CRON_INTERVAL_MS = 60_000;

let running: { miniflare: Miniflare; config: WorkerHostConfig; cron: NodeJS.Timeout } | undefined;

function tell(message: FromHost): void {
  process.send?.(message);
}

async function runScheduled(miniflare: Miniflare): Promise<void> {
  try {
    const worker = await miniflare.getWorker("vigie");
    const { outcome } = await worker.scheduled({ cron: "* * * * *", scheduledTime: new Date() });
    if (outcome !== "ok") console.error(`scheduled: ${outcome}`);
  } catch (error) {
    // A restart of workerd in the middle of it; the next minute tries again. Being stopped in the middle of it is no news.
    if (running?.miniflare === miniflare) console.error("scheduled:", error);
  }
}

async function start(config: WorkerHostConfig): Promise<void> {
  guardWorkerd(config.pidFile);
  const { options, vars } = miniflareOptions(config);
  const miniflare = new Miniflare(options);
  try {
    const url = await miniflare.ready;
    const cron = setInterval(() => void runScheduled(miniflare), CRON_INTERVAL_MS);
    running = { miniflare, config, cron };
    // At once, not only after a minute: alarms lost with the last process are found by the sweep.
    void runScheduled(miniflare);
    tell({ type: "ready", url: url.origin, vars });
  } catch (error) {
    const inUse = error instanceof MiniflareCoreError && error.code === "ERR_ADDRESS_IN_USE";
    tell({ type: "failed", reason: inUse ? "address_in_use" : "runtime", message: String(error) });
    process.exit(1);
  }
}

/** Same storage, same port, the bundle as it is on disk now. */
async function reload(): Promise<void> {
  if (!running) return;
  await running.miniflare.setOptions(miniflareOptions(running.config).options);
  tell({ type: "reloaded" });
}

async function stop(): Promise<void> {
  const last = running;
  running = undefined;
  clearInterval(last?.cron);
  await last?.miniflare.dispose();
  process.exit(0);
}

process.on("message", (message: ToHost) => {
  if (message.type === "start") void start(message.config);
  else if (message.type === "reload") void reload().catch((error) => console.error("reload:", error));
  else void stop();
});
// The stack died without a word.
process.on("disconnect", () => void stop());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
