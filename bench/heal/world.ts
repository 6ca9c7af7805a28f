/**
 * What happens in the simulated week: which releases are published when, what each of them really does, and which faults strike. All
 * of it is known here and nowhere in the code under test.
 */

import type { Effects, SimulatedShop } from "../../sim/simulated-shop.ts";
import type { Environment } from "../../src/contract/heartbeat.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export type Product = "molam-woocommerce" | "molam-prestashop" | "molam-magento" | "molam-thelia";
export const PRODUCTS: readonly Product[] = [
  "molam-woocommerce",
  "molam-prestashop",
  "molam-magento",
  "molam-thelia",
];

/** Faults that strike one shop at a time. Each has a message, and so a fingerprint, of its own. */
export const SHOP_FAULTS = ["alpha", "beta", "gamma", "config", "disabled", "dead", "transient"] as const;
export type ShopFault = (typeof SHOP_FAULTS)[number];

/** Per shop and day, and from which day on: the first half day is quiet, for the detectors to get to know their shops. Letters are bugs of the plugin that something in the shop sets off. */
export const FAULT_RATES: Record<ShopFault, { perDay: number; fromDay: number }> = {
  alpha: { perDay: 0.01, fromDay: 0.5 },
  beta: { perDay: 0.006, fromDay: 1.2 },
  gamma: { perDay: 0.006, fromDay: 2 },
  config: { perDay: 0.008, fromDay: 0.5 },
  disabled: { perDay: 0.008, fromDay: 0.5 },
  dead: { perDay: 0.003, fromDay: 0.5 },
  transient: { perDay: 0.0005, fromDay: 0.5 },
};

/** A new version of the platform sets off a bug in many shops at once: this share of them, within so many hours. */
export const OUTBREAKS: readonly { fault: ShopFault; day: number; hours: number; share: number }[] = [
  { fault: "beta", day: 1.3, hours: 12, share: 0.05 },
  { fault: "gamma", day: 5.3, hours: 12, share: 0.02 },
];

/** The setting that mends the configuration fault, published as a remedy. */
export const REMEDY_SET = { webhook_endpoint: "https://hooks.molam.example/v2" } as const;
const REMEDY_KEY = "webhook_endpoint";

/** `bad`: fails wherever it runs. `hidden_bad`: likewise, and its own probes see nothing. */
export type Nature =
  | "good"
  | "bad"
  | "hidden_bad"
  | "irreversible_bad"
  | "no_boot"
  | "partial"
  | "regression";

export interface WorldRelease {
  version: string;
  /** Days after the start; before it for those that shops began with. */
  day: number;
  nature: Nature;
  reversible: boolean;
  min_from: string;
  /** Bugs that it has not. */
  mends: readonly ShopFault[];
  /** The platform's own updater puts it into this share of the shops within four hours of its publication. */
  shippedTo?: number;
  products?: readonly Product[];
}

const since = (
  day: number,
  version: string,
  nature: Nature,
  more: Partial<WorldRelease> = {},
): WorldRelease => ({
  version,
  day,
  nature,
  reversible: true,
  min_from: "1.1.0",
  mends: [],
  ...more,
});

export const RELEASES: readonly WorldRelease[] = [
  since(-60, "1.1.9", "good"),
  since(-30, "1.2.0", "good"),
  since(0, "1.2.1", "good", { mends: ["alpha"] }),
  since(0.8, "1.3.0", "regression", { mends: ["alpha"], shippedTo: 0.06 }),
  since(1.1, "1.2.2", "bad", { mends: ["alpha", "beta"] }),
  since(1.7, "1.2.3", "no_boot", { mends: ["alpha", "beta"] }),
  since(2.1, "1.2.4", "partial", { mends: ["alpha", "beta"] }),
  since(2.8, "1.2.5", "good", { mends: ["alpha", "beta"] }),
  since(3, "1.2.6", "good", { mends: ["alpha", "beta", "gamma"], reversible: false }),
  since(4.2, "1.2.7", "irreversible_bad", {
    mends: ["alpha", "beta", "gamma"],
    reversible: false,
    products: ["molam-prestashop", "molam-thelia"],
  }),
  since(5.1, "1.3.1", "regression", { mends: ["alpha", "beta", "gamma"], shippedTo: 0.04 }),
  since(5.5, "1.2.8", "hidden_bad", { mends: ["alpha", "beta", "gamma"], products: ["molam-woocommerce"] }),
];

