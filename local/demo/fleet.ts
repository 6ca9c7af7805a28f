/** The demo fleet: publishes the releases, hands out claim codes, and opens a dozen shops against a running stack. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { layoutOf } from "../../plugin-client/file-host/layout.ts";
import { ClaimReply, type ClaimRequest } from "../../src/contract/enroll.ts";
import { Version } from "../../src/contract/ids.ts";
import type { Stack } from "../stack.ts";
import { call } from "./ops.ts";
import { publishReleases, setDemoPolicy } from "./prepare.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { DEMO_PRODUCT } from "./releases.ts";
import { type DemoShop, ROSTER } from "./roster.ts";
import type { ShopConfig } from "./shop-messages.ts";
import { openShop, type ShopProcess } from "./shop-process.ts";

/** Between two openings, so that the beats of the fleet do not come in one burst. */
const STAGGER_MS = 400;
const ORDERS_PER_MINUTE = 60;

export interface Fleet {
  pluginId(shop: DemoShop): string;
  /** The merchant opens or closes markets (comma-separated country codes; empty: all); the plugin sees it at once. */
  sellTo(shop: DemoShop, markets: string): Promise<void>;
  /** What the shop's own disk says is current; null before the first installation. */
  versionOnDisk(shop: DemoShop): Promise<string | null>;
  /** Every shop says goodbye and ends. */
  stop(): Promise<void>;
}

/** Opens every shop; a shop that has an identity from an earlier start keeps it. `signal` cuts the opening short. */
export async function startFleet(
  stack: Stack,
  options: { signal: AbortSignal; log: (line: string) => void },
): Promise<Fleet> {
  const { signal, log } = options;
  const folder = join(stack.dataDir, "demo");
  const rootOf = (shop: DemoShop) => join(folder, "shops", shop.id);
  const releaseFile = (version: string) => join(folder, "releases", `${version}.zip`);
  mkdirSync(join(folder, "releases"), { recursive: true });

  for (const { version, file } of await publishReleases(stack.api, stack.publisher)) {
    writeFileSync(releaseFile(version), file);
  }
  const policy = await setDemoPolicy(stack.api);
  log(`releases published; policy revision ${policy.revision}, mode ${policy.document.mode}`);

  const secrets = Object.fromEntries(
    ROSTER.map(({ id }) => [id, `whsec_${randomBytes(24).toString("base64")}`]),
  );
  const receiver = await startReceiver({ secrets });
  const open = new Map<string, ShopProcess>();
  const fleet: Fleet = {
    pluginId: (shop) => processOf(open, shop).pluginId,
    sellTo: (shop, markets) => processOf(open, shop).change({ markets }),
    versionOnDisk: async (shop) => versionIn(layoutOf(rootOf(shop)).current),
    async stop() {
      await Promise.all([...open.values()].map((shop) => shop.close()));
      await receiver.stop();
    },
  };
  try {
    for (const shop of ROSTER) {
      if (signal.aborted) break;
      const config = await configOf(shop, { stack, root: rootOf(shop), receiver, secrets, releaseFile });
      open.set(shop.id, await openShop(config, join(stack.dataDir, "logs", `shop-${shop.id}.log`)));
      await delay(STAGGER_MS, undefined, { signal }).catch(() => {});
    }
  } catch (error) {
    await fleet.stop();
    throw error;
  }
  log(`${open.size} shops are open`);
  return fleet;
}

function processOf(open: ReadonlyMap<string, ShopProcess>, shop: DemoShop): ShopProcess {
  const found = open.get(shop.id);
  if (!found) throw new Error(`${shop.id} is not open`);
  return found;
}

async function configOf(
  shop: DemoShop,
  at: {
    stack: Stack;
    root: string;
    receiver: Receiver;
    secrets: Record<string, string>;
    releaseFile: (version: string) => string;
  },
): Promise<ShopConfig> {
  const hasIdentity = existsSync(join(at.root, "identity.json"));
  return {
    apiUrl: at.stack.url,
    root: at.root,
    product: DEMO_PRODUCT,
    ...(hasIdentity ? {} : { claimCode: await claim(at.stack, shop) }),
    install: { version: shop.version, file: at.releaseFile(shop.version) },
    settings: {
      receiver_url: at.receiver.urlFor(shop.id),
      receiver_secret: at.secrets[shop.id] ?? "",
      orders_per_minute: ORDERS_PER_MINUTE,
    },
    firstSettings: { markets: shop.markets },
    region: shop.region,
  };
}

async function claim(stack: Stack, shop: DemoShop): Promise<string> {
  const json = { merchant_id: shop.id, merchant_name: shop.merchantName, product: DEMO_PRODUCT };
  const request: Omit<ClaimRequest, "valid_for_s"> = json;
  return (await call(stack.api, ClaimReply, "/api/ops/claims", { json: request })).claim_code;
}

const CurrentFile = z.object({ version: Version });

function versionIn(file: string): string | null {
  return existsSync(file) ? CurrentFile.parse(JSON.parse(readFileSync(file, "utf8"))).version : null;
}
