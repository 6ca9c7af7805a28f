/** What a decision service may choose from: the catalogue seen from one shop, and the incident to be healed. */
import type { AllowedMoves, Candidate, DecideRequest } from "../../contract/decision.ts";
import type { ReleaseRecord } from "../../contract/ops.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import type { Remedy } from "../../contract/remedy.ts";
import type { Offers } from "../../contract/rpc/release.ts";
import { compareSemver, stepBetween } from "../semver.ts";
import { isGraver } from "../severity-rank.ts";
import type { IncidentState, Millis, PluginState } from "./state.ts";
import { CHANGE_BLAMED_MS } from "./tuning.ts";

/** As many as the contract takes. */
const CANDIDATES_LIMIT = 64;
/** Always on offer, and never crowded out by a long catalogue. */
const MOVES: readonly Candidate[] = [
  { action: "resubscribe" },
  { action: "escalate" },
  { action: "monitor" },
];
const STEPS = ["patch", "minor", "major", "downgrade"] as const;

/**
 * Releases this shop could run instead (active, unexpired, from a version it may be applied to), remedies for this kind of
 * incident, and the moves that need neither. Of a long catalogue the versions nearest to the shop's own are offered.
 */
export function candidatesFor(
  state: PluginState,
  incident: IncidentState,
  { releases, remedies }: Offers,
  now: Millis,
): Candidate[] {
  const aside = new Set(
    (state.setAside ?? []).filter(({ until }) => until > now).map(({ subject }) => subject),
  );
  const settings = remedies
    .filter((one) => fits(one, state, incident) && !aside.has(one.id))
    .map(asCandidate);
  const versions = releases
    .filter((release) => isUsable(release, state, now) && !aside.has(release.version))
    .filter(({ version }) => !isBelowNoReturn(version, state.version, releases))
    .filter(({ version }) => !bringsFaultBack(version, state, incident))
    .map((release) => versionCandidate(release, state.version));
  const room = CANDIDATES_LIMIT - MOVES.length;
  const config = settings.slice(0, room / 2);
  return [...config, ...nearest(versions, room - config.length), ...MOVES];
}

function isUsable(release: ReleaseRecord, state: PluginState, now: Millis): boolean {
  const { version, status, expires, min_from } = release;
  if (status !== "active" || version === state.version || Date.parse(expires) <= now) return false;
  return compareSemver(version, state.version) < 0 || compareSemver(state.version, min_from) >= 0;
}

/** Going down past a release that cannot be taken back is worse than the fault: what it changed stays changed. */
function isBelowNoReturn(version: string, running: string, releases: readonly ReleaseRecord[]): boolean {
  return releases.some(
    (release) =>
      !release.reversible &&
      compareSemver(release.version, version) > 0 &&
      compareSemver(release.version, running) <= 0,
  );
}

/**
 * An unseen error alone is no reason to go back to a fault that the change which runs has healed, and kept healed through its bake:
 * three of a kind may be chance in a quiet shop. What the change really broke shows as a rise, too, and then the way back is open.
 */
function bringsFaultBack(version: string, state: PluginState, { row }: IncidentState): boolean {
  if (row.type !== "new_error") return false;
  const healed = state.inPlace?.find(({ to }) => to === state.version);
  if (healed === undefined || compareSemver(version, healed.from) > 0) return false;
  const baking = state.incidents.some(({ row: { id } }) => id === healed.incidentId);
  const blamed = state.excluded.some((fix) => fix.action === healed.action && fix.version === healed.to);
  return !baking && !blamed;
}

function versionCandidate({ version, reversible }: ReleaseRecord, from: string): Candidate {
  const action = compareSemver(version, from) > 0 ? "patch" : "rollback";
  return { action, version, step: stepBetween(from, version), reversible };
}

function fits(remedy: Remedy, state: PluginState, { row }: IncidentState): boolean {
  const { status, min_version: min, max_version: max } = remedy;
  if (status !== "active" || !remedy.for.includes(row.type)) return false;
  if (min !== undefined && compareSemver(state.version, min) < 0) return false;
  return max === undefined || compareSemver(state.version, max) <= 0;
}

function asCandidate({ id, set }: Remedy): Candidate {
  return { action: "config", remedy: id, config: set, reversible: true };
}

/** Half of the room for the ways up, half for the ways down; what one leaves free is the other's. The order is kept. */
function nearest(candidates: readonly Candidate[], room: number): Candidate[] {
  const byVersion = (a: Candidate, b: Candidate) => compareSemver(a.version ?? "", b.version ?? "");
  const up = candidates.filter(({ action }) => action === "patch").sort(byVersion);
  const down = candidates.filter(({ action }) => action === "rollback").sort((a, b) => byVersion(b, a));
  const half = Math.floor(room / 2);
  const ups = up.slice(0, Math.max(half, room - down.length));
  const kept = new Set([...ups, ...down.slice(0, room - ups.length)]);
  return candidates.filter((candidate) => kept.has(candidate));
}

/** `policy`: as last read; it tells the service what needs no person, and the gate decides. */
export function decideRequest(
  state: PluginState,
  incident: IncidentState,
  offers: Offers,
  policy: PolicyDocument,
  now: Millis,
): DecideRequest {
  const { row } = incident;
  const changedFrom = changedBefore(state, incident);
  return {
    incident: {
      id: row.id,
      type: row.type,
      severity: row.severity,
      signature: row.signature,
      value: row.signal.value,
      bound: row.signal.bound,
      detected_at: row.detected_at,
      ...(changedFrom === null ? {} : { changed_from: changedFrom }),
    },
    plugin: { id: state.id, product: state.product, version: state.version, env: state.env },
    candidates: candidatesFor(state, incident, offers, now),
    excluded: state.excluded
      .filter((fix) => fix.signature === row.signature)
      .map(({ action, version, remedy }) => ({
        action,
        ...(version === null ? {} : { version }),
        ...(remedy === undefined ? {} : { remedy }),
      })),
    allowed: allowedMoves(state, incident, policy),
  };
}

/**
 * What the policy allows for this incident, and what of it without a person: the static part of the gate. In mode `shadow` what it
 * would be in mode `auto`, or else other moves would be recorded than that mode makes.
 */
function allowedMoves(state: PluginState, { row }: IncidentState, policy: PolicyDocument): AllowedMoves {
  const { approvals, min_confidence, whitelist } = policy;
  const alone =
    (policy.mode === "auto" || policy.mode === "shadow") &&
    !policy.kill_switch &&
    (whitelist.all || whitelist.merchants.includes(state.merchantId)) &&
    !isGraver(row.severity, policy.max_severity) &&
    approvals.by_severity[row.severity] === 0;
  return {
    actions: policy.allowed_actions,
    // Where a person is asked whatever is chosen, no confidence and no step does without one.
    min_confidence: alone ? min_confidence : 1,
    steps: alone ? STEPS.filter((step) => approvals.by_step[step] === 0) : [],
  };
}

/** The version before the one that runs, when the fault began in the day after that change. */
function changedBefore({ lastChange }: PluginState, { row }: IncidentState): string | null {
  if (lastChange === undefined) return null;
  const begunAt = Date.parse(row.onset_at ?? row.detected_at);
  const sinceMs = begunAt - lastChange.at;
  return sinceMs >= 0 && sinceMs <= CHANGE_BLAMED_MS ? lastChange.from : null;
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
