/** Pure: what the built-in decision service remembers of one fix for one signature. */
import type { FeedbackRequest, Outcome } from "../../contract/decision.ts";

/** Outcomes of one (signature, action, version). */
export interface FixRecord {
  successes: number;
  failures: number;
}

export const NO_RECORD: FixRecord = { successes: 0, failures: 0 };

/** The key of a fix: what was done, and to which version. */
export function fixKey(action: string, version: string | undefined): string {
  return version === undefined ? action : `${action}@${version}`;
}

export function fixKeyOf(feedback: FeedbackRequest): string {
  return fixKey(feedback.action, feedback.target_version);
}

/** Adds one finished attempt. An inconclusive health check teaches nothing about the fix. */
export function learnOutcome(record: FixRecord, outcome: Outcome): FixRecord {
  switch (outcome) {
    case "success":
      return { ...record, successes: record.successes + 1 };
    case "rolled_back":
    case "failed":
      return { ...record, failures: record.failures + 1 };
    case "inconclusive":
      return record;
    default:
      return outcome satisfies never;
  }
}
