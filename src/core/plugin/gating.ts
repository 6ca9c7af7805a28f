/** What follows from the gate's verdicts for an attempt that is not in the shop's hands yet. */
import { gate } from "../policy/gate.ts";
import { snapshotOf } from "../policy/gate-snapshot.ts";
import { awaitApproval, keepVerdicts } from "./ask-people.ts";
import { moveAttempt } from "./attempts.ts";
import { queueAttemptCommand } from "./command-payload.ts";
import { type Draft, incidentById, note, recordAttempt } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import type { GateFacts } from "./event.ts";
import { gateAgain } from "./gate-again.ts";
import { gateSubject } from "./gate-subject.ts";
import { standDown, waitsOut } from "./stand-down.ts";
import { type AttemptState, inShopsHands } from "./state.ts";
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

function beginStaging(draft: Draft, attempt: AttemptState): void {
  moveAttempt(draft, attempt, { name: "staging", until: draft.now + STAGING_LIMIT_MS });
  const untestable = attempt.release === null || attempt.row.action === "rollback";
  // One that was called back has been tried already, and its file is the same.
  if (untestable || attempt.row.staging !== null) return applyAttempt(draft, attempt);
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
