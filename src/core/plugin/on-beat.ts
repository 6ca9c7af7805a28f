/** A heartbeat: what it says is observed, what it implies for the attempt under way is drawn, findings are reviewed. */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { counterDelta } from "../counter-delta.ts";
import { markVersionChange, observeBeat } from "../detection.ts";
import type { Sums } from "../rolling-window.ts";
import { excludeFix } from "./attempts.ts";
import { finishCommand } from "./commands.ts";
import type { Draft } from "./draft.ts";
import { reopenIncident } from "./incidents.ts";
import { applyFailed } from "./on-report.ts";
import { review } from "./review.ts";
import type { AttemptState } from "./state.ts";
import { backAgain, commandOf, goBack, judge, startVerifying } from "./verifying.ts";

export function onBeat(draft: Draft, beat: HeartbeatData): void {
  const { state, now } = draft;
  const counted = beat.counters ? counterDelta(state.counters, beat.boot_id, beat.counters) : null;
  // What the first beat after a change counts belongs to what ran before, unless the counters began again with it.
  const fresh = beat.version !== state.version || isFirstOfWatch(state.attempt);
  const restarted = beat.boot_id !== state.bootId;
  if (fresh && restarted) state.detection = markVersionChange(state.detection, beat.version, now);
  state.detection = observeBeat(state.detection, beat, now);
  if (fresh && !restarted) state.detection = markVersionChange(state.detection, beat.version, now);

  state.seq = beat.seq;
  state.bootId = beat.boot_id;
  state.lastBeatAt = now;
  state.version = beat.version;
  state.runState = beat.state;
  state.cadence = beat.cadence;
  if (beat.env) state.env = beat.env;
  if (counted) state.counters = counted.mark;

  followCommit(draft, beat);
  if (state.attempt)
    followAttempt(draft, state.attempt, beat, fresh && !restarted ? null : (counted?.delta ?? null));
  review(draft);
}

function isFirstOfWatch(attempt: AttemptState | null): boolean {
  return attempt?.phase.name === "verifying" && attempt.phase.beats === 0;
}

/** The commit is repeated until the plugin runs the version outside probation; a plugin that fell back re-opens its incident. */
function followCommit(draft: Draft, beat: HeartbeatData): void {
  const { state, now } = draft;
  const { commit } = state;
  if (commit === null) return;
  if (beat.version === commit.version) {
    if (beat.state !== "probation" || now >= commit.expiresAt) state.commit = null;
    return;
  }
  state.commit = null;
  const incident = state.incidents.find((open) => open.healedBy?.attemptId === commit.attemptId);
  if (!incident?.healedBy) return;
  excludeFix(state, incident, incident.healedBy.action, incident.healedBy.version, now);
  reopenIncident(
    draft,
    incident,
    `The shop went back to ${beat.version} before the commit of ${commit.version} arrived.`,
  );
}

function followAttempt(
  draft: Draft,
  attempt: AttemptState,
  beat: HeartbeatData,
  /** Null when nothing was counted, or when it belongs to the version before. */
  delta: Sums | null,
): void {
  const { phase, row } = attempt;
  switch (phase.name) {
    case "pending":
    case "awaiting_approval":
    case "staging":
      return;
    case "applying":
      return followApplying(draft, attempt, beat);
    case "verifying":
      if (row.target_version !== null && beat.version !== row.target_version) {
        const why = `The shop runs ${beat.version} again, not ${row.target_version}.`;
        return beat.version === row.from_version
          ? backAgain(draft, attempt, why)
          : goBack(draft, attempt, why);
      }
      phase.beats += 1;
      if (delta) addTotals(phase.totals, delta);
      for (const probe of beat.probes ?? []) {
        if (probe.ok) phase.probesOk += 1;
        else phase.probesFailed += 1;
      }
      return judge(draft, attempt);
    case "rolling_back":
      if (beat.version === row.from_version) backAgain(draft, attempt, phase.why);
      return;
    default:
      return phase satisfies never;
  }
}

/** The acknowledgement may be lost or late; the beat itself says which version runs and how the last command ended. */
function followApplying(draft: Draft, attempt: AttemptState, beat: HeartbeatData): void {
  const { phase, row } = attempt;
  if (phase.name !== "applying" || !phase.handedOver) return;
  const last = beat.last_command?.id === phase.commandId ? beat.last_command.outcome : null;
  if (last === "restored" || last === "rolled_back")
    return applyFailed(
      draft,
      attempt,
      "restored",
      "The shop reports that it restored its last good version.",
    );
  if (last === "failed" || last === "rejected")
    return applyFailed(draft, attempt, "internal", `The shop reports that the command was ${last}.`);
  if (row.target_version !== null && beat.version === row.target_version) {
    const command = commandOf(draft, attempt);
    if (command) finishCommand(draft, command, "acknowledged");
    startVerifying(draft, attempt);
  }
}

function addTotals(into: Sums, delta: Sums): void {
  into.errors += delta.errors;
  into.requests += delta.requests;
  into.webhooks_sent += delta.webhooks_sent;
  into.webhooks_failed += delta.webhooks_failed;
}
