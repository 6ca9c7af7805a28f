/** Pure: what a product's floor takes out of its shops' reach. */

import type { FloorReach, FloorRequest } from "../../contract/floor.ts";
import type { ReleaseRecord } from "../../contract/ops.ts";
import { ok, type Result, refuse } from "../../contract/refusal.ts";
import { compareSemver } from "../semver.ts";

type Offered = Pick<ReleaseRecord, "version" | "status" | "expires">;

/** Of the releases that shops may be given at `now` (ms since epoch): which a floor would shut out, and which it would leave. */
export function floorReach(releases: readonly Offered[], version: string | null, now: number): FloorReach {
  const offered = releases
    .filter(({ status, expires }) => status === "active" && Date.parse(expires) > now)
    .map((release) => release.version)
    .toSorted((a, b) => compareSemver(b, a));
  const isBelow = (one: string) => version !== null && compareSemver(one, version) < 0;
  const left = offered.filter((one) => !isBelow(one));
  const barsAll = version !== null && left.length === 0;
  return {
    shut: offered.filter(isBelow),
    left,
    notes: barsAll
      ? [`No active release is at or above ${version}: no shop gets any patch or rollback until one is.`]
      : [],
  };
}

/** Refuses as `conflict` a floor above every active release, unless that is meant: it is more often a slip than an emergency. */
export function mayBeFloor({ version, bars_all }: FloorRequest, { left }: FloorReach): Result<null> {
  if (version === null || bars_all || left.length > 0) return ok(null);
  return refuse({
    reason: "conflict",
    message: `no active release is at or above ${version}: it would bar every patch and rollback; say so (bars_all) if that is meant`,
  });
}
