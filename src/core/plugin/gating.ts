/** What follows from the gate's verdicts for an attempt that is not in the shop's hands yet. */
import type { GateVerdict } from "../../contract/attempt.ts";
import { type GateResult, type GateSubject, gate } from "../policy/gate.ts";
import { snapshotOf } from "../policy/gate-snapshot.ts";
import { moveAttempt } from "./attempts.ts";
import { queueAttemptCommand } from "./command-payload.ts";
import { type Draft, incidentById, note, notify, recordAttempt } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import type { GateFacts } from "./event.ts";
import { gateAgain } from "./gate-again.ts";
import { gateSubject } from "./gate-subject.ts";
import { titleOf } from "./incidents.ts";
import { standDown, waitsOut } from "./stand-down.ts";
import { type AttemptState, type IncidentState, inShopsHands } from "./state.ts";
import { noteStorm } from "./triage.ts";
import { CANARY_RETRY_MS, STAGING_LIMIT_MS } from "./tuning.ts";
import { startWork } from "./work.ts";

/** Facts have arrived for an attempt that is not in the shop's hands yet. */
export function onGateFacts(draft: Draft, facts: GateFacts): void {
  const { state, now } = draft;
  noteStorm(state, facts.guard, now);
  const attempt = state.attempt;
  if (attempt === null || inShopsHands(attempt)) return;
  const incident = incidentById(state, attempt.row.incident_id);
  if (incident === null)
    return endAttempt(draft, attempt, "cancelled", "its incident is closed", { aboutTheFix: false });
  const subject = gateSubject(state, attempt, incident, facts, now);
  const result = gate(facts.policy, subject);
  const passed = attempt.phase.name === "staging" || attempt.phase.name === "applying";
  if (result.outcome === "forbid" && waitsOut(attempt, result)) {
    if (keepVerdicts(attempt, result, subject)) recordAttempt(draft, attempt);
    return gateAgain(draft, attempt);
  }
  if (result.outcome === "forbid") {
    attempt.row.gate = result.verdicts;
    attempt.row.gate_facts = snapshotOf(subject);
    return standDown(draft, attempt, incident, result, facts, "forbidden by the policy gate");
  }
  // What it passed is on record; whether people or slots are missing by now is asked at hand-over.
  if (passed) return gateAgain(draft, attempt);
  const changed = keepVerdicts(attempt, result, subject);
  switch (result.outcome) {
    case "wait_canary":
      if (changed) recordAttempt(draft, attempt);
      return startWork(draft, { kind: "gate", attemptId: attempt.row.id }, now + CANARY_RETRY_MS);
    case "wait_approval":
      if (attempt.phase.name !== "awaiting_approval") awaitApproval(draft, attempt, incident, facts);
      else if (changed) recordAttempt(draft, attempt);
      return gateAgain(draft, attempt);
    case "go":
      note(draft, incident, {
        kind: "gate_passed",
        text: `All ${result.verdicts.length} rules of the policy gate allow ${attempt.row.action}.`,
        attemptId: attempt.row.id,
        data: { verdicts: result.verdicts },
      });
      return beginStaging(draft, attempt);
    default:
      return result.outcome satisfies never;
  }
}

/** A row a minute for each attempt that waits would say nothing new: only a verdict that changed is kept. */
function keepVerdicts({ row, phase }: AttemptState, result: GateResult, subject: GateSubject): boolean {
  const gist = (verdicts: GateVerdict[]) => verdicts.map(({ rule, outcome }) => `${rule} ${outcome}`).join();
  const needed = Math.min(result.approvalsNeeded, 10);
  const same = gist(row.gate) === gist(result.verdicts) && row.approvals_needed === needed;
  const waits = phase.name === "awaiting_approval" && result.outcome === "wait_approval";
  if (same && (waits || result.outcome === "wait_canary" || result.outcome === "forbid")) return false;
  row.gate = result.verdicts;
  row.gate_facts = snapshotOf(subject);
  row.approvals_needed = needed;
  return true;
}

function awaitApproval(draft: Draft, attempt: AttemptState, incident: IncidentState, facts: GateFacts): void {
  const asking = attempt.row.gate
    .filter((verdict) => verdict.outcome === "needs_approval")
    .map((verdict) => verdict.rule);
  const text = `${attempt.row.approvals_needed} approval(s) needed (${asking.join(", ")}).`;
  moveAttempt(draft, attempt, {
    name: "awaiting_approval",
    until: draft.now + facts.policy.approvals.ttl_s * 1000,
  });
  note(draft, incident, {
    kind: "approval_needed",
    text,
    attemptId: attempt.row.id,
    data: { rules: asking },
  });
  notify(draft, incident, "approval_needed", "page", `Approval needed: ${titleOf(draft, incident)}`, text);
}

function beginStaging(draft: Draft, attempt: AttemptState): void {
  moveAttempt(draft, attempt, { name: "staging", until: draft.now + STAGING_LIMIT_MS });
  const untestable = attempt.release === null || attempt.row.action === "rollback";
  if (untestable) return applyAttempt(draft, attempt);
  startWork(draft, { kind: "stage", attemptId: attempt.row.id });
  gateAgain(draft, attempt);
}

/** Staging is behind it: queue the command that the next reply may carry. */
export function applyAttempt(draft: Draft, attempt: AttemptState): void {
  const command = queueAttemptCommand(draft, attempt);
  attempt.row.command_id = command.row.id;
  moveAttempt(draft, attempt, {
    name: "applying",
    commandId: command.row.id,
    handedOver: false,
    until: command.expiresAt,
    tries: 1,
  });
  gateAgain(draft, attempt);
}
