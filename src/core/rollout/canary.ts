/**
 * Pure: who may have a release now, and when it is halted. The same for a remedy.
 *
 * Stages are walked in order, never back; earlier ones stay open.
 * - By shops: at most N places. A shop under way, healed or failed holds one, so that a bad release reaches N shops and no
 *   more; a place is free again when the attempt was cancelled, a person has acknowledged the failure, or a hold explains
 *   it. Complete when every place has ended and its successes, one at least, have baked.
 * - By share: shops whose stable hash of plugin and version falls below it; by merchants: theirs. Complete after
 *   `STAGE_SUCCESSES` further baked successes (or the plan's own number). A stage of the policy may have too few shops for
 *   that: it is also complete when `STAGE_PATIENCE_MS` have passed since it opened, nothing is in flight, every success, one
 *   at least, has baked, and nothing has ended otherwise since. A plan's wave is never complete by time.
 * - The next stage also waits for its own date. The last stage stays. A stage opens when somebody asks for it, so that a
 *   failure which comes before that still counts.
 * A success is baked when the stage's bake time has passed since without a relapse; a relapse is a failure.
 * Abort rules follow AWS IoT jobs (AbortConfig: failure type, threshold percentage, minimum number of executed things).
 */
import type { Outcome } from "../../contract/decision.ts";
import type { AbortRule } from "../../contract/policy.ts";
import type { ReleaseStatus } from "../../contract/release.ts";
import type { Admission } from "../../contract/rpc/release.ts";
import type { Course, Stage } from "./rollout-course.ts";

export const STAGE_SUCCESSES = 5;
/** As long as the goal for the repair of a minor fault: a waiting shop is not held back for longer per stage. */
export const STAGE_PATIENCE_MS = 600_000;

/** Where a release stands on its way through the stages. */
export interface Rollout {
  /** Index into the course's stages. */
  stage: number;
  /** When the stage was opened, ms since epoch. */
  since: number;
  /** Successes, baked or not, when the stage was opened. */
  baseline: number;
}

/** How attempts ended; a success that came back is `relapsed`. Cancelled ones do not count. */
export interface Tally {
  inFlight: number;
  success: number;
  rolled_back: number;
  failed: number;
  inconclusive: number;
  relapsed: number;
}
export type SlotOutcome = Outcome | "relapsed";

export const EMPTY_TALLY: Tally = {
  inFlight: 0,
  success: 0,
  rolled_back: 0,
  failed: 0,
  inconclusive: 0,
  relapsed: 0,
};

export function tallyOutcome(tally: Tally, outcome: SlotOutcome | null, count: number): Tally {
  return outcome === null
    ? { ...tally, inFlight: tally.inFlight + count }
    : { ...tally, [outcome]: tally[outcome] + count };
}

export const failuresOf = (tally: Tally): number => tally.rolled_back + tally.failed + tally.relapsed;
export const finishedOf = (tally: Tally): number => tally.success + tally.inconclusive + failuresOf(tally);

/** What has become of a release so far. */
export interface Progress {
  /** Every attempt. */
  all: Tally;
  /** Those that nobody has acknowledged and no hold explains: what is held against the release. */
  open: Tally;
  /** Successes that finished at or before that instant, in ms since epoch, and have not relapsed. */
  bakedBy(cutoff: number): number;
  /** Of `open`, those that ended otherwise than healed at or after that instant, in ms since epoch; a relapse ends anew. */
  setbacksSince(from: number): number;
}

/** The rollout with every stage left behind that is complete at `now`. */
export function advance(rollout: Rollout, progress: Progress, course: Course, now: number): Rollout {
  const last = course.stages.length - 1;
  let current: Rollout = { ...rollout, stage: Math.min(rollout.stage, last) };
  for (;;) {
    const stage = course.stages[current.stage];
    const next = course.stages[current.stage + 1];
    if (stage === undefined || next === undefined) return current;
    if (stage.notBefore !== null && now < stage.notBefore) return current;
    if (next.notBefore !== null && now < next.notBefore) return current;
    if (!isComplete(stage, current, progress, now)) return current;
    current = { stage: current.stage + 1, since: now, baseline: progress.all.success };
  }
}

function isComplete(stage: Stage, rollout: Rollout, progress: Progress, now: number): boolean {
  const baked = progress.bakedBy(now - stage.bakeMs);
  if (stage.reach.by === "shops") {
    if (stage.successes !== null) return baked >= Math.min(stage.successes, stage.reach.shops);
    const failures = failuresOf(progress.open) + progress.open.inconclusive;
    return baked > 0 && baked + failures >= stage.reach.shops;
  }
  if (baked - rollout.baseline >= (stage.successes ?? STAGE_SUCCESSES)) return true;
  if (!stage.byTime || now - rollout.since < STAGE_PATIENCE_MS) return false;
  const { success, inFlight } = progress.all;
  return success > 0 && baked === success && inFlight === 0 && progress.setbacksSince(rollout.since) === 0;
}

