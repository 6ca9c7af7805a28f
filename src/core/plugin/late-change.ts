/**
 * A change that the shop carried out when its attempt was over: the command had left, and no word of it came in time. Nobody
 * watches it, so it is ordered back at once. Like every way back it passes the kill switch and mode `off`, and no other rule.
 */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { commitWithinS } from "./command-payload.ts";
import { queueCommand } from "./commands.ts";
import { commandById, type Draft, note, notify } from "./draft.ts";
import { followDrift } from "./drift.ts";
import { titleOf } from "./incidents.ts";
import { incidentOfLate } from "./late-return.ts";
import type { CommandState, PluginState } from "./state.ts";
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
  const incident = incidentOfLate(draft, command);
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
