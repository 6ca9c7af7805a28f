/** What the plugin is told back: when to beat again, and the commit while it is due. */
import type { CommandReply } from "../../contract/command.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import { isSuspect } from "../detect/detection.ts";
import { stablePercent } from "../stable-hash.ts";
import { commandById } from "./draft.ts";
import { iso, type Millis, type Phase, type PluginState } from "./state.ts";
import { inStorm } from "./triage.ts";
import {
  CHANGE_WATCHED_MS,
  INTERVAL_JITTER,
  LONGEST_INTERVAL_S,
  SHORTEST_INTERVAL_S,
  STORM_SLOWDOWN,
} from "./tuning.ts";

/** Phases that may last hours and in which nothing happens in the shop. */
const WAITING: readonly Phase["name"][] = ["pending", "awaiting_approval"];

/**
 * Seconds until the next beat: 15 s around a change, slower while a storm lasts, faster when something looks wrong or has just been
 * changed, else the ordinary interval. Each with the plugin's stable jitter.
 */
export function nextIntervalS(
  state: PluginState,
  intervals: PolicyDocument["intervals"],
  now: Millis,
): number {
  return spreadInterval(state.id, unspreadIntervalS(state, intervals, now));
}

function unspreadIntervalS(state: PluginState, intervals: PolicyDocument["intervals"], now: Millis): number {
  const slowest = intervals.heartbeat_s;
  const changing = state.attempt !== null && !WAITING.includes(state.attempt.phase.name);
  if (state.runState === "probation" || changing || state.commit !== null)
    return Math.min(intervals.probation_s, slowest);
  if (inStorm(state, now)) return STORM_SLOWDOWN * slowest;
  const watched = state.incidents.some((incident) => incident.row.status !== "escalated");
  const changed = now - (state.lastChange?.at ?? -Infinity) < CHANGE_WATCHED_MS;
  if (watched || changed || isSuspect(state.detection)) return Math.min(intervals.fast_s, slowest);
  return isFirstBeat(state) ? firstIntervalS(state.id, slowest) : slowest;
}

function isFirstBeat({ detection: { arrivals } }: PluginState): boolean {
  return arrivals.firstAt !== null && arrivals.firstAt === arrivals.lastAt;
}

/** The first interval sets the phase: whole seconds of jitter alone would leave a fleet that began together in a few crowds. */
function firstIntervalS(pluginId: string, seconds: number): number {
  return seconds * (0.5 + stablePercent(`${pluginId}/phase`) / 200);
}

/** The interval of one plugin among many that were told the same: they must not beat together, nor on the minute. */
export function spreadInterval(pluginId: string, seconds: number): number {
  const jitter = 1 + INTERVAL_JITTER * ((stablePercent(pluginId) - 50) / 50);
  return Math.min(LONGEST_INTERVAL_S, Math.max(SHORTEST_INTERVAL_S, Math.round(seconds * jitter)));
}

/** The text to sign for the commit that is due; null when none is. */
export function commitText(state: PluginState, now: number): string | null {
  const { commit } = state;
  if (commit === null || commit.expiresAt <= now) return null;
  return JSON.stringify({
    type: "commit",
    command_id: commit.commandId,
    attempt_id: commit.attemptId,
    plugin_id: state.id,
    version: commit.version,
    issued_at: iso(now),
    expires_at: iso(commit.expiresAt),
  });
}

/** How the command stands: a report that contradicts an earlier one is told of the earlier one. */
export function reportedStatus(
  state: PluginState | null,
  commandId: string,
  said: CommandReply["status"],
): CommandReply["status"] {
  const status = state === null ? undefined : commandById(state, commandId)?.row.status;
  return status === "failed" || status === "acknowledged" ? status : said;
}
