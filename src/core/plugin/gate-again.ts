/**
 * Waiting never disarms a guard: for people, for staging, for the shop's next beat. An attempt that waits is held against every
 * rule again each minute, and at once when the policy as last read stops everything.
 */
import type { Draft } from "./draft.ts";
import { type AttemptState, inShopsHands } from "./state.ts";
import { GATE_AGAIN_MS } from "./tuning.ts";
import { startWork } from "./work.ts";

/** Sees to it that the gate is asked again; an earlier time that is set stays. */
export function gateAgain(draft: Draft, attempt: AttemptState, waitMs = GATE_AGAIN_MS): void {
  const attemptId = attempt.row.id;
  if (inShopsHands(attempt) || draft.state.work.some((work) => work.kind === "gate")) return;
  startWork(draft, { kind: "gate", attemptId }, draft.now + waitMs);
}

/** What was read of the policy is a hint only, and may be a minute old: the authority itself is asked now. */
export function hurryGate(draft: Draft): void {
  const { policy, state, now } = draft;
  if (!policy.kill_switch && policy.mode !== "off" && policy.mode !== "shadow") return;
  for (const work of state.work) if (work.kind === "gate") work.notBefore = Math.min(work.notBefore, now);
}
