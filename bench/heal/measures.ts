/** What counts as what: an attempt that ended, a success, harm, a minor fault, the stages of a repair. */
import type { AttemptSeen, FaultSeen } from "./observe.ts";
import { releaseOf } from "./world.ts";

const MINUTE_MS = 60_000;
/** The dead-man, a relapse in the bake and its taking back are over by then. */
const RESTORED_WITHIN_MS = 120 * MINUTE_MS;

const OPEN: ReadonlySet<string> = new Set([
  "pending",
  "awaiting_approval",
  "staging",
  "applying",
  "verifying",
  "rolling_back",
]);

export function ended({ status }: AttemptSeen): boolean {
  return !OPEN.has(status);
}

/** Handed to a shop, over, and no taking back. */
export function finished(attempt: AttemptSeen): boolean {
  return ended(attempt) && attempt.handedOverAt !== null && !attempt.reverts;
}

/** By the truth: a success of a shop that is not well is none. */
export function isSuccess(attempt: AttemptSeen): boolean {
  return attempt.status === "success" && !attempt.falseSuccess;
}

export function harmed(attempts: readonly AttemptSeen[]) {
  const reached = attempts.filter(({ handedOverAt }) => handedOverAt !== null);
  const worse = reached.filter(({ madeWorse }) => madeWorse);
  const left = worse.filter(
    ({ handedOverAt, restoredAt, restoredBy }) =>
      restoredAt === null || restoredBy === "person" || restoredAt - (handedOverAt ?? 0) > RESTORED_WITHIN_MS,
  );
  const reversible = ({ subject }: AttemptSeen): boolean => releaseOf(subject)?.reversible ?? true;
  return {
    touched: reached.filter(({ wasHealthy }) => wasHealthy).length,
    worse: worse.length,
    healthy: left.filter(({ wasHealthy }) => wasHealthy).length,
    faulty: left.filter((attempt) => !attempt.wasHealthy && reversible(attempt)).length,
    irreversible: left.filter((attempt) => !attempt.wasHealthy && !reversible(attempt)).length,
  };
}

type Pick = (fault: FaultSeen, attempt: AttemptSeen) => boolean;

/** One shop's own fault, mended by a setting, a subscription or a patch-level release. */
export function isMinor(fault: FaultSeen, attempt: AttemptSeen): boolean {
  return fault.kind !== "regression" && fault.kind !== "transient" && attempt.action !== "rollback";
}

/** Faults that Vigie mended and that were detected, with the attempt that did it. */
function repairs(faults: readonly FaultSeen[], attempts: readonly AttemptSeen[], pick: Pick) {
  const byId = new Map(attempts.map((attempt) => [attempt.id, attempt]));
  return faults.flatMap((fault) => {
    const attempt = fault.attempt === null ? undefined : byId.get(fault.attempt);
    const { detectedAt, endedBy } = fault;
    if (attempt?.status !== "success" || endedBy !== "vigie" || detectedAt === null || !pick(fault, attempt))
      return [];
    return [{ fault, attempt, detectedAt, doneAt: attempt.entered.success ?? 0 }];
  });
}

/** From detection to the verdict that all is well. */
export function repairMinutes(
  faults: readonly FaultSeen[],
  attempts: readonly AttemptSeen[],
  pick: Pick,
): number[] {
  return repairs(faults, attempts, pick).map(({ detectedAt, doneAt }) => (doneAt - detectedAt) / MINUTE_MS);
}

export const STAGES = [
  "detect",
  "decide",
  "gate and slot",
  "staging",
  "hand-over",
  "apply",
  "verify",
  "detection to repair",
] as const;
type Stage = (typeof STAGES)[number];

export function stageMinutes(
  faults: readonly FaultSeen[],
  attempts: readonly AttemptSeen[],
  pick: Pick,
): Record<Stage, number | null>[] {
  return repairs(faults, attempts, pick).map(({ fault, attempt, detectedAt, doneAt }) => {
    const { createdAt, entered, handedOverAt } = attempt;
    const between = (from: number | null | undefined, to: number | null | undefined): number | null =>
      from == null || to == null ? null : (to - from) / MINUTE_MS;
    return {
      detect: between(fault.at, detectedAt),
      decide: between(detectedAt, createdAt),
      "gate and slot": between(createdAt, entered.staging ?? entered.applying),
      staging: between(entered.staging ?? entered.applying, entered.applying),
      "hand-over": between(entered.applying, handedOverAt),
      apply: between(handedOverAt, entered.verifying),
      verify: between(entered.verifying, doneAt),
      "detection to repair": between(detectedAt, doneAt),
    };
  });
}
