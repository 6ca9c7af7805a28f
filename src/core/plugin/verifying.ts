/** After the change: the watch, its verdict, the commit or the way back. */
import type { IncidentType } from "../../contract/incident.ts";
import { findings, markVersionChange } from "../detection.ts";
import { describeChange, moveAttempt } from "./attempts.ts";
import { commitWithinS, queueRollback } from "./command-payload.ts";
import { finishCommand, isLive } from "./commands.ts";
import { commandById, type Draft, incidentById, note, notify, recordAttempt } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { healthVerdict } from "./health-check.ts";
import { newHealthEvidence } from "./health-evidence.ts";
import { bakeIncident, titleOf } from "./incidents.ts";
import { type AttemptState, iso, type PluginState } from "./state.ts";
import { judgeTakingBack } from "./taking-back.ts";
import { ASK_MARGIN_MS, COMMAND_TRIES, PROBATION_SILENCE_BEATS } from "./tuning.ts";
import { baselineOf, type Verifying } from "./watching.ts";

/** The plugin reports the new version (or the new settings): the health check's clock starts. */
export function startVerifying(draft: Draft, attempt: AttemptState): void {
  const { intervals } = draft.policy;
  const { state } = draft;
  // Evidence against what ran before says nothing about what runs now.
  changedTo(draft, attempt.row.target_version ?? state.version);
  attempt.row.executed_at = iso(draft.now);
  attempt.deadManAt = draft.now + commitWithinS(intervals) * 1000;
  moveAttempt(draft, attempt, {
    name: "verifying",
    startedAt: draft.now,
    checkAt: draft.now + intervals.verify_s * 1000,
    limitAt: draft.now + intervals.verify_limit_s * 1000,
    askedUntil: null,
    beats: 0,
    totals: { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 },
    probesOk: 0,
    probesFailed: 0,
    evidence: newHealthEvidence(draft.now),
  });
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident)
    note(draft, incident, {
      kind: "applied",
      text: `${describeChange(attempt)} is applied; watched for ${intervals.verify_s} s.`,
      attemptId: attempt.row.id,
    });
}

/** Judges the change under watch; on beats, on its deadlines, and when a person asked has not answered. */
export function judge(draft: Draft, attempt: AttemptState): void {
  const { state, now, policy } = draft;
  const { phase } = attempt;
  if (phase.name !== "verifying") return;
  if (attempt.row.reverts !== null) return judgeTakingBack(draft, attempt);
  if (now >= phase.checkAt) phase.checked = true;
  const incident = incidentById(state, attempt.row.incident_id);
  const original = incident?.row.type ?? "webhook_fail_rate";
  const verdict = healthVerdict({
    now,
    startedAt: phase.startedAt,
    checkAt: phase.checkAt,
    limitAt: phase.limitAt,
    probationS: policy.intervals.probation_s,
    lastBeatAt: state.lastBeatAt,
    beats: phase.beats,
    probesOk: phase.probesOk,
    probesFailed: phase.probesFailed,
    totals: phase.totals,
    baseline: baselineOf(draft, attempt),
    evidence: phase.evidence ?? newHealthEvidence(phase.startedAt),
    findings: findings(state.detection, now, state.askedS * 1000),
    original,
    known: knownElsewhere(state, attempt),
    takesBack: attempt.row.reverts !== null,
  });
  if (verdict === null) return;
  switch (verdict.verdict) {
    case "healthy":
      attempt.row.health = verdict;
      return succeed(draft, attempt, verdict.explanation);
    case "unhealthy":
      attempt.row.health = verdict;
      return goBack(draft, attempt, verdict.explanation);
    case "inconclusive":
      if (phase.askedUntil === null) {
        attempt.row.health = verdict;
        return askPerson(draft, attempt, phase, verdict.explanation);
      }
      if (now >= phase.askedUntil)
        goBack(draft, attempt, `Inconclusive, and nobody answered. ${verdict.explanation}`);
      return;
    default:
      return verdict.verdict satisfies never;
  }
}

/** Another open incident is about these already: the change did not promise to mend them, and did not bring them. */
function knownElsewhere(state: PluginState, attempt: AttemptState): IncidentType[] {
  return state.incidents
    .filter(({ row }) => row.id !== attempt.row.incident_id && row.status !== "baking")
    .map(({ row }) => row.type);
}

function askPerson(draft: Draft, attempt: AttemptState, phase: Verifying, why: string): void {
  const answerBy = (attempt.deadManAt ?? draft.now) - ASK_MARGIN_MS;
  // The object slept through the time to ask: nobody could answer before the shop goes back by itself.
  if (answerBy <= draft.now)
    return goBack(draft, attempt, `Inconclusive, and too late to ask anybody. ${why}`);
  phase.askedUntil = answerBy;
  recordAttempt(draft, attempt);
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident === null) return;
  const text = `${why} Approve to keep ${describeChange(attempt)}, reject to go back; it goes back by itself at ${iso(phase.askedUntil)}.`;
  note(draft, incident, { kind: "inconclusive", text, attemptId: attempt.row.id });
  notify(draft, incident, "approval_needed", "page", `Keep this change? ${titleOf(draft, incident)}`, text);
}

