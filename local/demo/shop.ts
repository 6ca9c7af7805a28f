/**
 * One shop of the demo, a process of its own: the agent that a merchant installs, with the plugin as its child. Told what it is
 * over IPC; ends, with a goodbye, when it is told to or when the fleet's process dies.
 */
import { existsSync, mkdirSync } from "node:fs";
import { type Agent, startAgent } from "../../plugin-client/agent.ts";
import type { Settings } from "../../plugin-client/core/host.ts";
import { layoutOf } from "../../plugin-client/file-host/layout.ts";
import { SettingsStore } from "../../plugin-client/file-host/settings-store.ts";
import type { FromShop, ShopConfig, ToShop } from "./shop-messages.ts";

let agent: Agent | undefined;
let merchant: SettingsStore | undefined;

function tell(message: FromShop): void {
  process.send?.(message);
}

/** The merchant's own hand on the settings, beside the agent's: the plugin reads its file again when it changes. */
async function change(settings: Settings): Promise<void> {
  if (!merchant) return;
  await merchant.apply(settings, await merchant.mark());
  await merchant.render();
}

async function open(config: ShopConfig): Promise<void> {
  const layout = layoutOf(config.root);
  const isNew = !existsSync(layout.config);
  mkdirSync(config.root, { recursive: true });
  merchant = new SettingsStore(layout, () => {});
  await change({ ...(isNew ? config.firstSettings : {}), ...config.settings });
  agent = await startAgent({
    apiUrl: config.apiUrl,
    root: config.root,
    product: config.product,
    ...(config.claimCode === undefined ? {} : { claimCode: config.claimCode }),
    install: config.install,
    environment: { platform: "woocommerce", platform_version: "9.4.1", region: config.region },
    process: { onLog: log },
    onEvent: log,
  });
  tell({ type: "opened", pluginId: agent.pluginId });
}

function log(entry: unknown): void {
  const fields = typeof entry === "string" ? { plugin: entry } : Object(entry);
  console.log(JSON.stringify({ at: new Date().toISOString(), ...fields }));
}

async function close(): Promise<void> {
  await agent?.stop();
  process.exit(0);
}

function fail(error: unknown): void {
  console.error(error);
  tell({ type: "failed", message: String(error) });
}

process.on("message", (message: ToShop) => {
  if (message.type === "open") open(message.config).catch(fail);
  else if (message.type === "change") change(message.settings).then(() => tell({ type: "changed" }), fail);
  else void close();
});
process.on("disconnect", () => void close());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void close());
