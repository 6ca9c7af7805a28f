/**
 * Severity of an incident, from its type and magnitude. Pure.
 * Fixed ones: a missed heartbeat is high (payments may have stopped, nobody can see); disabled webhooks are high (every order
 * notification is lost until somebody turns them on); a new error is medium (a strong hint at the release, not yet a loss).
 */
import type { Severity } from "../../contract/ids.ts";
import { ERROR_SEVERITY, WEBHOOK_SEVERITY } from "./detection-tuning.ts";

export const HEARTBEAT_MISSED_SEVERITY: Severity = "high";
export const WEBHOOK_DISABLED_SEVERITY: Severity = "high";
export const NEW_ERROR_SEVERITY: Severity = "medium";

/** `share` of webhooks that failed, 0 to 1. */
export function webhookSeverity(share: number): Severity {
  return graded(share, WEBHOOK_SEVERITY);
}

/** How many times its bound the error level is. */
export function errorSeverity(timesBound: number): Severity {
  return graded(timesBound, ERROR_SEVERITY);
}

function graded(x: number, upTo: { low: number; medium: number; high: number }): Severity {
  if (x < upTo.low) return "low";
  if (x < upTo.medium) return "medium";
  return x < upTo.high ? "high" : "critical";
}