/** The change is good: commit it in the shop, watch the incident through its bake. */
export function succeed(draft: Draft, attempt: AttemptState, why: string): void {
  keepInShop(draft, attempt);
  const incident = incidentById(draft.state, attempt.row.incident_id);
  endAttempt(draft, attempt, "success", why);
  if (incident)
    bakeIncident(draft, incident, {
      attemptId: attempt.row.id,
      action: attempt.row.action,
      version: attempt.row.target_version,
      ...(attempt.row.remedy ? { remedy: attempt.row.remedy } : {}),
    });
}

/** Sends the commit with every reply until the plugin has left probation. Only an update is provisional. */
function keepInShop(draft: Draft, attempt: AttemptState): void {
  const { command_id: commandId, target_version: version } = attempt.row;
  if (attempt.row.action !== "patch" || commandId === null || version === null) return;
  const expiresAt = attempt.deadManAt ?? draft.now + commitWithinS(draft.policy.intervals) * 1000;
  draft.state.commit = { commandId, attemptId: attempt.row.id, version, expiresAt };
}

/** The change is bad: back to the last good version, or, when going back would be worse, freeze and page. */
export function goBack(draft: Draft, attempt: AttemptState, why: string): void {
  if (attempt.row.action !== "patch") return endAttempt(draft, attempt, "failed", why);
  if (attempt.release !== null && !attempt.release.reversible) {
    keepInShop(draft, attempt);
    return endAttempt(
      draft,
      attempt,
      "failed",
      `The release cannot be taken back and was left in place. ${why}`,
    );
  }
  dropLiveCommand(draft, attempt);
  const command = queueRollback(draft, attempt, attempt.row.from_version, why);
  const { apply_s, probation_s } = draft.policy.intervals;
  const graceMs = (apply_s + PROBATION_SILENCE_BEATS * probation_s) * 1000;
  const deadMan = attempt.deadManAt ?? draft.now + commitWithinS(draft.policy.intervals) * 1000;
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident)
    note(draft, incident, {
      kind: "rolling_back",
      text: `Going back to ${attempt.row.from_version}: ${why}`,
      attemptId: attempt.row.id,
      data: { health: attempt.row.health },
    });
  moveAttempt(draft, attempt, {
    name: "rolling_back",
    commandId: command.row.id,
    // Without the network the shop's own dead-man goes back first; only after it has had its turn is this a failure.
    until: Math.max(deadMan, draft.now) + graceMs,
    why,
  });
}

export function dropLiveCommand(draft: Draft, attempt: AttemptState): void {
  for (const command of draft.state.commands)
    if (command.row.attempt_id === attempt.row.id && isLive(command))
      finishCommand(draft, command, "superseded");
}

/** The way back was not carried out for a reason that may pass: order it again, a few times. */
export function orderBackAgain(
  draft: Draft,
  attempt: AttemptState,
  phase: Extract<AttemptState["phase"], { name: "rolling_back" }>,
): void {
  const tries = phase.tries ?? 1;
  if (tries >= COMMAND_TRIES || draft.now >= phase.until) return;
  const command = queueRollback(draft, attempt, attempt.row.from_version, phase.why);
  moveAttempt(draft, attempt, { ...phase, commandId: command.row.id, tries: tries + 1 });
}

/** The shop could not go back either: whatever it runs now, a person must look. */
export function backFailed(draft: Draft, attempt: AttemptState, why: string): void {
  dropLiveCommand(draft, attempt);
  if (attempt.row.status === "applying")
    moveAttempt(draft, attempt, { name: "rolling_back", commandId: null, until: draft.now, why });
  endAttempt(draft, attempt, "rollback_failed", why);
}

/** What runs now is not what the evidence is about: it is dropped, and the next beat is not counted against it either. */
export function changedTo(draft: Draft, version: string): void {
  const { state, now } = draft;
  state.version = version;
  state.changedAt = now;
  state.detection = markVersionChange(state.detection, version, now);
}

/** The last good version runs again: by our command, or because the shop's dead-man restored it. */
export function backAgain(draft: Draft, attempt: AttemptState, why: string): void {
  dropLiveCommand(draft, attempt);
  if (attempt.row.status !== "rolling_back")
    moveAttempt(draft, attempt, { name: "rolling_back", commandId: null, until: draft.now, why });
  endAttempt(draft, attempt, "rolled_back", why);
}

export function commandOf(draft: Draft, attempt: AttemptState) {
  return attempt.row.command_id === null ? null : commandById(draft.state, attempt.row.command_id);
}
