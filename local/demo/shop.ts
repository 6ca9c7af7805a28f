/**
 * One shop of the demo, a process of its own: the agent that a merchant installs, with the plugin as its child. Told what it is
 * over IPC; ends, with a goodbye, when it is told to or when the fleet's process dies.
 */
import { startAgent } from "../../plugin-client/agent.ts";
import type { FromShop, ShopConfig, ToShop } from "./shop-messages.ts";

let agent: Awaited<ReturnType<typeof startAgent>> | undefined;

function tell(message: FromShop): void {
  process.send?.(message);
}

async function open(config: ShopConfig): Promise<void> {
  agent = await startAgent({
    apiUrl: config.apiUrl,
    root: config.root,
    product: config.product,
    ...(config.claimCode === undefined ? {} : { claimCode: config.claimCode }),
    environment: { platform: "woocommerce", platform_version: "9.4.1", region: config.region },
    log: (event: unknown) => console.log(JSON.stringify({ at: new Date().toISOString(), ...Object(event) })),
  });
  tell({ type: "opened", pluginId: agent.pluginId });
}

async function close(): Promise<void> {
  await agent?.stop();
  process.exit(0);
}

process.on("message", (message: ToShop) => {
  if (message.type === "close") return void close();
  open(message.config).catch((error: unknown) => {
    console.error(error);
    tell({ type: "failed", message: String(error) });
    process.exit(1);
  });
});
process.on("disconnect", () => void close());
// Ctrl-C reaches the whole process group; the fleet decides when its shops close.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => void close());
