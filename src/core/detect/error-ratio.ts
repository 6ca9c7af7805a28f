/**
 * Errors per request by Bernoulli CUSUM, against a healthy level and a scatter (error-spread.ts) that are learned per plugin within
 * bounds, from blocks of requests: what comes while the detector is up is learned only if it turns out to be nothing, for an
 * outage must not become the norm. Pure.
 */
import {
  type BernoulliTest,
  type Cusum,
  failureShare,
  newCusum,
  resetCusum,
  updateCusum,
} from "./bernoulli-cusum.ts";
import { ERROR_RATIO } from "./detection-tuning.ts";
import { type ErrorSpread, observeSpread, spreadFactor } from "./error-spread.ts";

export interface ErrorRatio {
  cusum: Cusum;
  /** Learned share of requests with an error, and the requests behind it (capped at its memory). */
  share: number;
  requests: number;
  /** Absent in states stored before it was learned, and until requests were counted. */
  spread?: ErrorSpread;
}

export function newErrorRatio(): ErrorRatio {
  return { cusum: newCusum(), share: 0, requests: 0 };
}

export function resetErrorRatio(state: ErrorRatio): ErrorRatio {
  return { ...state, cusum: resetCusum(state.cusum) };
}

export function ratioLearned(state: ErrorRatio): boolean {
  return state.requests >= ERROR_RATIO.minRequests;
}

/** The test in force: follows the learned level. */
export function ratioTest(state: ErrorRatio): BernoulliTest {
  const { floor, ceiling, margin, oddsRatio, enter, leave, cap, gainPerBeat, leastGain } = ERROR_RATIO;
  const healthy = Math.min(ceiling, Math.max(floor, margin * usualErrorShare(state)));
  const odds = (oddsRatio * healthy) / (1 - healthy);
  const spread = spreadFactor(state.spread);
  const maxGain = Math.max(leastGain, gainPerBeat / spread);
  return { healthy, failing: odds / (1 + odds), enter, leave, cap, maxGain, spread };
}

/** Share of requests with an error in health: learned, less and less mixed with what is assumed at first. */
export function usualErrorShare({ share, requests }: ErrorRatio): number {
  const { assumed, minRequests } = ERROR_RATIO;
  return (share * requests + assumed * minRequests) / (requests + minRequests);
}

/** One request can log several errors, so errors count as at most one per request; without requests each is its own trial. */
export function observeRatio(
  state: ErrorRatio,
  requests: number,
  errors: number,
  now: number,
  since: number = now,
): ErrorRatio {
  const batch =
    requests > 0
      ? { trials: requests, failures: Math.min(errors, requests), since }
      : { trials: errors, failures: errors, since };
  if (batch.trials === 0) return state;
  const cusum = updateCusum(state.cusum, batch, ratioTest(state), now);
  if (requests === 0) return { ...state, cusum };
  const mode = cusum.firing ? "drop" : cusum.sum > ERROR_RATIO.leave ? "hold" : "learn";
  const { spread, learned } = observeSpread(state.spread, batch, usualErrorShare(state), mode);
  if (learned === null) return { ...state, cusum, spread };
  const known = Math.min(state.requests + learned.requests, ERROR_RATIO.memoryRequests);
  const weight = Math.min(1, learned.requests / known);
  const share = state.share + weight * (learned.errors / learned.requests - state.share);
  return { cusum, share: Math.round(share * 1e6) / 1e6, requests: known, spread };
}

export function ratioShare(state: ErrorRatio): number | null {
  return failureShare(state.cusum);
}
