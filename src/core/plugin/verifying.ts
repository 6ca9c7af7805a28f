/** After the change: the watch and its verdict. The way back is in `way-back.ts`. */
import { type Finding, findings } from "../detect/detection.ts";
import { newErrorFinding } from "../detect/new-error.ts";
import { describeChange, moveAttempt } from "./attempts.ts";
import { freezeBesides, incidentsBesides } from "./baseline.ts";
import { commitWithinS } from "./command-payload.ts";
import { type Draft, incidentById, note, notify, recordAttempt } from "./draft.ts";
import { endAttempt, isUnproved } from "./end-attempt.ts";
import { healthVerdict } from "./health-check.ts";
import { newHealthEvidence } from "./health-evidence.ts";
import { elsewhereNats } from "./health-prior.ts";
import { bakeIncident, titleOf } from "./incidents.ts";
import { failedBefore } from "./probes-before.ts";
import { type AttemptState, iso } from "./state.ts";
import { judgeTakingBack } from "./taking-back.ts";
import { ASK_MARGIN_MS, TAKEN_BACK_LIMIT_MS } from "./tuning.ts";
import { watchSilentAt } from "./watch-silence.ts";
import { baselineOf, type Verifying } from "./watching.ts";
import { changedTo, goBack, keepInShop } from "./way-back.ts";
import type { Baseline } from "./yardstick.ts";

/** The plugin reports the new version (or the new settings): the health check's clock starts. */
export function startVerifying(draft: Draft, attempt: AttemptState): void {
  const { intervals } = draft.policy;
  const { state } = draft;
  // Evidence against what ran before says nothing about what runs now.
  changedTo(draft, attempt.row.target_version ?? state.version);
  const baseline = baselineOf(draft, attempt);
  attempt.baseline = {
    ...baseline,
    besides: freezeBesides(state, attempt.row.incident_id, baseline, draft.now),
  };
  attempt.row.executed_at = iso(draft.now);
  attempt.deadManAt = draft.now + commitWithinS(intervals) * 1000;
  moveAttempt(draft, attempt, {
    name: "verifying",
    startedAt: draft.now,
    checkAt: draft.now + intervals.verify_s * 1000,
    limitAt: draft.now + Math.min(intervals.verify_limit_s * 1000, longestWatchMs(attempt)),
    askedUntil: null,
    beats: 0,
    totals: { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 },
    probesOk: 0,
    probesFailed: 0,
    evidence: newHealthEvidence(draft.now, failedBefore(state, attempt)),
  });
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident)
    note(draft, incident, {
      kind: "applied",
      text: `${describeChange(attempt)} is applied; watched for ${intervals.verify_s} s.`,
      attemptId: attempt.row.id,
    });
}

function longestWatchMs({ row }: AttemptState): number {
  return row.reverts === null ? Infinity : TAKEN_BACK_LIMIT_MS;
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
  const baseline = baselineOf(draft, attempt);
  const verdict = healthVerdict({
    now,
    startedAt: phase.startedAt,
    checkAt: phase.checkAt,
    limitAt: phase.limitAt,
    silentAt: watchSilentAt(state, phase, policy.intervals),
    resident: state.cadence === "resident",
    lastBeatAt: state.lastBeatAt,
    beats: phase.beats,
    probesOk: phase.probesOk,
    probesFailed: phase.probesFailed,
    totals: phase.totals,
    baseline,
    evidence: phase.evidence ?? newHealthEvidence(phase.startedAt),
    elsewhere: elsewhereNats(attempt.row.decision),
    findings: findingsSince(draft, baseline),
    original,
    known: incidentsBesides(state, attempt.row.incident_id).map(({ row }) => row.type),
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

/** An error that is an alarm already is another incident's; one that is none yet is the change's doing. */
function findingsSince({ state, now }: Draft, { besides }: Baseline): Finding[] {
  const { detection, askedS } = state;
  const { newErrors } = detection;
  const fresh = newErrors.fresh.filter(({ fingerprint }) => !besides?.fingerprints.includes(fingerprint));
  return findings(detection, now, askedS * 1000).map((finding) =>
    finding.type === "new_error" && fresh.length < newErrors.fresh.length
      ? newErrorFinding({ ...newErrors, fresh }, now)
      : finding,
  );
}

function askPerson(draft: Draft, attempt: AttemptState, phase: Verifying, why: string): void {
  const answerBy = (attempt.deadManAt ?? draft.now) - ASK_MARGIN_MS;
  // The object slept through the time to ask: nobody could answer before the shop goes back by itself.
  if (answerBy <= draft.now)
    return goBack(draft, attempt, `Inconclusive, and too late to ask anybody. ${why}`);
  phase.askedUntil = answerBy;
  attempt.row.asked_until = iso(answerBy);
  recordAttempt(draft, attempt);
  const incident = incidentById(draft.state, attempt.row.incident_id);
  if (incident === null) return;
  const text = `${why} Approve to keep ${describeChange(attempt)}, reject to go back; without an answer it goes back by itself at ${iso(answerBy)}, where it can be taken back.`;
  note(draft, incident, { kind: "inconclusive", text, attemptId: attempt.row.id });
  notify(draft, incident, "approval_needed", "page", `Keep this change? ${titleOf(draft, incident)}`, text);
}

/** The change is good, or a person keeps it: commit it in the shop, watch the incident through its bake. */
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
      ...(attempt.row.action === "config" && attempt.config ? { set: attempt.config } : {}),
      ...(isUnproved(attempt) ? { unproved: true } : {}),
    });
}
