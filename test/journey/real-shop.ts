/** A shop as a merchant has it: the real agent, the real plugin as its child process, the real receiver of its webhooks. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import type { Receiver } from "../../local/demo/receiver.ts";
import type { DemoRelease } from "../../local/demo/releases.ts";
import { startAgent } from "../../plugin-client/agent.ts";
import type { ClientEvent } from "../../plugin-client/core/events.ts";
import type { Settings } from "../../plugin-client/core/host.ts";
import { layoutOf } from "../../plugin-client/file-host/layout.ts";
import { SettingsStore } from "../../plugin-client/file-host/settings-store.ts";

/** Names there are plain ASCII, which 1.2.2 signs rightly. */
export const PLAIN_MARKETS = "US,GB,KE,NG,ZA,NL";

export interface RealShopOptions {
  merchantId?: string;
  /** Installed before the first beat; 1.2.2, which signs wrongly what is not ASCII, by default. */
  version?: string;
  ordersPerMinute?: number;
  markets?: string;
}

export interface RealShop {
  id: string;
  merchantId: string;
  /** What the agent told of itself. */
  events: ClientEvent[];
  /** The merchant opens or closes markets; empty: sells everywhere. The plugin sees it with the next order. */
  sellTo(markets: string): Promise<void>;
  /** Beats now, not at the next regular time. @returns whether it was answered */
  beat(): Promise<boolean>;
  /** What the shop's own disk says is current. */
  versionOnDisk(): string;
  close(): Promise<void>;
}

export async function openRealShop(
  options: RealShopOptions & {
    merchantId: string;
    url: string;
    root: string;
    release: DemoRelease;
    receiver: Receiver;
    claim: string;
  },
): Promise<RealShop> {
  const { merchantId, root, release, receiver } = options;
  const secret = `whsec_${randomBytes(24).toString("base64")}`;
  receiver.setSecret(merchantId, secret);
  mkdirSync(root, { recursive: true });
  const layout = layoutOf(root);
  const merchant = new SettingsStore(layout, () => {});
  const change = async (settings: Settings) => {
    await merchant.apply(settings, await merchant.mark());
    await merchant.render();
  };
  await change({
    receiver_url: receiver.urlFor(merchantId),
    receiver_secret: secret,
    orders_per_minute: options.ordersPerMinute ?? 600,
    markets: options.markets ?? PLAIN_MARKETS,
  });
  const events: ClientEvent[] = [];
  const agent = await startAgent({
    apiUrl: options.url,
    root,
    product: release.product,
    claimCode: options.claim,
    install: { version: release.version, file: release.file },
    environment: { platform: "woocommerce", platform_version: "9.4.1" },
    onEvent: (event) => void events.push(event),
  });
  return {
    id: agent.pluginId,
    merchantId,
    events,
    sellTo: (markets) => change({ markets }),
    beat: () => agent.client.beatNow(),
    versionOnDisk: () => String(JSON.parse(readFileSync(layout.current, "utf8")).version),
    close: () => agent.stop(),
  };
}
