/** What was carried out too late is gone again, by order or by the shop's own dead-man; or it could not be taken back. */
import type { FailData } from "../../contract/command.ts";
import { finishCommand, isLive } from "./commands.ts";
import { commandById, type Draft, incidentById, note, notify } from "./draft.ts";
import { titleOf } from "./incidents.ts";
import type { CommandState, IncidentState, PluginState } from "./state.ts";
import { changedTo } from "./way-back.ts";

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
  const incident = incidentOfLate(draft, late);
  const text = `What ${late.row.attempt_id} had changed too late is gone: the shop runs ${version} as before.`;
  if (incident) note(draft, incident, { kind: "late_change_back", text, attemptId: late.row.attempt_id });
}

/** The shop could not take it back: whatever it runs, a person must look. */
function lateStays(draft: Draft, late: CommandState, why: string): void {
  if (late.late === undefined || late.late.over) return;
  late.late.over = true;
  const incident = incidentOfLate(draft, late);
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
export function incidentOfLate({ state }: Draft, { change }: CommandState): IncidentState | null {
  const own = change === undefined ? null : incidentById(state, change.incidentId);
  return own ?? state.incidents[0] ?? null;
}
