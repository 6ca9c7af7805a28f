/** The moment a command may leave: every rule is read again, against the authority's policy of this instant. */

import { gate } from "../policy/gate.ts";
import { snapshotOf } from "../policy/gate-snapshot.ts";
import { waitsForSlot } from "./action-place.ts";
import { backToApproval } from "./ask-people.ts";
import { commandToHandOver, finishCommand, markHandedOver } from "./commands.ts";
import { type Draft, incidentById, note, recordAttempt } from "./draft.ts";
import type { GateFacts } from "./event.ts";
import { gateSubject } from "./gate-subject.ts";
import { keepBack } from "./keep-back.ts";
import { standDown, waitsOut } from "./stand-down.ts";
import { type CommandState, iso, type PluginState } from "./state.ts";
import { dropWorkOf } from "./work.ts";

/** True when the command takes a change back: only the kill switch and mode `off` may hold it up. */
export function isWayBack(state: PluginState, command: CommandState): boolean {
  if (command.takesBack !== undefined) return true;
  return state.attempt?.phase.name === "rolling_back" && command.row.attempt_id === state.attempt.row.id;
}

/** Nothing of it is for the gate: it takes a change back, or only looks. The kill switch and mode `off` hold it up all the same. */
export function skipsGate(state: PluginState, command: CommandState): boolean {
  return isWayBack(state, command) || isProbe(state, command);
}

function isProbe(state: PluginState, command: CommandState): boolean {
  return command.row.type === "probe" && state.attempt?.phase.name === "verifying";
}

/** The command that leaves with this reply, or null when the gate no longer lets it. */
export function onHandOver(draft: Draft, commandId: string, facts: GateFacts): CommandState | null {
  const { state, now } = draft;
  const command = commandToHandOver(state, now);
  if (command === null || command.row.id !== commandId) return null;
  const { attempt } = state;
  const over = attempt === null || attempt.row.id !== command.row.attempt_id;
  if (over && command.takesBack === undefined) {
    finishCommand(draft, command, "cancelled", "its attempt is over");
    return null;
  }
  if (skipsGate(state, command)) {
    if (facts.policy.kill_switch || facts.policy.mode === "off") return null;
    markHandedOver(draft, command, facts.policyRevision);
    return command;
  }
  return attempt?.phase.name === "applying" ? handOverChange(draft, command, facts) : null;
}

function handOverChange(draft: Draft, command: CommandState, facts: GateFacts): CommandState | null {
  const { state, now } = draft;
  const { attempt } = state;
  if (attempt === null || attempt.phase.name !== "applying") return null;
  const incident = incidentById(state, attempt.row.incident_id);
  if (incident === null) return null;
  const first = !attempt.phase.handedOver;
  const subject = gateSubject(state, attempt, incident, facts, now);
  const result = gate(facts.policy, subject);
  if (result.outcome !== "go") {
    // Already in the shop's hands: it may be applying at this moment. It is not sent again, and the clock goes on.
    if (!first) return null;
    const by = waitsForSlot(facts.policy, subject, result)
      ? "slot"
      : waitsOut(attempt, result)
        ? "stop"
        : null;
    if (by !== null) {
      keepBack(draft, attempt, by, { incident, result, subject });
      return null;
    }
    attempt.row.handover_gate = result.verdicts;
    attempt.row.handover_facts = snapshotOf(subject);
    if (result.outcome === "wait_approval")
      backToApproval(draft, attempt, incident, facts, { result, subject });
    else standDown(draft, attempt, incident, result, facts, "stopped at hand-over");
    return null;
  }
  // So many began to fail in these minutes that it may turn out to be a storm: the command goes with a later beat.
  if (first && attempt.automatic && facts.guard.rising) {
    keepBack(draft, attempt, "rising", { incident, result, subject });
    return null;
  }
  if (first) {
    dropWorkOf(draft, { attemptId: attempt.row.id });
    const { waitsSince: _since, keptBackBy: _by, ...phase } = attempt.phase;
    attempt.phase = {
      ...phase,
      handedOver: true,
      until: Math.min(command.expiresAt, now + draft.policy.intervals.apply_s * 1000),
    };
    attempt.row.handover_gate = result.verdicts;
    attempt.row.handover_facts = snapshotOf(subject);
    attempt.row.handed_over_at = iso(now);
    recordAttempt(draft, attempt);
    note(draft, incident, {
      kind: "handed_over",
      text: `Command ${command.row.number} (${command.row.type}) handed to the shop under policy revision ${facts.policyRevision}.`,
      attemptId: attempt.row.id,
      data: { verdicts: result.verdicts },
    });
    if (attempt.automatic) draft.outbox.push({ to: "fleet", report: "action", attemptId: attempt.row.id });
  }
  markHandedOver(draft, command, facts.policyRevision);
  return command;
}
