/**
 * A beat that is not answered is sent again with its old bytes, and may arrive after the report of a change that came later: it
 * tells of what ran before, and says nothing of what runs now. Pure.
 */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { commandById } from "./draft.ts";
import type { PluginState } from "./state.ts";

/**
 * True for what may have been built before a change that so far only a report told of. One beat at most: the next one is built
 * after this one was answered, and is believed. So is one that says how the newest command was undone.
 */
export function mayBeLate(state: PluginState, beat: HeartbeatData): boolean {
  const { lastChange, changedAt, lastBeatAt } = state;
  if (lastChange === undefined || lastChange.denied || lastChange.at !== changedAt) return false;
  if (beat.version === state.version || beat.version !== lastChange.from) return false;
  return changedAt > (lastBeatAt ?? 0) && !tellsOfReturn(state, beat, newestAttempt(state));
}

/** Only its number counts. What it counted is part of what the next one counts, which is left out as the first after a change. */
export function leaveOut(state: PluginState, beat: HeartbeatData): void {
  state.seq = beat.seq;
  if (state.lastChange) state.lastChange.denied = true;
}

/** That attempt's change, or its way back, is what the shop was last told, and it is undone: by order or by the shop itself. */
export function tellsOfReturn(
  state: PluginState,
  { last_command: last }: HeartbeatData,
  attemptId: string | null,
): boolean {
  if (last === undefined || !isReturn(last.outcome)) return false;
  return attemptId !== null && commandById(state, last.id)?.row.attempt_id === attemptId;
}

/** What a command had changed is undone. */
export function isReturn(outcome: NonNullable<HeartbeatData["last_command"]>["outcome"] | null): boolean {
  return outcome === "restored" || outcome === "rolled_back";
}

/** The one that the shop was last handed a command of. */
function newestAttempt({ commands }: PluginState): string | null {
  return commands.findLast(({ row }) => row.handed_over_at !== null)?.row.attempt_id ?? null;
}
