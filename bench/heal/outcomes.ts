/** Shares of attempts that succeeded, went back or only seemed to succeed, and how long faults went unseen. */
import { share } from "./figures.ts";
import { finished, isSuccess } from "./measures.ts";
import type { AttemptSeen, FaultSeen } from "./observe.ts";

/** From so many webhooks an hour on, at the time of the fault, detection is promised within two minutes. */
export const BUSY = 60;
const MINUTE_MS = 60_000;

export function outcomes(attempts: readonly AttemptSeen[]) {
  const done = attempts.filter(finished);
  const applied = done.filter(
    ({ entered, status }) => entered.verifying !== undefined || status === "success",
  );
  return {
    begun: attempts.length,
    success: share(done.filter(isSuccess).length, done.length),
    rollback: share(
      applied.filter(({ status }) => status === "rolled_back" || status === "rollback_failed").length,
      applied.length,
    ),
    falseSuccess: share(applied.filter(({ falseSuccess }) => falseSuccess).length, applied.length),
  };
}

export function detectionMinutes(faults: readonly FaultSeen[]): number[] {
  return faults.flatMap(({ at, detectedAt }) => (detectedAt === null ? [] : [(detectedAt - at) / MINUTE_MS]));
}
