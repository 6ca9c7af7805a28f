/** What a decision service may choose from: the catalogue seen from one shop, and the incident to be healed. */
import type { Candidate, DecideRequest } from "../../contract/decision.ts";
import type { ReleaseRecord } from "../../contract/ops.ts";
import { compareSemver, stepBetween } from "../semver.ts";
import type { IncidentState, Millis, PluginState } from "./state.ts";

/** Releases this shop could run instead: active, unexpired, from a version it may be applied to. */
export function candidatesFor(
  state: PluginState,
  releases: readonly ReleaseRecord[],
  now: Millis,
): Candidate[] {
  const usable = releases.filter(
    (release) =>
      release.status === "active" && release.version !== state.version && Date.parse(release.expires) > now,
  );
  const candidates: Candidate[] = [];
  for (const release of usable) {
    const higher = compareSemver(release.version, state.version) > 0;
    if (higher && compareSemver(state.version, release.min_from) < 0) continue;
    candidates.push({
      action: higher ? "patch" : "rollback",
      version: release.version,
      step: stepBetween(state.version, release.version),
      reversible: release.reversible,
    });
  }
  candidates.push({ action: "resubscribe" }, { action: "escalate" }, { action: "monitor" });
  return candidates.slice(0, 64);
}

export function decideRequest(
  state: PluginState,
  incident: IncidentState,
  releases: readonly ReleaseRecord[],
  now: Millis,
): DecideRequest {
  const { row } = incident;
  return {
    incident: {
      id: row.id,
      type: row.type,
      severity: row.severity,
      signature: row.signature,
      value: row.signal.value,
      bound: row.signal.bound,
      detected_at: row.detected_at,
    },
    plugin: { id: state.id, product: state.product, version: state.version, env: state.env },
    candidates: candidatesFor(state, releases, now),
    excluded: state.excluded
      .filter((fix) => fix.signature === row.signature)
      .map((fix) => ({ action: fix.action, ...(fix.version === null ? {} : { version: fix.version }) })),
  };
}

/** The release of that version, or, without one, the newest below the shop's own: what a rollback means. */
export function releaseNamed(
  state: PluginState,
  version: string | undefined,
  releases: readonly ReleaseRecord[],
): ReleaseRecord | null {
  if (version !== undefined) return releases.find((release) => release.version === version) ?? null;
  const earlier = releases.filter((release) => compareSemver(release.version, state.version) < 0);
  return earlier.sort((a, b) => compareSemver(b.version, a.version))[0] ?? null;
}
