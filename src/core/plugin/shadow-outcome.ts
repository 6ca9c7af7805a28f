/** What became of an incident that was only watched in mode `shadow`. */
import type { ShadowDecision, ShadowOutcome } from "../../contract/shadow.ts";
import { sameSettings } from "../same-settings.ts";
import type { Draft } from "./draft.ts";
import { type HealedBy, type IncidentState, iso } from "./state.ts";

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
  { state }: Pick<Draft, "state">,
  { shadow, healedBy }: IncidentState,
  status: "resolved" | "dismissed",
): ShadowOutcome {
  if (status === "dismissed") return "dismissed";
  if (shadow === undefined) return "cleared";
  const { target_version: target, from_version: from } = shadow;
  if (healedBy !== null) return isSame(shadow, healedBy) ? "same_fix" : "other_fix";
  if (state.version !== from) return state.version === target ? "same_fix" : "other_fix";
  return "cleared";
}

function isSame({ action, target_version, decision }: ShadowDecision, fix: HealedBy): boolean {
  if (fix.action !== action || fix.version !== target_version) return false;
  if (action !== "config") return true;
  return fix.remedy === undefined
    ? sameSettings(fix.set ?? {}, decision.config ?? {})
    : fix.remedy === decision.remedy;
}
