/**
 * An automatic change's place among the fleet's actions of an hour. It is taken only when nothing else stands in the way: a place
 * held by what waits for a slot, or for people, would keep others from healing. Pure.
 */
import type { PolicyDocument } from "../../contract/policy.ts";
import type { FleetGuard } from "../../contract/rpc/fleet.ts";
import type { Admission } from "../../contract/rpc/release.ts";
import { type GateResult, type GateSubject, gate } from "../policy/gate.ts";
import { incidentById } from "./draft.ts";
import { gateSubject } from "./gate-subject.ts";
import type { AttemptState, PluginState } from "./state.ts";

/** A fleet in which nothing holds anybody back. */
export const CALM: FleetGuard = { storm: false, autonomy: "normal", actions_last_hour: 0, explanation: "" };

/** It would go on at once, as far as everybody but the fleet is concerned. */
export function needsPlace(
  state: PluginState,
  attempt: AttemptState,
  { policy, admission }: { policy: PolicyDocument; admission: Admission | null },
  now: number,
): boolean {
  const incident = incidentById(state, attempt.row.incident_id);
  if (!attempt.automatic || attempt.row.reverts !== null || incident === null) return false;
  const subject = gateSubject(state, attempt, incident, { admission, guard: CALM }, now);
  return gate(policy, subject).outcome === "go";
}

/** It only waits for its slot: whether the hour has room is asked once it has one. */
export function waitsForSlot(policy: PolicyDocument, subject: GateSubject, result: GateResult): boolean {
  if (result.outcome === "wait_canary") return true;
  if (result.outcome !== "wait_approval") return false;
  const guard = { ...subject.guard, actions_last_hour: 0 };
  return gate(policy, { ...subject, guard }).outcome === "wait_canary";
}
