/**
 * Evidence where there is no traffic: the shop is asked to run its plugin's own probes. On probation it does so with every beat
 * by itself; after any other change only when it is told to.
 */

import { isLive, queueCommand } from "./commands.ts";
import type { Draft } from "./draft.ts";
import type { AckResult, AttemptState, PluginState } from "./state.ts";
import { PROBE_ASKS, PROBE_TTL_MS } from "./tuning.ts";
import { judge } from "./verifying.ts";
import { watchProbes } from "./watching.ts";

/** Beats are up to a fifth earlier than asked for. */
const EARLY = 0.8;

/**
 * At the health check's deadline, and from then on as often as a shop on probation would tell, while its verdict is open; so many times
 * at most. The answer brings a beat of its own, which is no reason to ask again: probes of one moment say one thing.
 */
export function askProbes(draft: Draft): void {
  const { state, now } = draft;
  const { attempt } = state;
  if (attempt === null || attempt.phase.name !== "verifying" || attempt.row.reverts !== null) return;
  const { phase } = attempt;
  const probing = phase.probing ?? { asked: 0 };
  if (!phase.checked || phase.askedUntil !== null || state.runState === "probation") return;
  if (probing.mute || probing.asked >= PROBE_ASKS || state.commands.some(isLive)) return;
  const apartMs = EARLY * draft.policy.intervals.probation_s * 1000;
  if (probing.askedAt !== undefined && now - probing.askedAt < apartMs) return;
  phase.probing = { ...probing, asked: probing.asked + 1, askedAt: now };
  forgetAnswered(state);
  const attemptId = attempt.row.id;
  queueCommand(draft, { attemptId, type: "probe", payload: { probes: [] }, ttlMs: PROBE_TTL_MS });
}

/** Only the last one may still be reported again: a dozen of them would crowd out everything else that is kept. */
function forgetAnswered(state: PluginState): void {
  const last = state.commands.findLast(({ row }) => row.type === "probe");
  state.commands = state.commands.filter((command) => command.row.type !== "probe" || command === last);
}

/** Names with a verdict, and `<name>_ms` beside them; whatever else is in there is not understood. */
export function takeProbes(draft: Draft, attempt: AttemptState, details: AckResult["details"]): void {
  if (attempt.phase.name !== "verifying") return;
  const { phase } = attempt;
  const answered = Object.entries(details ?? {}).flatMap(([name, ok]) =>
    typeof ok === "boolean" ? [{ name, ok, ms: msOf(details?.[`${name.slice(0, 60)}_ms`]) }] : [],
  );
  if (answered.length === 0) return refusesProbes(attempt);
  watchProbes(phase, answered);
  judge(draft, attempt);
}

function msOf(value: unknown): number {
  return typeof value === "number" && value >= 0 ? value : 0;
}

/** It has no probes, or cannot be asked: asking again is no use. */
export function refusesProbes(attempt: AttemptState): void {
  if (attempt.phase.name === "verifying")
    attempt.phase.probing = { asked: PROBE_ASKS, ...attempt.phase.probing, mute: true };
}
