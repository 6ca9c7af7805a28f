/** Answers of the outside to our requests: the decision, the staging report, or that there was none. */
import type { Decision } from "../../contract/decision.ts";
import type { ReleaseRecord } from "../../contract/ops.ts";
import type { SmokeReply } from "../../contract/staging.ts";
import { isGrave } from "../severity-rank.ts";
import { beginAttempt } from "./attempts.ts";
import { decideNotBefore } from "./bar.ts";
import { type Draft, incidentById, note, notify, recordIncident } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import type { GateFacts } from "./event.ts";
import { gateAgain } from "./gate-again.ts";
import { applyAttempt } from "./gating.ts";
import { escalateIncident, flappingText, titleOf } from "./incidents.ts";
import { shadowDecision } from "./shadow.ts";
import { type IncidentState, inShopsHands, iso, type Work } from "./state.ts";
import { triageFailed } from "./triage.ts";
import {
  ALTERNATIVE_CHARS,
  CONFIG_LIMIT,
  GATE_AWAY_MS,
  MONITOR_AGAIN_MS,
  MONITOR_TOLD,
  STAGING_LOG_CHARS,
} from "./tuning.ts";
import { retryWork, startWork } from "./work.ts";

/** While another attempt is in the shop a decision waits this long and is made afresh. */
const BUSY_AGAIN_MS = 60_000;

export function onDecided(
  draft: Draft,
  work: Work,
  decision: Decision,
  release: ReleaseRecord | null,
  shadow: GateFacts | null,
): void {
  if (work.kind !== "decide") return;
  const incident = incidentById(draft.state, work.incidentId);
  if (incident === null || incident.row.status === "baking") return;
  if (draft.state.attempt !== null)
    return startWork(draft, { kind: "decide", incidentId: work.incidentId }, draft.now + BUSY_AGAIN_MS);
  const { incidentId } = work;
  if (incident.row.flapping) return escalateIncident(draft, incident, flappingText(incident));
  // Muted, or a maintenance window began, while it was thought over: it is decided afresh when that ends.
  if (decideNotBefore(draft, incidentId) > draft.now) return startWork(draft, { kind: "decide", incidentId });
  const kept: Decision = {
    ...decision,
    alternatives: decision.alternatives.map((choice) => ({
      ...choice,
      explanation: choice.explanation.slice(0, ALTERNATIVE_CHARS),
    })),
  };
  incident.row.decision = kept;
  incident.row.decided_at ??= iso(draft.now);
  recordIncident(draft, incident);
  note(draft, incident, {
    kind: "decided",
    actor: decision.source,
    text: decision.explanation.slice(0, 900),
    data: {
      action: decision.action,
      version: decision.patch_version ?? null,
      confidence: decision.confidence,
    },
  });
  const flaw = flawOf(draft, decision, release);
  if (flaw !== null) return escalateIncident(draft, incident, flaw);
  if (decision.action !== "monitor") delete incident.watched;
  switch (decision.action) {
    case "monitor":
      watchOn(draft, incident);
      return startWork(draft, { kind: "decide", incidentId: work.incidentId }, draft.now + MONITOR_AGAIN_MS);
    case "escalate":
      return escalateIncident(draft, incident, decision.explanation);
    case "patch":
    case "rollback":
    case "config":
    case "resubscribe": {
      const change = release === null ? null : chosen(release);
      if (shadow !== null) return shadowDecision(draft, incident, kept, change, shadow);
      beginAttempt(draft, { incident, decision: kept, release: change, requestedBy: null });
      return;
    }
    default:
      return decision.action satisfies never;
  }
}

/** Nothing is done, and nobody would hear of it: after a while a person does, loudly when it is grave. */
function watchOn(draft: Draft, incident: IncidentState): void {
  incident.watched = (incident.watched ?? 0) + 1;
  if (incident.watched !== MONITOR_TOLD) return;
  const { severity, decision } = incident.row;
  const text = `It was decided ${MONITOR_TOLD} times to watch it, and it goes on. ${decision?.explanation ?? ""}`;
  note(draft, incident, { kind: "still_watched", text });
  const urgency = isGrave(severity) ? "page" : "notice";
  notify(
    draft,
    incident,
    "escalated",
    urgency,
    `Watched, and still there: ${titleOf(draft, incident)}`,
    text,
  );
}

