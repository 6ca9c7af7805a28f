/** What each action sends to the shop. Release files are named by digest; the client resolves the path against the API. */
import type { ConfigPayload, RollbackPayload, UpdatePayload } from "../../contract/command.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import { queueCommand } from "./commands.ts";
import type { Draft } from "./draft.ts";
import type { AttemptState, ChosenRelease, CommandState, Millis } from "./state.ts";
import { DEAD_MAN_SLACK_MS } from "./tuning.ts";

/** Seconds the shop's dead-man waits for the commit: longer than the health check may take, with room for a person. */
export function commitWithinS(intervals: PolicyDocument["intervals"]): number {
  return Math.min(86_400, intervals.verify_limit_s + DEAD_MAN_SLACK_MS / 1000);
}

function artifactOf(release: ChosenRelease) {
  return { release: release.signed, artifact_url: `/artifacts/${release.sha256}` };
}

/** `readyAt`: not to be handed over before then. */
export function queueAttemptCommand(draft: Draft, attempt: AttemptState, readyAt?: Millis): CommandState {
  const command = queueChange(draft, attempt, readyAt);
  command.change = {
    attemptId: attempt.row.id,
    incidentId: attempt.row.incident_id,
    reversible: attempt.release === null || attempt.release.reversible,
  };
  return command;
}

function queueChange(draft: Draft, attempt: AttemptState, readyAt?: Millis): CommandState {
  const ttlMs = draft.policy.intervals.command_ttl_s * 1000;
  const attemptId = attempt.row.id;
  if (attempt.restores !== undefined) return queueRestore(draft, attempt, attempt.restores, readyAt);
  if (attempt.config !== null) {
    // A subscription that is switched on again stays on: there is nothing to go back to.
    const final = attempt.row.action === "resubscribe";
    const payload: ConfigPayload = {
      attempt_id: attemptId,
      set: attempt.config,
      ...(final ? {} : { commit_within_s: commitWithinS(draft.policy.intervals) }),
    };
    return queueCommand(draft, { attemptId, type: "config", ttlMs, payload, readyAt });
  }
  if (attempt.row.action === "rollback")
    return queueRollback(
      draft,
      attempt,
      attempt.row.target_version ?? attempt.row.from_version,
      attempt.row.decision.explanation,
      readyAt,
    );
  if (attempt.release === null) throw new Error(`attempt ${attemptId} has no release to apply`);
  const payload: UpdatePayload = {
    attempt_id: attemptId,
    ...artifactOf(attempt.release),
    commit_within_s: commitWithinS(draft.policy.intervals),
    ...(attempt.row.step === "downgrade" ? { allow_downgrade: true } : {}),
  };
  return queueCommand(draft, { attemptId, type: "update", ttlMs, payload, readyAt });
}

/** Takes the settings of that command back. The shop kept the former ones; they never left it. */
export function queueRestore(
  draft: Draft,
  attempt: AttemptState,
  commandId: string,
  readyAt?: Millis,
): CommandState {
  const payload: ConfigPayload = { attempt_id: attempt.row.id, set: {}, restore: commandId };
  const ttlMs = draft.policy.intervals.command_ttl_s * 1000;
  return queueCommand(draft, { attemptId: attempt.row.id, type: "config", ttlMs, payload, readyAt });
}

export function queueRollback(
  draft: Draft,
  attempt: AttemptState,
  toVersion: string,
  reason: string,
  readyAt?: Millis,
): CommandState {
  const wanted = attempt.row.action === "rollback" && attempt.row.target_version === toVersion;
  const held = wanted && attempt.release !== null ? artifactOf(attempt.release) : {};
  const payload: RollbackPayload = {
    attempt_id: attempt.row.id,
    to_version: toVersion,
    reason: reason.slice(0, 500),
    ...held,
  };
  const ttlMs = draft.policy.intervals.command_ttl_s * 1000;
  return queueCommand(draft, { attemptId: attempt.row.id, type: "rollback", ttlMs, payload, readyAt });
}
