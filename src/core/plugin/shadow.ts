/**
 * Mode `shadow`: a decision is gated as if the mode were `auto` and written down, and nothing is done. What became of the incident
 * without it is written beside it, so that the mode can be judged before it is switched to `auto`.
 */
import type { Decision } from "../../contract/decision.ts";
import type { ShadowDecision } from "../../contract/shadow.ts";
import { type GateResult, gate } from "../policy/gate.ts";
import { snapshotOf } from "../policy/gate-snapshot.ts";
import { attemptOf, describeChange } from "./attempts.ts";
import { type Draft, note } from "./draft.ts";
import type { GateFacts } from "./event.ts";
import { gateSubject } from "./gate-subject.ts";
import { escalateIncident } from "./incidents.ts";
import { settleShadow } from "./shadow-outcome.ts";
import { type AttemptState, type ChosenRelease, type IncidentState, iso } from "./state.ts";

/** Records what would have been done, and leaves the incident to people: they see to it as without Vigie. */
export function shadowDecision(
  draft: Draft,
  incident: IncidentState,
  decision: Decision,
  release: ChosenRelease | null,
  facts: GateFacts,
): void {
  const { state, now } = draft;
  const attempt = attemptOf(
    state,
    { incident, decision, release, requestedBy: null },
    state.numbers.attempt,
    now,
  );
  const subject = gateSubject(state, attempt, incident, facts, now);
  const result = gate({ ...facts.policy, mode: "auto" }, subject);
  settleShadow(draft, incident, "superseded", "Decided on afresh.");
  const text = wouldText(attempt, result);
  note(draft, incident, { kind: "shadow", text, data: { would: result.outcome, verdicts: result.verdicts } });
  const row: ShadowDecision = {
    id: `${incident.row.id}.shadow.${incident.events}`,
    revision: 1,
    incident_id: incident.row.id,
    plugin_id: state.id,
    merchant_id: state.merchantId,
    product: state.product,
    action: attempt.row.action,
    from_version: attempt.row.from_version,
    target_version: attempt.row.target_version,
    decision,
    would: result.outcome,
    why: result.why?.slice(0, 500) ?? null,
    approvals_needed: result.outcome === "forbid" ? 0 : Math.min(result.approvalsNeeded, 10),
    gate: result.verdicts,
    gate_facts: snapshotOf(subject),
    policy_revision: facts.policyRevision,
    at: iso(now),
    outcome: null,
    outcome_text: null,
    outcome_at: null,
  };
  incident.shadow = row;
  draft.outbox.push({ to: "ledger", record: { kind: "shadow", row } });
  escalateIncident(draft, incident, `A person sees to it. ${text}`, "vigie", "notice");
}

function wouldText(attempt: AttemptState, result: GateResult): string {
  const change = describeChange(attempt);
  switch (result.outcome) {
    case "go":
      return `Shadow mode, nothing is done: ${change} would have begun at once.`;
    case "wait_approval":
      return `Shadow mode, nothing is done: ${change} would have asked for ${result.approvalsNeeded} approval(s).`;
    case "wait_canary":
      return `Shadow mode, nothing is done: ${change} would have waited (${result.why}).`;
    case "forbid":
      return `Shadow mode: ${change} would have been forbidden (${result.why}).`;
    default:
      return result.outcome satisfies never;
  }
}
