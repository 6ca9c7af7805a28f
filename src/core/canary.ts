/**
 * Pure: who may have a release now, and when it is halted.
 *
 * Stages are walked in order, never back:
 * - `{ shops: N }` admits shops while those in flight and those healed are fewer than N; it is complete at N successes.
 *   A failed shop gives its place to another, until an abort rule halts the release.
 * - `{ percent: p }` admits the shops whose stable hash of plugin and version falls below p. It is complete after
 *   `STAGE_SUCCESSES` further successes, or, in a fleet too small for that, when `STAGE_PATIENCE_MS` have passed with
 *   nothing in flight and at least one success behind it.
 * The last stage stays. Abort rules follow AWS IoT jobs (AbortConfig: failure type, threshold percentage, minimum number
 * of executed things).
 */
import type { Outcome } from "../contract/decision.ts";
import type { ReleaseStatus } from "../contract/ops.ts";
import type { AbortRule, CanaryStage, PolicyDocument } from "../contract/policy.ts";
import type { Admission } from "../contract/rpc.ts";

export const STAGE_SUCCESSES = 5;
/** As long as the goal for the repair of a minor fault: a waiting shop is not held back for longer per stage. */
export const STAGE_PATIENCE_MS = 600_000;

type Canary = PolicyDocument["canary"];

/** Where a release stands on its way through the stages. */
export interface Rollout {
  /** Index into the policy's stages. */
  stage: number;
  /** When the stage was opened, ms since epoch. */
  since: number;
  /** Successes when the stage was opened. */
  baseline: number;
}

/** How many attempts of a release are under way, and how the others ended; cancelled ones do not count. */
export interface Tally {
  inFlight: number;
  success: number;
  rolled_back: number;
  failed: number;
  inconclusive: number;
}

export const EMPTY_TALLY: Tally = { inFlight: 0, success: 0, rolled_back: 0, failed: 0, inconclusive: 0 };

export function tallyOutcome(tally: Tally, outcome: Outcome | null, count: number): Tally {
  return outcome === null
    ? { ...tally, inFlight: tally.inFlight + count }
    : { ...tally, [outcome]: tally[outcome] + count };
}

/** The rollout with every stage left behind that is complete at `now`. */
export function advance(rollout: Rollout, tally: Tally, canary: Canary, now: number): Rollout {
  const last = canary.stages.length - 1;
  let current: Rollout = { ...rollout, stage: Math.min(rollout.stage, last) };
  for (;;) {
    const stage = canary.stages[current.stage];
    if (stage === undefined || current.stage >= last) return current;
    if (!isComplete(stage, current, tally, now)) return current;
    current = { stage: current.stage + 1, since: now, baseline: tally.success };
  }
}

function isComplete(stage: CanaryStage, rollout: Rollout, tally: Tally, now: number): boolean {
  if ("shops" in stage) return tally.success >= stage.shops;
  if (tally.success - rollout.baseline >= STAGE_SUCCESSES) return true;
  return tally.success > 0 && tally.inFlight === 0 && now - rollout.since >= STAGE_PATIENCE_MS;
}

export interface AdmissionFacts {
  status: ReleaseStatus;
  /** The manifest's expiry has passed. */
  expired: boolean;
  rollout: Rollout;
  tally: Tally;
  canary: Canary;
  /** Stable place of this plugin for this version in [0, 100). */
  place: number;
  /** This attempt has its slot already, has given it back, or never took one. */
  slot: "open" | "finished" | "none";
}

/** May this attempt have the release? A slot once taken stays, but a release that is not active goes to nobody. */
export function admission(facts: AdmissionFacts): Admission {
  const { status, rollout, tally, canary, place, slot } = facts;
  const stage = canary.stages[rollout.stage];
  const name = stage === undefined ? "none" : stageName(stage);
  const answer = (admitted: boolean, observed: string, bound: string): Admission => ({
    admitted,
    status,
    stage: name,
    observed,
    bound,
  });
  if (status !== "active") return answer(false, `the release is ${status}`, "active");
  if (facts.expired) return answer(false, "the manifest has expired", "not expired");
  if (slot === "open") return answer(true, "holds a slot", "a slot");
  if (slot === "finished") return answer(false, "the attempt has finished", "an attempt under way");
  if (tally.inFlight >= canary.in_flight) {
    return answer(false, `${tally.inFlight} in flight`, `fewer than ${canary.in_flight} in flight`);
  }
  if (stage === undefined) return answer(false, "no stage", "a stage");
  if ("shops" in stage) {
    const taken = tally.inFlight + tally.success;
    return answer(taken < stage.shops, `${taken} in flight or healed`, `fewer than ${stage.shops}`);
  }
  return answer(place < stage.percent, `place ${place.toFixed(1)}`, `below ${stage.percent}`);
}

/** The first abort rule that the finished attempts break; null when none is broken. */
export function breachedRule(tally: Tally, rules: readonly AbortRule[]): AbortRule | null {
  const finished = tally.success + tally.rolled_back + tally.failed + tally.inconclusive;
  const broken = rules.find((rule) => {
    const failures = rule.failure === "any" ? tally.rolled_back + tally.failed : tally[rule.failure];
    return finished >= rule.min_finished && failures > 0 && (failures / finished) * 100 >= rule.percent;
  });
  return broken ?? null;
}

export function stageName(stage: CanaryStage): string {
  return "shops" in stage ? `first ${stage.shops} shops` : `${stage.percent} % of shops`;
}
