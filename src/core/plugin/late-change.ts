/**
 * A change that the shop carried out when its attempt was over: the command had left, and no word of it came in time. Nobody
 * watches it, so it is ordered back at once. Like every way back it passes the kill switch and mode `off`, and no other rule.
 */
import type { FailData } from "../../contract/command.ts";
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { commitWithinS } from "./command-payload.ts";
import { finishCommand, isLive, queueCommand } from "./commands.ts";
import { commandById, type Draft, incidentById, note, notify } from "./draft.ts";
import { followDrift } from "./drift.ts";
import { titleOf } from "./incidents.ts";
import type { CommandState, IncidentState, PluginState } from "./state.ts";
import { changedTo } from "./way-back.ts";

/** What a report or a beat says of it. `provisional`: the shop waits for a commit, and keeps what was before until then. */
interface Said {
  version: string;
  provisional: boolean;
  /** It changed nothing. */
  already: boolean;
}

/** The change that this beat tells of, carried out too late; null when there is none, or it is known already. */
export function lateInBeat(state: PluginState, beat: HeartbeatData): CommandState | null {
  const { last_command: last, state: runs } = beat;
  if (last?.outcome !== "applied" || runs !== "probation") return null;
  const command = commandById(state, last.id);
  return command !== null && isUnheardOf(state, command) ? command : null;
}

/** It left, its attempt is over, and the shop has never answered it; nor any later change, which would say more. */
export function isUnheardOf({ attempt, commands }: PluginState, command: CommandState): boolean {
  const { row, change, late } = command;
  if (change === undefined || late !== undefined || row.handed_over_at === null) return false;
  if (row.attempt_id === attempt?.row.id) return false;
  if (row.status !== "expired" && row.status !== "superseded" && row.status !== "cancelled") return false;
  return !commands.some(
    (other) => other.change && other.row.number > row.number && other.row.status === "acknowledged",
  );
}

/** `ran`: the version until now. */
export function carriedOutLate(draft: Draft, command: CommandState, ran: string, said: Said): void {
  const { state } = draft;
  const from = said.version === ran ? (state.lastChange?.from ?? null) : ran;
  command.late = { from: command.row.type === "config" ? said.version : from };
  if (said.already) {
    command.late.over = true;
    return;
  }
  if (said.version !== state.version) changedTo(draft, said.version);
  const next = whatNow(draft, command, said);
  const { number, type, attempt_id: attemptId } = command.row;
  const text = `The shop carried out command ${number} (${type}) when ${attemptId} was over: it runs ${said.version}${said.version === ran ? "" : ` instead of ${ran}`}. ${next}`;
  if (said.version !== ran) followDrift(draft, ran, said.version, text);
  const incident = incidentOf(draft, command);
  if (incident === null) return;
  if (said.version === ran) note(draft, incident, { kind: "late_change", text, attemptId });
  notify(draft, incident, "escalated", "notice", `Carried out too late: ${titleOf(draft, incident)}`, text);
}

/** Orders it back where there is a way. @returns what becomes of it, for people */
function whatNow(draft: Draft, { row, late, change }: CommandState, said: Said): string {
  const { state, policy } = draft;
  if (late === undefined || change === undefined) return "";
  const { attemptId } = change;
  const way = { attemptId, ttlMs: policy.intervals.command_ttl_s * 1000, takesBack: row.id };
  if (row.type === "config" && said.provisional) {
    const payload = { attempt_id: attemptId, set: {}, restore: row.id };
    queueCommand(draft, { ...way, type: "config", payload });
    return "Its settings are ordered back.";
  }
  if (row.type === "update" && change.reversible && late.from !== null) {
    const reason = "carried out when its attempt was over: nobody watches it";
    const payload = { attempt_id: attemptId, to_version: late.from, reason };
    queueCommand(draft, { ...way, type: "rollback", payload });
    return `It is ordered back to ${late.from}.`;
  }
  late.over = true;
  if (row.type !== "update") return "It stays, and nobody watched it.";
  if (change.reversible) return "What ran before is not known here: the shop goes back by itself.";
  const expiresAt = draft.now + commitWithinS(policy.intervals) * 1000;
  state.commit = { commandId: row.id, attemptId, version: said.version, expiresAt };
  return "The release cannot be taken back and is kept; nobody watched it.";
}

/** What the shop may be on its way back to. */
export function lateReturns({ commands }: PluginState): string[] {
  return commands.flatMap(({ late }) => (late?.from && !late.over ? [late.from] : []));
}

/** The version that runs by now says that a late change is gone. */
export function followLate(draft: Draft, version: string): void {
  for (const command of draft.state.commands)
    if (command.row.type === "update" && command.late && command.late.from === version)
      lateIsGone(draft, command, version);
}

/** Reports of the way back, or of the shop's own dead-man. `version`: what runs as they say. */
export function lateIsGone(draft: Draft, late: CommandState, version: string): void {
  if (late.late === undefined || late.late.over) return;
  late.late.over = true;
  for (const command of draft.state.commands)
    if (command.takesBack === late.row.id && isLive(command)) finishCommand(draft, command, "superseded");
  // Settings show in no version: their end is told here, and a version's where it is seen.
  if (version !== draft.state.version || late.row.type === "config") changedTo(draft, version);
  const incident = incidentOf(draft, late);
  const text = `What ${late.row.attempt_id} had changed too late is gone: the shop runs ${version} as before.`;
  if (incident) note(draft, incident, { kind: "late_change_back", text, attemptId: late.row.attempt_id });
}

/** The shop could not take it back: whatever it runs, a person must look. */
function lateStays(draft: Draft, late: CommandState, why: string): void {
  if (late.late === undefined || late.late.over) return;
  late.late.over = true;
  const incident = incidentOf(draft, late);
  if (incident === null) return;
  const text = `What ${late.row.attempt_id} had changed too late could not be taken back: ${why}`;
  note(draft, incident, { kind: "late_change_stays", text, attemptId: late.row.attempt_id });
  notify(draft, incident, "rollback_failed", "page", `ROLLBACK FAILED: ${titleOf(draft, incident)}`, text);
}

/** A failure that is about a late change, or about its way back. */
export function lateFailed(draft: Draft, command: CommandState, { error, version }: FailData): void {
  const late = lateBehind(draft.state, command);
  if (late === null) return;
  if (error.code === "rollback_failed") return lateStays(draft, late, error.message);
  // The shop's own dead-man; any other failure of the way back leaves the change to it.
  if (error.code === "restored") lateIsGone(draft, late, version ?? late.late?.from ?? draft.state.version);
}

/** The late change that a command is, or takes back. */
export function lateBehind(state: PluginState, command: CommandState): CommandState | null {
  const one = command.takesBack === undefined ? command : commandById(state, command.takesBack);
  return one?.late && !one.late.over ? one : null;
}

/** Its own incident, or else one that is open: there is nobody else to tell. */
function incidentOf({ state }: Draft, { change }: CommandState): IncidentState | null {
  const own = change === undefined ? null : incidentById(state, change.incidentId);
  return own ?? state.incidents[0] ?? null;
}
