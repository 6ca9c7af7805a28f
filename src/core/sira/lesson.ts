/**
 * Pure: what one finished attempt teaches, and where it is counted. The places form a tree, each within the one before:
 *
 *     kind  (type of incident, action, step)
 *       fix   (to which version, or which remedy)
 *         move  (from which version)
 *           fault (signature of the incident)
 *             place (class of environment)
 *
 * Nothing fades with time: the file of a version never changes, and what changes around it (platform, runtime, the version before)
 * is part of the place where it is counted. So what is known depends only on which attempts were told, never on when or in which order.
 */
import type { FeedbackRequest, Outcome } from "../../contract/decision.ts";
import type { Action } from "../../contract/ids.ts";
import { environmentClass } from "../rollout/environment-class.ts";
import { stepBetween } from "../semver.ts";

/** Keys of the four counted places, coarse to fine; `kind` is only the parent of its fixes. */
export interface Place {
  kind: string;
  fix: string;
  move: string;
  fault: string;
  place: string;
}

/** The places that carry counts, coarse to fine, each with the one it lies within. */
export const LEVELS = [
  ["fix", "kind"],
  ["move", "fix"],
  ["fault", "move"],
  ["place", "fault"],
] as const;

/** Outcomes of the attempts counted at one place. */
export interface Tally {
  success: number;
  rolled_back: number;
  failed: number;
  inconclusive: number;
}

export const NO_TALLY: Tally = { success: 0, rolled_back: 0, failed: 0, inconclusive: 0 };

export interface Lesson {
  attemptId: string;
  /** The highest revision of an attempt counts. */
  revision: number;
  outcome: Outcome;
  place: Place;
  /** Milliseconds since the epoch. */
  finishedAt: number;
}

export interface Tried {
  type: string;
  signature: string;
  env: Record<string, string>;
  from: string;
  action: Action;
  version?: string | undefined;
  remedy?: string | undefined;
}

/** Where an attempt, or a candidate, belongs. Signatures are a peer's text and stand last, so that no two places share a key. */
export function placeOf(tried: Tried): Place {
  const { type, signature, from, action, version, remedy } = tried;
  const step = version === undefined ? "" : stepBetween(from, version);
  const kind = `kind|${type}|${action}|${action === "patch" ? step : ""}`;
  const fix = `${type}|${action}|${version ?? remedy ?? ""}`;
  const fault = `${fix}|${from}|${signature}`;
  return {
    kind,
    fix: `fix|${fix}`,
    move: `move|${fix}|${from}`,
    fault: `fault|${fault}`,
    place: `place|${environmentClass(tried.env)}|${fault}`,
  };
}

export function lessonOf(feedback: FeedbackRequest): Lesson {
  return {
    attemptId: feedback.attempt_id,
    revision: feedback.revision ?? 1,
    outcome: feedback.outcome,
    finishedAt: Date.parse(feedback.finished_at),
    place: placeOf({
      type: feedback.incident_type ?? typeOf(feedback.signature),
      signature: feedback.signature,
      env: feedback.env,
      from: feedback.from_version,
      action: feedback.action,
      version: feedback.target_version,
      remedy: feedback.remedy,
    }),
  };
}

/** Signatures begin with the type of the incident. */
export function typeOf(signature: string): string {
  return /^[a-z_]+/.exec(signature)?.[0] ?? "";
}

/** One attempt more, or fewer, at a place. */
export interface TallyChange {
  key: string;
  within: string;
  outcome: Outcome;
  by: 1 | -1;
}

/**
 * What telling `lesson` changes when `known` is what was last told of the same attempt: nothing when it is no news, else the
 * older account is taken back and the newer one counted. Told in any order, any number of times, the counts come out the same.
 */
export function tallyChanges(known: Lesson | null, lesson: Lesson): TallyChange[] {
  if (known !== null && known.revision >= lesson.revision) return [];
  return [...(known === null ? [] : changesOf(known, -1)), ...changesOf(lesson, 1)];
}

function changesOf({ place, outcome }: Lesson, by: 1 | -1): TallyChange[] {
  return LEVELS.map(([level, within]) => ({ key: place[level], within: place[within], outcome, by }));
}

/** Never below nothing: a place may have been forgotten since it was counted. */
export function changeTally(tally: Tally, { outcome, by }: Pick<TallyChange, "outcome" | "by">): Tally {
  return { ...tally, [outcome]: Math.max(0, tally[outcome] + by) };
}

export function attemptsIn(tally: Tally): number {
  return tally.success + tally.rolled_back + tally.failed + tally.inconclusive;
}

/** What `whole` has beyond `part`. */
export function without(whole: Tally, part: Tally): Tally {
  return {
    success: Math.max(0, whole.success - part.success),
    rolled_back: Math.max(0, whole.rolled_back - part.rolled_back),
    failed: Math.max(0, whole.failed - part.failed),
    inconclusive: Math.max(0, whole.inconclusive - part.inconclusive),
  };
}

export function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, each) => ({
      success: sum.success + each.success,
      rolled_back: sum.rolled_back + each.rolled_back,
      failed: sum.failed + each.failed,
      inconclusive: sum.inconclusive + each.inconclusive,
    }),
    NO_TALLY,
  );
}

/**
 * An inconclusive check is half a success: it did not show that the fix works, nor that it does not, and it cost a person a look.
 * Leaving it out would make a fix that can never be judged look as good as the ones that can.
 */
export function successesAndFailures(tally: Tally): { successes: number; failures: number } {
  return {
    successes: tally.success + tally.inconclusive / 2,
    failures: tally.rolled_back + tally.failed + tally.inconclusive / 2,
  };
}
