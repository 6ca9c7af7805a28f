/**
 * What must hold after every step, as named checks over one observed step: for the tests and the simulator, never for production.
 * Each says in words how it is broken, or null. Pure.
 */
import { ATTEMPT_CHECKS } from "./invariants/attempt-checks.ts";
import { COMMAND_CHECKS } from "./invariants/command-checks.ts";
import { INCIDENT_CHECKS } from "./invariants/incident-checks.ts";
import type { Check, ObservedStep } from "./invariants/observed-step.ts";
import { RECORD_CHECKS } from "./invariants/record-checks.ts";

export type { ObservedStep } from "./invariants/observed-step.ts";
export { STATE_LIMIT_BYTES } from "./invariants/record-checks.ts";

/** By name; a number is that of the invariant in ARCHITECTURE.md which the check watches within one plugin. */
export const INVARIANTS: Readonly<Record<string, Check>> = {
  ...ATTEMPT_CHECKS,
  ...COMMAND_CHECKS,
  ...INCIDENT_CHECKS,
  ...RECORD_CHECKS,
};

/** The names of the invariants that this step broke, each with how. */
export function brokenInvariants(seen: ObservedStep): string[] {
  const broken: string[] = [];
  for (const [name, check] of Object.entries(INVARIANTS)) {
    const how = check(seen);
    if (how !== null) broken.push(`${name}: ${how}`);
  }
  return broken;
}
