/** What follows for the detectors when a person says that a trouble is over. Pure. */
import type { IncidentType } from "../../contract/incident.ts";
import type { DetectionState } from "./detection.ts";
import { resetErrorSpike } from "./error-spike.ts";
import { resetFreshCounts } from "./new-error.ts";
import { resetWebhookFailure } from "./webhook-failure.ts";

/**
 * What was seen of this signal until now is settled: only what is seen from now on counts, or the memory of the trouble would raise it
 * again with the next beat. Learned levels stay. A subscription is reported as it is, and a silence has its own rule.
 */
export function settleSignal(state: DetectionState, type: IncidentType, now: number): DetectionState {
  switch (type) {
    case "webhook_fail_rate":
      return { ...state, webhooks: resetWebhookFailure(state.webhooks) };
    case "error_spike":
      return { ...state, errors: resetErrorSpike(state.errors, now) };
    case "new_error":
      return { ...state, newErrors: resetFreshCounts(state.newErrors, now) };
    case "webhook_disabled":
    case "heartbeat_missed":
      return state;
    default:
      return type satisfies never;
  }
}