/** Places of a stage by shops that are taken. */
export function placesTaken({ all, open }: Pick<Progress, "all" | "open">): number {
  return all.inFlight + all.success + open.inconclusive + failuresOf(open);
}

export interface AdmissionFacts {
  status: ReleaseStatus;
  /** The manifest's expiry has passed. */
  expired: boolean;
  /** The class of environments that is kept from it, this shop's; null when it is not. */
  held: string | null;
  /** The product's floor when the version lies below it; null otherwise. */
  belowFloor: string | null;
  rollout: Rollout;
  progress: Pick<Progress, "all" | "open">;
  course: Course;
  /** Stable place of this plugin for this version in [0, 100). */
  place: number;
  merchantId: string | null;
  /** This attempt has its slot already, has given it back, or never took one. */
  slot: "open" | "finished" | "none";
  /** A way back to this version, apart from its rollout. */
  wayBack: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * May this attempt have the release? A slot once taken stays, also while the release is paused; one that is halted, blocked,
 * expired, held or below the floor goes to nobody.
 */
export function admission(facts: AdmissionFacts): Admission {
  const { status, slot } = facts;
  const barred = barredBy(facts);
  if (barred !== null) return { admitted: false, stage: nameOf(facts), ...barred };
  const answer = (admitted: boolean, observed: string, bound: string): Admission => ({
    admitted,
    status,
    stage: facts.wayBack ? "way back" : nameOf(facts),
    observed,
    bound,
  });
  if (facts.wayBack) return answer(true, "waits for no stage", "not halted, blocked or held");
  if (slot === "open") return answer(true, "holds a slot", "a slot");
  if (slot === "finished") return answer(false, "the attempt has finished", "an attempt under way");
  if (status === "paused") return { ...answer(false, "the release is paused", "not paused"), paused: true };
  return newcomer(facts, answer);
}

function barredBy(facts: AdmissionFacts): Pick<Admission, "status" | "observed" | "bound"> | null {
  const { status, held, belowFloor } = facts;
  if (status === "halted" || status === "blocked")
    return { status, observed: `the release is ${status}`, bound: "active" };
  if (belowFloor !== null)
    return { status: "below_floor", observed: "below the floor", bound: `at least ${belowFloor}` };
  if (held !== null) return { status: "held", observed: `held for ${held}`.slice(0, 200), bound: "not held" };
  if (facts.expired) return { status: "expired", observed: "the manifest has expired", bound: "not expired" };
  return null;
}

function newcomer(
  facts: AdmissionFacts,
  answer: (admitted: boolean, observed: string, bound: string) => Admission,
): Admission {
  const { progress, course, rollout, now } = facts;
  const { inFlight } = progress.all;
  if (inFlight >= course.inFlight)
    return answer(false, `${inFlight} in flight`, `fewer than ${course.inFlight} in flight`);
  const stage = course.stages[rollout.stage];
  if (stage === undefined) return answer(false, "no stage", "a stage");
  if (stage.notBefore !== null && now < stage.notBefore)
    return answer(false, "has not opened", `from ${new Date(stage.notBefore).toISOString()}`);
  const earlier = course.stages.slice(0, rollout.stage).find((past) => reaches(past, facts));
  if (earlier) return answer(true, `in "${earlier.name}"`, "an open stage");
  const { reach } = stage;
  switch (reach.by) {
    case "shops": {
      const taken = placesTaken(progress);
      return answer(taken < reach.shops, `${taken} places taken`, `fewer than ${reach.shops}`);
    }
    case "percent":
      return answer(reaches(stage, facts), `place ${facts.place.toFixed(1)}`, `below ${reach.percent}`);
    case "merchants":
      return answer(
        reaches(stage, facts),
        facts.merchantId === null ? "merchant not known" : `merchant ${facts.merchantId}`,
        stage.name.slice(0, 150),
      );
    default:
      return reach satisfies never;
  }
}

/** The shop belongs to this stage whatever others have taken; a stage by shops belongs to nobody. */
function reaches({ reach }: Stage, { place, merchantId }: AdmissionFacts): boolean {
  switch (reach.by) {
    case "shops":
      return false;
    case "percent":
      return place < reach.percent;
    case "merchants":
      return merchantId !== null && reach.merchants.includes(merchantId);
    default:
      return reach satisfies never;
  }
}

function nameOf({ course, rollout }: AdmissionFacts): string {
  return course.stages[rollout.stage]?.name ?? "none";
}

/** The first abort rule that the finished attempts break; null when none is broken. */
export function breachedRule(tally: Tally, rules: readonly AbortRule[]): AbortRule | null {
  const finished = finishedOf(tally);
  const broken = rules.find((rule) => {
    const failures = rule.failure === "any" ? failuresOf(tally) : tally[rule.failure];
    return finished >= rule.min_finished && failures > 0 && (failures / finished) * 100 >= rule.percent;
  });
  return broken ?? null;
}
