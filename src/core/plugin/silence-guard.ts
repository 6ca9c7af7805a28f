/**
 * Where silence is all that speaks against a change, the storm guard is asked whether many shops fell silent with this one: the
 * network's loss, or ours, is nobody's fix. The way back is ordered meanwhile, whatever the answer.
 */
import type { FleetGuard } from "../../contract/rpc/fleet.ts";
import { type Draft, incidentById, note } from "./draft.ts";
import type { AttemptState } from "./state.ts";
import { inStorm, noteStorm } from "./triage.ts";
import { STORM_AGAIN_MS } from "./tuning.ts";
import { startWork } from "./work.ts";

/** Begins to ask, every minute until the answer is a storm or the attempt is over. */
export function askGuard(draft: Draft, attempt: AttemptState, waitMs = 0): void {
  if (draft.state.work.some(({ kind }) => kind === "gate")) return;
  startWork(draft, { kind: "gate", attemptId: attempt.row.id }, draft.now + waitMs);
}

/** The answer, for an attempt that is in the shop's hands. A storm that is half way up counts: it takes minutes to show. */
export function hearGuard(draft: Draft, guard: FleetGuard): void {
  const { state, now } = draft;
  noteStorm(state, guard, now);
  const { attempt } = state;
  if (attempt?.phase.name !== "rolling_back") return;
  const { phase } = attempt;
  if (!phase.silent || phase.blameless) return;
  if (!inStorm(state, now) && !guard.rising) return askGuard(draft, attempt, STORM_AGAIN_MS);
  phase.blameless = true;
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident)
    note(draft, incident, {
      kind: "not_blamed",
      text: `Many shops are silent at this time: the silence is not held against the change. ${guard.explanation}`,
      attemptId: attempt.row.id,
    });
}
