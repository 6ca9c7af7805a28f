/**
 * Errors per request by Bernoulli CUSUM, against a healthy level that is learned per plugin within bounds and frozen while the
 * detector is half way up or further: an outage must not become the norm. Pure.
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

export interface ErrorRatio {
  cusum: Cusum;
  /** Learned share of requests with an error, and the requests behind it (capped at its memory). */
  share: number;
  requests: number;
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
  const { floor, ceiling, unlearned, margin, oddsRatio, enter, leave, cap, maxGain } = ERROR_RATIO;
  const healthy = ratioLearned(state) ? Math.min(ceiling, Math.max(floor, margin * state.share)) : unlearned;
  const odds = (oddsRatio * healthy) / (1 - healthy);
  return { healthy, failing: odds / (1 + odds), enter, leave, cap, maxGain };
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
  const frozen = cusum.firing || cusum.sum >= ERROR_RATIO.enter / 2;
  if (frozen || requests === 0) return { ...state, cusum };
  const known = Math.min(state.requests + requests, ERROR_RATIO.memoryRequests);
  const weight = Math.min(1, requests / known);
  const share = state.share + weight * (batch.failures / batch.trials - state.share);
  return { cusum, share: Math.round(share * 1e6) / 1e6, requests: known };
}

export function ratioShare(state: ErrorRatio): number | null {
  return failureShare(state.cusum);
}
