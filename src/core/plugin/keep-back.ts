/** A command that is kept back at its turn, and goes by itself later: what keeps it is on record, so that its end can name it. */
import type { GateResult, GateSubject } from "../policy/gate.ts";
import { snapshotOf } from "../policy/gate-snapshot.ts";
import type { KeptBackBy } from "./attempt-state.ts";
import { type Draft, note, recordAttempt } from "./draft.ts";
import type { AttemptState, IncidentState } from "./state.ts";

/** For people; in an end, with "in time" behind it. */
export const KEPT_BACK: Readonly<Record<KeptBackBy, { now: string; end: string }>> = {
  slot: { now: "no slot of its stage is free", end: "no slot came free" },
  stop: { now: "no command may leave", end: "no command was allowed to leave" },
  rising: {
    now: "so many shops began to fail in these minutes that it may be a storm",
    end: "what may have been a storm was not over",
  },
};

/** Told once for as long as the same keeps it: every beat asks again. */
export function keepBack(
  draft: Draft,
  attempt: AttemptState,
  by: KeptBackBy,
  judged: { incident: IncidentState; result: GateResult; subject: GateSubject },
): void {
  const { phase, row } = attempt;
  if (phase.name !== "applying") return;
  phase.waitsSince ??= draft.now;
  if (phase.keptBackBy === by) return;
  phase.keptBackBy = by;
  row.handover_gate = judged.result.verdicts;
  row.handover_facts = snapshotOf(judged.subject);
  recordAttempt(draft, attempt);
  note(draft, judged.incident, {
    kind: "kept_back",
    text: `Not handed over yet: ${KEPT_BACK[by].now}.`,
    attemptId: row.id,
    data: { by },
  });
}
