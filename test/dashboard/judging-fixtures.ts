/** Valid answers of the contract that judge before anything happens: back-test, shadow decisions, the dry run of the kill switch. */
import type { BacktestReply } from "../../src/contract/backtest.ts";
import type { KillPreview } from "../../src/contract/guard.ts";
import type { ShadowDecision } from "../../src/contract/shadow.ts";
import { aDecision, anAttempt, at, attemptId, incidentId, PLUGIN_ID } from "./fixtures.ts";

/** `text` stands for what a stranger wrote. */
export function aBacktestReply(text: string, over: Partial<BacktestReply> = {}): BacktestReply {
  const item = {
    merchant_id: "merchant-7",
    at: at(-3600),
    severity: "high",
    action: "patch",
    target_version: "1.2.3",
    why: text,
  } as const;
  return {
    from: at(-604_800),
    until: at(0),
    days: 7,
    truncated: true,
    incidents: 5000,
    without_attempt: 12,
    replayed: 40,
    not_replayable: { without_facts: 3, by_people: 2 },
    changed: 2,
    was: { automatic: 30, approval: 10 },
    would: { automatic: 31, approval: 8, forbidden: 1 },
    by_rule: [
      { rule: "mute", forbids: 0, asks: 0 },
      { rule: "max_severity", forbids: 0, asks: 8 },
      { rule: "min_confidence", forbids: 1, asks: 0 },
    ],
    would_be_automatic_ended: { success: 29, open: 2 },
    moves: [
      { was: "approval", would: "automatic", count: 1, ended: { success: 1 } },
      { was: "approval", would: "forbidden", count: 1, ended: { same_fix: 1 } },
    ],
    items: [
      {
        ...item,
        id: attemptId(3),
        incident_id: incidentId(5),
        was: "approval",
        would: "forbidden",
        rule: "min_confidence",
        approvals_needed: 0,
        ended: "rolled_back",
      },
      {
        ...item,
        id: "shd_1",
        incident_id: incidentId(2),
        was: "shadow",
        would: "approval",
        rule: null,
        approvals_needed: 2,
        ended: "same_fix",
      },
    ],
    unknown: [text],
    ...over,
  };
}

export function aShadowDecision(text: string, over: Partial<ShadowDecision> = {}): ShadowDecision {
  return {
    id: "shd_1",
    revision: 1,
    incident_id: incidentId(2),
    plugin_id: PLUGIN_ID,
    merchant_id: "merchant-7",
    product: "molam-woo",
    action: "patch",
    from_version: "1.2.2",
    target_version: "1.2.3",
    decision: aDecision({ explanation: text }),
    would: "go",
    why: null,
    approvals_needed: 0,
    gate: anAttempt().gate,
    gate_facts: {
      at: at(0),
      type: "error_spike",
      flapping: false,
      severity: "medium",
      action: "patch",
      step: "patch",
      confidence: 0.86,
      automatic: true,
      takes_back: false,
      approvals: 0,
      excluded: false,
      attempts_today: 0,
      since_failure_ms: null,
      admission: null,
      guard: { storm: false, autonomy: "normal", actions_last_hour: 0 },
    },
    policy_revision: 3,
    at: at(0),
    outcome: null,
    outcome_text: null,
    outcome_at: null,
    ...over,
  };
}

export function aKillPreview(over: Partial<KillPreview> = {}): KillPreview {
  const attempt = {
    plugin_id: PLUGIN_ID,
    merchant_id: "merchant-7",
    product: "molam-woo",
    action: "patch",
    version: "1.2.3",
    at: at(0),
  } as const;
  return {
    engaged: false,
    text: "No command leaves any more.",
    counts: { waiting: 4, handed_over: 2, watched: 1 },
    attempts: [
      { ...attempt, attempt_id: attemptId(1), phase: "waiting" },
      { ...attempt, attempt_id: attemptId(2), phase: "handed_over" },
      { ...attempt, attempt_id: attemptId(3), phase: "applied", version: null },
    ],
    ...over,
  };
}
