/** All that the policy's rules are held against, from the state and the gathered facts. Pure. */
import type { GateSubject } from "../policy/gate.ts";
import { quietSubject } from "./bar.ts";
import { fixOf, isSameFix } from "./end-attempt.ts";
import type { GateFacts } from "./event.ts";
import type { AttemptState, IncidentState, PluginState } from "./state.ts";

const DAY_MS = 86_400_000;

/** All that the rules are held against. */
export function gateSubject(
  state: PluginState,
  attempt: AttemptState,
  incident: IncidentState,
  facts: Pick<GateFacts, "admission" | "guard">,
  now: number,
): GateSubject {
  // What ended before the shop was told cost the shop nothing.
  const automatic = state.history.filter((past) => past.automatic && past.reached !== false);
  const lastFailure = automatic.findLast((past) =>
    ["failed", "rolled_back", "rollback_failed"].includes(past.outcome),
  );
  const { row } = attempt;
  return {
    ...quietSubject(state, incident.row.type),
    flapping: incident.row.flapping ?? false,
    now,
    severity: incident.row.severity,
    action: row.action,
    step: row.step,
    confidence: row.decision.confidence,
    automatic: attempt.automatic,
    approvals: approvalsCounted(attempt),
    takesBack: row.reverts !== null,
    excluded: state.excluded.some(
      (fix) => fix.signature === incident.row.signature && isSameFix(fix, fixOf(attempt)),
    ),
    attemptsToday: automatic.filter((past) => now - past.at < DAY_MS).length,
    sinceFailureMs: lastFailure === undefined ? null : now - lastFailure.at,
    admission: facts.admission,
    guard: facts.guard,
  };
}

/** Distinct people, never the requester, for exactly this evidence. */
export function approvalsCounted(attempt: AttemptState): number {
  const people = attempt.row.approvals
    .filter(
      (approval) => approval.decision === "approve" && approval.evidence_hash === attempt.row.evidence_hash,
    )
    .map((approval) => approval.person)
    .filter((person) => person !== attempt.row.requested_by);
  return new Set(people).size;
}
