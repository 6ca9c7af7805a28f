/** How a person's action is answered: the incident as it is then, or why nothing was done. */
import { type Refusal, type Result, refuse } from "../../contract/refusal.ts";
import type { Draft } from "./draft.ts";
import type { IncidentState } from "./state.ts";
import { wasOpened } from "./voting.ts";

export type Done = Result<IncidentState>;
export type No = { ok: false; refusal: Refusal };

export const conflict = (message: string): No => refuse({ reason: "conflict", message });

export function closedOrUnknown(draft: Draft, incidentId: string): No {
  return wasOpened(draft.state, incidentId)
    ? conflict("this incident is closed")
    : refuse({ reason: "not_found", message: "no such incident" });
}
