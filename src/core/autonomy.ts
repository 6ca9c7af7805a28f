/**
 * Pure: the autonomy budget. An error budget (Beyer et al., "Site Reliability Engineering", chapter 3) on what was done
 * without a person: spent, it downgrades automatic healing to approval only, until better outcomes push the bad ones out
 * of the window.
 */
import type { Outcome } from "../contract/decision.ts";

/** The company's goals: success above 95 %, rollbacks below 2 %. */
export const MIN_SUCCESS_SHARE = 0.95;
export const MAX_ROLLBACK_SHARE = 0.02;
/** Fewer finished attempts prove nothing. */
export const MIN_FINISHED = 20;
/** The window: the newest attempts, none older than a week. */
export const WINDOW_ATTEMPTS = 200;
export const WINDOW_MS = 7 * 86_400_000;

export interface Autonomy {
  state: "normal" | "degraded";
  explanation: string;
}

/** Judges the outcomes inside the window. */
export function judgeAutonomy(outcomes: readonly Outcome[]): Autonomy {
  const finished = outcomes.length;
  if (finished < MIN_FINISHED) {
    return { state: "normal", explanation: `${finished} finished attempts, too few to judge` };
  }
  const share = (outcome: Outcome) => outcomes.filter((o) => o === outcome).length / finished;
  const rolledBack = share("rolled_back");
  const success = share("success");
  const figures = `${percent(success)} success and ${percent(rolledBack)} rolled back of ${finished}`;
  if (rolledBack > MAX_ROLLBACK_SHARE || success < MIN_SUCCESS_SHARE) {
    return {
      state: "degraded",
      explanation: `${figures}; the budget allows ${percent(MAX_ROLLBACK_SHARE)} rolled back and asks for ${percent(MIN_SUCCESS_SHARE)} success`,
    };
  }
  return { state: "normal", explanation: figures };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
