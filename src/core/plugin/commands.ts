/** The command queue of one plugin: numbered, handed over at least once, applied at most once, finished once. */

import type { AgentCommand } from "../../contract/agent-command.ts";
import type { Command } from "../../contract/command.ts";
import { type Draft, recordCommand } from "./draft.ts";
import { COMMANDS_LIMIT, type CommandState, iso, keyOf, type Millis, type PluginState } from "./state.ts";

export function queueCommand(
  draft: Draft,
  input: {
    attemptId: string;
    type: AgentCommand["type"];
    payload: Record<string, unknown>;
    ttlMs: number;
    /** Not handed over before then; it expires so much later. */
    readyAt?: Millis | undefined;
    takesBack?: string;
  },
): CommandState {
  const { state, now } = draft;
  state.numbers.command += 1;
  const { readyAt, takesBack } = input;
  const expiresAt = (readyAt ?? now) + input.ttlMs;
  const command: CommandState = {
    expiresAt,
    ...(readyAt === undefined ? {} : { readyAt }),
    ...(takesBack === undefined ? {} : { takesBack }),
    row: {
      id: `cmd_${keyOf(state.id)}_${state.numbers.command}`,
      revision: 0,
      plugin_id: state.id,
      attempt_id: input.attemptId,
      number: state.numbers.command,
      type: input.type,
      status: "queued",
      payload: input.payload,
      policy_revision: null,
      tries: 0,
      created_at: iso(now),
      handed_over_at: null,
      finished_at: null,
      expires_at: iso(expiresAt),
      error: null,
    },
  };
  state.commands.push(command);
  forgetOldCommands(state);
  recordCommand(draft, command);
  return command;
}

/** Keeps every live command, the change of the attempt under way, and the newest finished ones, for repeated reports. */
function forgetOldCommands(state: PluginState): void {
  const excess = state.commands.length - COMMANDS_LIMIT;
  if (excess <= 0) return;
  const change = state.attempt?.row.command_id;
  const finished = state.commands
    .filter(({ row }) => row.finished_at !== null && row.id !== change)
    .slice(0, excess);
  state.commands = state.commands.filter((command) => !finished.includes(command));
}

export function isLive(command: CommandState): boolean {
  return command.row.status === "queued" || command.row.status === "handed_over";
}

/** The command to hand over with the next reply, when there is one: live, due, not expired. What must not stay in the shop goes first. */
export function commandToHandOver(state: PluginState, now: number): CommandState | null {
  const due = state.commands.filter(
    (command) => isLive(command) && (command.readyAt ?? 0) <= now && command.expiresAt > now,
  );
  return due.find(({ takesBack }) => takesBack !== undefined) ?? due[0] ?? null;
}

export function markHandedOver(draft: Draft, command: CommandState, policyRevision: number): void {
  command.row.tries += 1;
  const first = command.row.status === "queued";
  const changed = first || command.row.policy_revision !== policyRevision;
  command.row.status = "handed_over";
  command.row.policy_revision = policyRevision;
  command.row.handed_over_at ??= iso(draft.now);
  if (changed) recordCommand(draft, command);
}

/** Ends a command once; a second end is refused by the caller's look at `isLive`. */
export function finishCommand(
  draft: Draft,
  command: CommandState,
  status: "acknowledged" | "failed" | "expired" | "cancelled" | "superseded",
  error: string | null = null,
): void {
  command.row.status = status;
  command.row.finished_at = iso(draft.now);
  command.row.error = error === null ? null : error.slice(0, 1000);
  recordCommand(draft, command);
  // The release manifest and its signatures are of no more use here; the ledger keeps them.
  command.row.payload = {};
}

/** The attempt is over, or takes another turn: what has not been answered is not waited for. */
export function dropCommandsOf(draft: Draft, attemptId: string): void {
  for (const command of draft.state.commands)
    if (command.row.attempt_id === attemptId && isLive(command)) finishCommand(draft, command, "superseded");
}

/** The text to sign: what the plugin verifies before it parses. */
export function commandText(command: CommandState, policyRevision: number, now: number): string {
  const content = {
    id: command.row.id,
    plugin_id: command.row.plugin_id,
    number: command.row.number,
    type: command.row.type,
    payload: command.row.payload,
    issued_at: iso(now),
    expires_at: command.row.expires_at,
    policy_revision: policyRevision,
  } as Command; // The payload was built by `command-payload.ts` for this very type.
  return JSON.stringify(content);
}
