/** What the browser test and whoever wants to look at the dashboard see: one incident of every kind, one attempt of every kind. */
import type { Attempt } from "../../src/contract/attempt.ts";
import type { Incident } from "../../src/contract/incident.ts";
import { aDecision, anAttempt, anIncident, at, attemptId, HASH, incidentId } from "./fixtures.ts";

/** Text a hostile plugin would send: it must be shown, not obeyed. */
export const HOSTILE = '<img src=x onerror="alert(1)"> \u202Eevil';

/** Times are relative to `now`, so that countdowns run. */
export function aScene(now: number): { incidents: Incident[]; attempts: Attempt[] } {
  const seen = { onset_at: at(-200, now), detected_at: at(-130, now), decided_at: at(-128, now) };
  return {
    incidents: [
      anIncident({ ...seen, id: incidentId(1), status: "healing", severity: "high" }),
      anIncident({ ...seen, id: incidentId(2), status: "healing", type: "new_error", severity: "medium" }),
      anIncident({
        ...seen,
        id: incidentId(3),
        status: "escalated",
        type: "heartbeat_missed",
        cause: "shop_down",
        severity: "critical",
        decision: aDecision({ explanation: HOSTILE, fallback_reason: "SIRA did not answer within 2 s" }),
        signal: {
          ...anIncident().signal,
          type: "heartbeat_missed",
          value: 412,
          bound: 165,
          explanation: HOSTILE,
        },
      }),
      anIncident({
        ...seen,
        id: incidentId(4),
        status: "open",
        type: "error_spike",
        severity: "low",
        reopened: 3,
        flapping: true,
        muted: { by: "amina", reason: HOSTILE, until: at(3600, now) },
      }),
      anIncident({
        ...seen,
        id: incidentId(5),
        status: "resolved",
        resolved_at: at(-10, now),
        resolution: "healed by 1.2.3",
      }),
      anIncident({ ...seen, id: incidentId(6), status: "healing", severity: "medium" }),
    ],
    attempts: [
      anAttempt({
        id: attemptId(1),
        incident_id: incidentId(1),
        status: "awaiting_approval",
        approvals_needed: 1,
        gate: [
          ...anAttempt().gate,
          { rule: "approvals", outcome: "needs_approval", observed: "0 of 1", bound: "1 for high" },
        ],
        created_at: at(-120, now),
      }),
      anAttempt({
        id: attemptId(2),
        incident_id: incidentId(2),
        status: "verifying",
        handover_gate: anAttempt().gate,
        staging: [
          { name: "signatures", ok: true, ms: 3, log: "" },
          { name: "boot", ok: true, ms: 812, log: "listening\nwebhook 200" },
        ],
        created_at: at(-120, now),
        staged_at: at(-100, now),
        handed_over_at: at(-60, now),
        executed_at: at(-20, now),
      }),
      anAttempt({
        id: attemptId(3),
        incident_id: incidentId(5),
        status: "rolled_back",
        reason: "webhook failure rate rose after the patch",
        evidence_hash: HASH,
        health: {
          verdict: "unhealthy",
          rule: "original_signal",
          metric: "failed per webhook",
          value: 0.7,
          bound: 0.2,
          window_s: 45,
          explanation: "14 of 20 webhooks failed after the patch",
          at: at(-30, now),
        },
        created_at: at(-120, now),
        staged_at: at(-110, now),
        handed_over_at: at(-100, now),
        executed_at: at(-90, now),
        rolled_back_at: at(-20, now),
        finished_at: at(-20, now),
      }),
      anAttempt({
        id: attemptId(6),
        incident_id: incidentId(6),
        status: "verifying",
        asked_until: at(600, now),
        health: {
          verdict: "inconclusive",
          rule: "not_enough_evidence",
          metric: "evidence that it is well",
          value: 0.4,
          bound: 4,
          window_s: 900,
          explanation: "Too little was seen since the change. 1 of 1 webhooks delivered.",
          at: at(-30, now),
        },
        created_at: at(-1000, now),
        staged_at: at(-980, now),
        handed_over_at: at(-960, now),
        executed_at: at(-930, now),
      }),
    ],
  };
}
