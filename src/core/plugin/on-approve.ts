/** A person's answer about one attempt: to let it begin, or to keep what is under watch. */
import type { ApproveRequest, Person } from "../../contract/ops.ts";
import { ok, refuse } from "../../contract/refusal.ts";
import { audit, type Draft, incidentById, note, recordAttempt } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { closedOrUnknown, conflict, type Done } from "./person-reply.ts";
import { type AttemptState, iso } from "./state.ts";
import { APPROVALS_LIMIT } from "./tuning.ts";
import { succeed } from "./verifying.ts";
import { goBack } from "./way-back.ts";
import { dropWorkOf, startWork } from "./work.ts";

export function onApprove(draft: Draft, incidentId: string, input: ApproveRequest, person: Person): Done {
  const incident = incidentById(draft.state, incidentId);
  if (incident === null) return closedOrUnknown(draft, incidentId);
  const { attempt } = draft.state;
  if (attempt === null || attempt.row.id !== input.attempt_id || attempt.row.incident_id !== incidentId)
    return conflict("this attempt is not the one in flight");
  const { phase } = attempt;
  const asked =
    phase.name === "awaiting_approval" || (phase.name === "verifying" && phase.askedUntil !== null);
  if (!asked) return conflict(`the attempt awaits no approval; it is ${attempt.row.status}`);
  if (input.evidence_hash !== attempt.row.evidence_hash)
    return conflict("the evidence has changed since you saw it; look again");
  if (person.id === attempt.row.requested_by && input.decision === "approve")
    return refuse({ reason: "forbidden", message: "whoever asked for a change cannot approve it" });
  if (phase.name === "awaiting_approval" && hasAnswered(attempt, person))
    return conflict("you have already answered");

  const approval = {
    attempt_id: attempt.row.id,
    person: person.id,
    decision: input.decision,
    evidence_hash: input.evidence_hash,
    reason: input.reason,
    at: iso(draft.now),
  };
  attempt.row.approvals = [...attempt.row.approvals, approval].slice(-APPROVALS_LIMIT);
  draft.outbox.push({ to: "ledger", record: { kind: "approval", row: approval } });
  audit(draft, incident, person, `attempt.${input.decision}`, { ...approval });
  recordAttempt(draft, attempt);
  note(draft, incident, {
    kind: input.decision === "approve" ? "approved" : "rejected",
    text: `${person.name}: ${input.reason}`,
    actor: person.id,
    attemptId: attempt.row.id,
  });
  if (phase.name === "verifying") keepOrGoBack(draft, attempt, input, person);
  else if (input.decision === "reject")
    endAttempt(draft, attempt, "rejected", `${person.name}: ${input.reason}`, { aboutTheFix: false });
  else {
    dropWorkOf(draft, { attemptId: attempt.row.id });
    startWork(draft, { kind: "gate", attemptId: attempt.row.id });
  }
  return ok(incident);
}

/** To keep a change under watch is another question than to allow it, and an answer about other evidence is none. */
function hasAnswered(attempt: AttemptState, person: Person): boolean {
  return attempt.row.approvals.some(
    (approval) => approval.person === person.id && approval.evidence_hash === attempt.row.evidence_hash,
  );
}

function keepOrGoBack(draft: Draft, attempt: AttemptState, input: ApproveRequest, person: Person): void {
  const why = `${person.name}: ${input.reason}`;
  if (input.decision === "approve") succeed(draft, attempt, `kept by ${why}`);
  else goBack(draft, attempt, `rejected by ${why}`);
}