/** Why a decision cannot be carried out, in words; null when it can. A decision service's answer is believed in nothing. */
function flawOf(draft: Draft, decision: Decision, release: ReleaseRecord | null): string | null {
  const { action, patch_version: version } = decision;
  if (action === "config") {
    const settings = Object.keys(decision.config ?? {}).length;
    return settings >= 1 && settings <= CONFIG_LIMIT
      ? null
      : `The decision names ${settings} settings to change.`;
  }
  if (action !== "patch" && action !== "rollback") return null;
  if (version === undefined) return `The decision names no version for its ${action}.`;
  if (version === draft.state.version) return `The shop already runs ${version}.`;
  if (action === "patch" && release === null) return `The release ${version} is not in the catalogue.`;
  return null;
}

export function chosen(release: ReleaseRecord) {
  const { version, sha256, reversible, signed } = release;
  return { version, sha256, reversible, signed };
}

export function onStaged(draft: Draft, work: Work, reply: SmokeReply): void {
  const { attempt } = draft.state;
  if (
    work.kind !== "stage" ||
    attempt === null ||
    attempt.row.id !== work.attemptId ||
    attempt.phase.name !== "staging"
  )
    return;
  const incident = incidentById(draft.state, attempt.row.incident_id);
  attempt.row.staging = reply.checks.map((check) => ({ ...check, log: check.log.slice(-STAGING_LOG_CHARS) }));
  attempt.row.staged_at = iso(draft.now);
  const failed = reply.checks.find((check) => !check.ok);
  const text = reply.ok
    ? `Staging passed ${reply.checks.length} checks in ${Math.round(reply.total_ms)} ms.`
    : `Staging failed at ${failed?.name ?? "an unnamed check"}: ${failed?.reason ?? "no reason given"}.`;
  if (incident)
    note(draft, incident, {
      kind: reply.ok ? "staged" : "staging_failed",
      text,
      attemptId: attempt.row.id,
      data: { ms: reply.total_ms },
    });
  if (reply.ok) return applyAttempt(draft, attempt);
  // A file that our own runner could not fetch says nothing about the fix.
  endAttempt(draft, attempt, "failed", text, { aboutTheFix: failed?.name !== "download" });
}

/** What passed the gate once, or waits for people, is not given up because the facts cannot be had again for a while. */
function heldAgainLater(draft: Draft, work: Extract<Work, { kind: "gate" }>): boolean {
  const { attempt } = draft.state;
  if (attempt === null || attempt.row.id !== work.attemptId || attempt.phase.name === "pending") return false;
  gateAgain(draft, attempt, GATE_AWAY_MS);
  return true;
}

/** No answer. Retried with back-off; when the tries are used up, or it can never succeed, the subject is given to a person. */
export function onWorkFailed(draft: Draft, work: Work, why: string, final: boolean): void {
  if (work.kind === "gate" && !final && heldAgainLater(draft, work)) return;
  if (!final && retryWork(draft, work)) return;
  switch (work.kind) {
    case "triage":
      return triageFailed(draft, work.incidentId, why);
    case "decide": {
      const incident = incidentById(draft.state, work.incidentId);
      if (incident) escalateIncident(draft, incident, `No decision could be had: ${why}`);
      return;
    }
    case "gate":
    case "stage": {
      const { attempt } = draft.state;
      if (attempt === null || attempt.row.id !== work.attemptId || inShopsHands(attempt)) return;
      const what =
        work.kind === "gate" ? "the policy gate's facts could not be had" : "staging could not be reached";
      return endAttempt(draft, attempt, "failed", `${what}: ${why}`, { aboutTheFix: false });
    }
    default:
      return work satisfies never;
  }
}
