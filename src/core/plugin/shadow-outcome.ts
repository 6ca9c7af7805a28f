/** What became of an incident that was only watched in mode `shadow`. */
import type { ShadowDecision, ShadowOutcome } from "../../contract/shadow.ts";
import type { Draft } from "./draft.ts";
import { type IncidentState, iso } from "./state.ts";

/** The incident is over, or its decision is: what became of it. */
export function settleShadow(
  draft: Draft,
  incident: IncidentState,
  outcome: ShadowOutcome,
  text: string,
): void {
  const { shadow } = incident;
  if (shadow === undefined) return;
  delete incident.shadow;
  const row: ShadowDecision = {
    ...shadow,
    revision: shadow.revision + 1,
    outcome,
    outcome_text: text.slice(0, 500),
    outcome_at: iso(draft.now),
  };
  draft.outbox.push({ to: "ledger", record: { kind: "shadow", row } });
}

/** At the end of an incident: did it clear by itself, and was what people did the same? */
export function outcomeOfShadow(
  draft: Draft,
  { shadow, healedBy }: IncidentState,
  status: "resolved" | "dismissed",
): ShadowOutcome {
  if (status === "dismissed") return "dismissed";
  if (shadow === undefined) return "cleared";
  const { action, target_version: target, from_version: from } = shadow;
  if (healedBy !== null)
    return healedBy.action === action && healedBy.version === target ? "same_fix" : "other_fix";
  if (draft.state.version !== from) return draft.state.version === target ? "same_fix" : "other_fix";
  return "cleared";
}
