/** Version drift: the shop runs what nobody here ordered. It is noted and followed, never assumed away. */
import { type Draft, note } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { reopenIncident } from "./incidents.ts";
import { followLate, lateReturns } from "./late-return.ts";
import type { AttemptState, IncidentState, PluginState } from "./state.ts";
import { changedTo, dropLiveCommand } from "./way-back.ts";

/** What the shop may run as far as is known here: what it ran, and what the change under way leads to or came from. */
export function orderedVersions(state: PluginState): ReadonlySet<string> {
  const ordered = new Set([state.version]);
  const { attempt, commit } = state;
  if (attempt !== null && mayBeApplied(attempt)) {
    ordered.add(attempt.row.from_version);
    if (attempt.row.target_version !== null) ordered.add(attempt.row.target_version);
  }
  if (commit !== null) {
    ordered.add(commit.version);
    // Its dead-man may be faster than our commit.
    const from = state.inPlace?.find(({ attemptId }) => attemptId === commit.attemptId)?.from;
    if (from !== undefined) ordered.add(from);
  }
  for (const version of lateReturns(state)) ordered.add(version);
  return ordered;
}

/** It was in the shop's hands at least once. */
function mayBeApplied({ phase }: AttemptState): boolean {
  if (phase.name === "applying") return phase.handedOver || phase.tries > 1;
  return phase.name === "verifying" || phase.name === "rolling_back";
}

/** A version that the attempt neither leads to nor came from: somebody else was at work in the shop. */
export function isForeign(attempt: AttemptState, version: string): boolean {
  return version !== attempt.row.from_version && version !== attempt.row.target_version;
}

/** A report, not a beat, says which version runs. */
export function seeVersion(draft: Draft, version: string | undefined): void {
  const { state } = draft;
  if (version === undefined || version === state.version) return;
  const ordered = orderedVersions(state).has(version);
  const before = state.version;
  changedTo(draft, version);
  if (!ordered) followDrift(draft, before, version);
  followLate(draft, version);
}

/** Told on every open incident; a fix that is watched is no longer what runs. */
export function followDrift(
  draft: Draft,
  from: string,
  to: string,
  text = `The shop runs ${to} instead of ${from}, and no attempt under way ordered that.`,
): void {
  for (const incident of [...draft.state.incidents]) {
    note(draft, incident, { kind: "version_drift", text, data: { from, to } });
    if (incident.row.status === "baking") fixIsGone(draft, incident, to, text);
  }
}

/** Back to the version of the fault: it is to be expected again, and nobody's fix has failed. Anything else is watched on. */
function fixIsGone(draft: Draft, incident: IncidentState, to: string, text: string): void {
  const { state } = draft;
  const fix = incident.healedBy;
  // The commit that has not arrived says more; see `commit.ts`.
  if (fix === null || fix.version === to || state.commit?.attemptId === fix.attemptId) return;
  const before = state.inPlace?.find(({ attemptId }) => attemptId === fix.attemptId)?.from;
  if (to === before) return reopenIncident(draft, incident, text);
  incident.healedBy = null;
}

/** The attempt ends as what it came to: somebody put a third version there, which is not ours to take back. */
export function endDrifted(draft: Draft, attempt: AttemptState, version: string): void {
  const { from_version: from, target_version: target } = attempt.row;
  const back = attempt.phase.name === "rolling_back";
  const wanted = back ? from : (target ?? from);
  dropLiveCommand(draft, attempt);
  endAttempt(
    draft,
    attempt,
    back ? "rollback_failed" : "failed",
    `The shop runs ${version} instead of ${wanted}, which nobody here ordered: somebody else changes it.`,
    { aboutTheFix: false },
  );
}