export const START_VERSION = "1.2.0";
/** Where a person puts a shop when nothing else has helped. */
export const SAFE_VERSION = "1.2.0";
/** Learned by then: every kind of fault has been seen, and its fix has been out for a day. Bad releases go on coming. */
export const LEARNED_FROM_DAY = 4;

export function releasesOf(product: Product): WorldRelease[] {
  return RELEASES.filter(({ products }) => products === undefined || products.includes(product));
}

export function releaseOf(version: string): WorldRelease | undefined {
  return RELEASES.find((release) => release.version === version);
}

/** Shops on the oldest runtime, where the release for "some environments" fails. */
export function isOldRuntime(environment: Environment): boolean {
  return environment.runtime_version?.startsWith("7.") ?? false;
}

export function environmentOf(draw: number): Environment {
  const runtime_version = draw < 0.6 ? "8.3.12" : draw < 0.85 ? "8.1.30" : "7.4.33";
  return {
    platform: "woocommerce",
    platform_version: draw * 10 - Math.floor(draw * 10) < 0.5 ? "9.4.1" : "9.3.3",
    runtime: "php",
    runtime_version,
  };
}

const WELL: Effects = {
  webhookFail: 0,
  errorShare: 0,
  fingerprint: null,
  disabled: false,
  boots: true,
  probeSees: true,
};

/** What is true of a shop now: its version's own doing, and the faults that its version or settings do not mend. */
export function effectsOf(shop: SimulatedShop): Effects {
  const release = releaseOf(shop.disk.current);
  let effects = ownEffects(release, shop.options.environment);
  for (const fault of shop.faults) effects = worse(effects, faultEffects(fault as ShopFault, release, shop));
  return effects;
}

function ownEffects(release: WorldRelease | undefined, environment: Environment): Effects {
  switch (release?.nature) {
    case "bad":
    case "irreversible_bad":
      return { ...WELL, webhookFail: 0.7, errorShare: 0.4, fingerprint: "undefined gateway" };
    case "hidden_bad":
      return { ...WELL, webhookFail: 0.5, errorShare: 0.3, fingerprint: "broken basket", probeSees: false };
    case "no_boot":
      return { ...WELL, boots: false };
    case "partial":
      return isOldRuntime(environment) ? { ...WELL, errorShare: 0.35, fingerprint: "enum unknown" } : WELL;
    case "regression":
      return { ...WELL, errorShare: 0.3, fingerprint: "null amount" };
    default:
      return WELL;
  }
}

function faultEffects(fault: ShopFault, release: WorldRelease | undefined, shop: SimulatedShop): Effects {
  switch (fault) {
    case "alpha":
    case "beta":
    case "gamma":
      return release?.mends.includes(fault)
        ? WELL
        : { ...WELL, errorShare: 0.25, fingerprint: `${fault} bug` };
    case "config":
      return shop.disk.settings[REMEDY_KEY] === REMEDY_SET[REMEDY_KEY] ? WELL : { ...WELL, webhookFail: 1 };
    case "disabled":
      return shop.disk.settings.webhook_subscription === "active" ? WELL : { ...WELL, disabled: true };
    case "transient":
      return { ...WELL, webhookFail: 1 };
    case "dead":
      return WELL;
    default:
      return fault satisfies never;
  }
}

function worse(a: Effects, b: Effects): Effects {
  const graver = b.errorShare > a.errorShare ? b : a;
  return {
    webhookFail: Math.max(a.webhookFail, b.webhookFail),
    errorShare: graver.errorShare,
    fingerprint: graver.fingerprint,
    disabled: a.disabled || b.disabled,
    boots: a.boots && b.boots,
    probeSees: a.probeSees && b.probeSees,
  };
}

/** One figure for how badly a shop does; 0 is well. */
export function badness({ webhookFail, errorShare, disabled, boots }: Effects): number {
  if (!boots) return 2;
  return Math.max(webhookFail, disabled ? 1 : 0) + errorShare;
}

/** What the shop's version does by itself, whatever else ails the shop. */
export function ownBadness(shop: SimulatedShop): number {
  return badness(ownEffects(releaseOf(shop.disk.current), shop.options.environment));
}

/** Whether this fault still hurts the shop, or hurts it again. */
export function stands(shop: SimulatedShop, kind: ShopFault | "regression"): boolean {
  if (kind === "regression") return ownBadness(shop) > 0;
  if (kind === "dead") return shop.dead;
  const release = releaseOf(shop.disk.current);
  return shop.faults.has(kind) && badness(faultEffects(kind, release, shop)) > 0;
}
