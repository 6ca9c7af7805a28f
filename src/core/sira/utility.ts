/**
 * Pure: what a move is worth, expected over what may come of it (Berger, "Statistical Decision Theory", section 1.5). The unit is one
 * shop healed at once instead of by a person later; giving the incident to a person is worth nothing and costs nothing.
 */
import type { Candidate, DecideRequest } from "../../contract/decision.ts";
import type { Action } from "../../contract/ids.ts";
import { stepBetween } from "../semver.ts";
import { attemptsIn, type Tally } from "./lesson.ts";

/** The shop was changed, disturbed and put back: time lost, and its trust. */
const COST_ROLLED_BACK = 0.4;
/** It did not come to a change that lasted: time lost. */
const COST_FAILED = 0.25;
/** How a failure mostly ends, before anything was seen: as if so many attempts of this share had been rolled back. */
const ROLLED_BACK_BEFORE = { share: 0.7, weight: 4 };
/** A shop was changed that had nothing. */
const COST_NEEDLESS = 1;
/** A person is woken for nothing. */
const COST_WOKEN = 0.2;
/** Nobody did anything about a fault that was one. */
const COST_WAITED = 0.3;
/** The move waits for people first. Less than what the order by reversibility is worth: a way back is not left for want of approval. */
const COST_APPROVAL = 0.01;

/** At equal odds the move that is more easily taken back comes first. */
const COST_OF_MOVE: Partial<Record<Action, number>> = {
  config: 0,
  resubscribe: 0,
  rollback: 0.02,
  patch: 0.04,
};
const COST_OF_STEP = { patch: 0, minor: 0.02, major: 0.03, downgrade: 0 } as const;
/** What cannot be taken back must be much surer. */
const COST_IRREVERSIBLE = 0.15;

export interface Odds {
  /** Chance that the move heals, 0 to 1. */
  heals: number;
  /** Chance that the incident is one to act on, 0 to 1. */
  actionable: number;
}

export function utilityOfMove(
  candidate: Candidate,
  request: DecideRequest,
  odds: Odds,
  outcomes: Tally,
): number {
  const { heals, actionable } = odds;
  const real = heals - (1 - heals) * costOfFailure(outcomes);
  const waits = candidateWaits(candidate, request, heals) ? COST_APPROVAL : 0;
  return actionable * real - (1 - actionable) * COST_NEEDLESS - costOfMove(candidate, request) - waits;
}

export function utilityOfAsking(actionable: number): number {
  return -(1 - actionable) * COST_WOKEN;
}

export function utilityOfWaiting(actionable: number): number {
  return -actionable * COST_WAITED;
}

/** By the policy as the request tells it; nobody waits when it tells nothing. */
export function candidateWaits(candidate: Candidate, request: DecideRequest, heals: number): boolean {
  const { allowed } = request;
  if (allowed === undefined) return false;
  const step = stepOf(candidate, request);
  return (
    !allowed.actions.includes(candidate.action) ||
    heals < allowed.min_confidence ||
    (step !== null && !allowed.steps.includes(step))
  );
}

function stepOf(candidate: Candidate, request: DecideRequest) {
  return candidate.version === undefined
    ? null
    : (candidate.step ?? stepBetween(request.plugin.version, candidate.version));
}

function costOfMove(candidate: Candidate, request: DecideRequest): number {
  const step = stepOf(candidate, request);
  return (
    (COST_OF_MOVE[candidate.action] ?? 0) +
    (step === null ? 0 : COST_OF_STEP[step]) +
    (candidate.reversible === false ? COST_IRREVERSIBLE : 0)
  );
}

/** Between the cost of a rollback and of a plain failure, as this fix has ended where it did not heal. */
function costOfFailure(outcomes: Tally): number {
  const { share, weight } = ROLLED_BACK_BEFORE;
  const ended = attemptsIn(outcomes) - outcomes.success - outcomes.inconclusive;
  const rolledBack = (share * weight + outcomes.rolled_back) / (weight + ended);
  return rolledBack * COST_ROLLED_BACK + (1 - rolledBack) * COST_FAILED;
}
