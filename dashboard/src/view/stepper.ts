/** Pure. An attempt as a row of steps: what is done, what runs, where it ended. */
import type { Attempt, AttemptStatus } from "../../../src/contract/attempt.ts";
import { answersToBegin } from "./question.ts";

export const STEPS = ["pending", "approval", "staging", "applying", "verifying", "verdict"] as const;
export type StepName = (typeof STEPS)[number];
export type StepState = "done" | "current" | "waiting" | "skipped" | "failed";
export interface Step {
  name: StepName;
  state: StepState;
  /** When the step ended, or began when it is the current one. */
  at: string | null;
}

/** The step an attempt in flight is at. */
const CURRENT: Partial<Record<AttemptStatus, StepName>> = {
  pending: "pending",
  awaiting_approval: "approval",
  staging: "staging",
  applying: "applying",
  verifying: "verifying",
  rolling_back: "verdict",
};

/** The steps of an attempt. One that ended early failed where its time stamps stop. */
export function stepsOf(attempt: Attempt): Step[] {
  const current = CURRENT[attempt.status];
  const endedAt = current === undefined && attempt.status !== "success" ? endOf(attempt) : undefined;
  const here = current ?? endedAt ?? "verdict";
  const index = STEPS.indexOf(here);
  return STEPS.map((name, i) => ({ name, state: stateOf(name, i), at: timeOf(attempt, name) }));

  function stateOf(name: StepName, i: number): StepState {
    if (name === "approval" && attempt.approvals_needed === 0 && here !== "approval") return "skipped";
    if (i < index) return "done";
    if (i > index) return endedAt === undefined ? "waiting" : "skipped";
    if (current !== undefined) return "current";
    return attempt.status === "success" ? "done" : "failed";
  }
}

/** Where an attempt that did not succeed came to its end. */
function endOf(attempt: Attempt): StepName {
  if (attempt.status === "rejected") return "approval";
  if (attempt.status === "rolled_back" || attempt.status === "rollback_failed") return "verdict";
  if (attempt.executed_at !== null) return "verifying";
  if (attempt.handed_over_at !== null || attempt.staged_at !== null) return "applying";
  if (attempt.staging !== null) return "staging";
  return attempt.approvals_needed > 0 ? "approval" : "pending";
}

function timeOf(attempt: Attempt, name: StepName): string | null {
  switch (name) {
    case "pending":
      return attempt.created_at;
    case "approval":
      return answersToBegin(attempt).at(-1)?.at ?? null;
    case "staging":
      return attempt.staged_at;
    case "applying":
      return attempt.executed_at ?? attempt.handed_over_at;
    case "verifying":
      return attempt.health?.at ?? null;
    case "verdict":
      return attempt.rolled_back_at ?? attempt.finished_at;
    default:
      return name satisfies never;
  }
}

export type Watch =
  /** The health check runs; `share` of its time has passed, in [0, 1]. */
  | { phase: "watching"; leftS: number; share: number }
  /** The time is up without a verdict: watched on until `leftS` more seconds have passed. */
  | { phase: "watching-on"; leftS: number; share: number }
  /** Still inconclusive: a person is asked, and has `leftS` seconds to answer. */
  | { phase: "asked"; leftS: number }
  | { phase: "overdue" };

/** The state of the health check at `now` (milliseconds since epoch); null unless the attempt is being verified. */
export function watchOf(
  attempt: Attempt,
  now: number,
  intervals: { verify_s: number; verify_limit_s: number },
): Watch | null {
  if (attempt.status !== "verifying" || attempt.executed_at === null) return null;
  if (attempt.asked_until) {
    const leftS = Math.ceil((Date.parse(attempt.asked_until) - now) / 1000);
    return leftS > 0 ? { phase: "asked", leftS } : { phase: "overdue" };
  }
  const passedS = Math.max(0, (now - Date.parse(attempt.executed_at)) / 1000);
  if (passedS < intervals.verify_s) return phase("watching", passedS, intervals.verify_s);
  if (passedS < intervals.verify_limit_s) return phase("watching-on", passedS, intervals.verify_limit_s);
  return { phase: "overdue" };
}

function phase(name: "watching" | "watching-on", passedS: number, limitS: number): Watch {
  return { phase: name, leftS: Math.ceil(limitS - passedS), share: passedS / limitS };
}
