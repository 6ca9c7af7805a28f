/**
 * A circuit breaker (M. Nygard, Release It!, chapter 5): after some failures in a row the peer is left alone for a
 * while, then one call tries again. The transitions are pure; `createBreaker` holds one state for one isolate.
 */

export type BreakerState =
  | { kind: "closed"; failures: number }
  | { kind: "open"; until: number }
  /** One call is under way as a trial; everybody else is refused until it settles or `until` has passed. */
  | { kind: "half-open"; until: number };

export interface BreakerTuning {
  /** Failures in a row that open it. */
  threshold: number;
  /** How long the peer is left alone, and how long a trial may take before another is allowed. */
  openMs: number;
}

/** Five: a single lost packet is no outage. Thirty seconds: about one decision in a healing, not the whole healing. */
const DEFAULT_TUNING: BreakerTuning = { threshold: 5, openMs: 30_000 };
export const CLOSED: BreakerState = { kind: "closed", failures: 0 };

/** May a call be made at `now` (ms)? The next state must be kept either way. */
export function permit(
  state: BreakerState,
  now: number,
  tuning: BreakerTuning,
): { allowed: boolean; next: BreakerState } {
  if (state.kind === "closed") return { allowed: true, next: state };
  if (now < state.until) return { allowed: false, next: state };
  return { allowed: true, next: { kind: "half-open", until: now + tuning.openMs } };
}

/** The state after a permitted call has ended. */
export function settled(
  state: BreakerState,
  success: boolean,
  now: number,
  tuning: BreakerTuning,
): BreakerState {
  if (success) return CLOSED;
  const open: BreakerState = { kind: "open", until: now + tuning.openMs };
  switch (state.kind) {
    case "closed":
      return state.failures + 1 >= tuning.threshold ? open : { kind: "closed", failures: state.failures + 1 };
    case "half-open":
      return open;
    // A straggler that began before it opened says nothing new.
    case "open":
      return state;
    default:
      return state satisfies never;
  }
}

export interface Breaker {
  permit(now: number): boolean;
  settle(success: boolean, now: number): void;
}

export function createBreaker(tuning: BreakerTuning = DEFAULT_TUNING): Breaker {
  let state: BreakerState = CLOSED;
  return {
    permit(now) {
      const { allowed, next } = permit(state, now, tuning);
      state = next;
      return allowed;
    },
    settle(success, now) {
      state = settled(state, success, now, tuning);
    },
  };
}
