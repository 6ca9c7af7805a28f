/** Pure: whom each wave of a planned rollout may reach, counted over the shops that the ledger knows. */
import type { RolloutPlan, WaveReach } from "../../contract/rollout-plan.ts";
import { compareSemver } from "../semver.ts";
import { stablePercent } from "../stable-hash.ts";
import { type Canary, courseOf, type Stage } from "./rollout-course.ts";

/** A shop, as far as a rollout looks at it. */
export interface ReachShop {
  id: string;
  merchantId: string;
  version: string;
  /** Class of environments. */
  environment: string;
}

/** What a shop must be to take it at all. */
export interface ReachBounds {
  /** Nobody may have it, whatever they are. */
  barred: boolean;
  /** The version to go to, and the oldest one to come from; null for a remedy. */
  release: { version: string; minFrom: string } | null;
  /** The versions that know a remedy's settings. */
  range: { min: string | null; max: string | null };
  held: ReadonlySet<string>;
}

const SAMPLE = 10;

/** `key` is the version or the remedy's id: it seeds the place of a shop. */
export function reachOf(
  plan: RolloutPlan,
  key: string,
  canary: Canary,
  shops: readonly ReachShop[],
  bounds: ReachBounds,
): { waves: WaveReach[]; outOfReach: number } {
  const able = shops.filter((shop) => canTake(shop, bounds));
  const reached = new Set<string>();
  let places = 0;
  const waves = courseOf(canary, plan).stages.map((stage): WaveReach => {
    const added = able.filter((shop) => !reached.has(shop.id) && includes(stage, shop, key));
    for (const { id } of added) reached.add(id);
    const base = {
      wave: stage.name.slice(0, 120),
      not_before: stage.notBefore === null ? null : new Date(stage.notBefore).toISOString(),
    };
    if (stage.reach.by !== "shops")
      return {
        ...base,
        shops: Math.max(reached.size, places),
        added: added.length,
        sample: added.slice(0, SAMPLE).map(({ id }) => id),
      };
    // Whichever shops need it first: a number, no names.
    const before = Math.max(reached.size, places);
    places = Math.max(before, Math.min(stage.reach.shops, able.length));
    return { ...base, shops: places, added: places - before, sample: [] };
  });
  return { waves, outOfReach: shops.length - able.length };
}

function canTake(shop: ReachShop, { barred, release, range, held }: ReachBounds): boolean {
  if (barred || held.has(shop.environment)) return false;
  if (release !== null)
    return (
      compareSemver(shop.version, release.version) < 0 && compareSemver(shop.version, release.minFrom) >= 0
    );
  return (
    (range.min === null || compareSemver(shop.version, range.min) >= 0) &&
    (range.max === null || compareSemver(shop.version, range.max) <= 0)
  );
}

function includes({ reach }: Stage, shop: ReachShop, key: string): boolean {
  if (reach.by === "merchants") return reach.merchants.includes(shop.merchantId);
  return reach.by === "percent" && placeOf(shop.id, key) < reach.percent;
}

/** The stable place of a shop for a version or remedy, in [0, 100). */
export function placeOf(pluginId: string, key: string): number {
  return stablePercent(`${pluginId}@${key}`);
}
