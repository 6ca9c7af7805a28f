/** The attempt's verbs: begin, move along the arrows, finish. At most one attempt is in flight per plugin. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Decision, Outcome } from "../../contract/decision.ts";
import type { AttemptStatus } from "../../contract/incident.ts";
import { mayMove } from "../attempt-transitions.ts";
import { stepBetween } from "../semver.ts";
import { type Draft, incidentById, note, notify, recordAttempt } from "./draft.ts";
import { escalateIncident, setIncidentStatus, titleOf } from "./incidents.ts";
import {
  type AttemptState,
  type ChosenRelease,
  EXCLUDED_LIMIT,
  HISTORY_LIMIT,
  HISTORY_MS,
  type IncidentState,
  inShopsHands,
  iso,
  keyOf,
  type Phase,
  type PluginState,
} from "./state.ts";
import { PENDING_LIMIT_MS } from "./tuning.ts";
import { dropWorkOf, startWork } from "./work.ts";

/** What a person approves, in one digest: the exact change and the exact evidence for it. */
export function evidenceHash(
  incident: IncidentState,
  decision: Decision,
  release: ChosenRelease | null,
): string {
  const evidence = [
    decision.action,
    decision.patch_version ?? null,
    release?.sha256 ?? null,
    decision.config ?? null,
    incident.row.id,
    incident.row.signature,
    incident.row.severity,
    incident.row.signal,
    incident.row.version,
  ];
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(evidence))));
}

export interface NewAttempt {
  incident: IncidentState;
  decision: Decision;
  release: ChosenRelease | null;
  /** A person's id, or null for Vigie itself. */
  requestedBy: string | null;
}

export function beginAttempt(draft: Draft, input: NewAttempt): AttemptState {
  const { state, now } = draft;
  const { incident, decision } = input;
  state.numbers.attempt += 1;
  // A fix that is replaced is no longer watched: the end of its bake must not close this attempt's incident.
  incident.bakeUntil = null;
  incident.healedBy = null;
  // A version named beside another action is a slip of the decision service: nothing would ever bring it about.
  const versioned = decision.action === "patch" || decision.action === "rollback";
  const target = versioned ? (decision.patch_version ?? null) : null;
  const release = versioned ? input.release : null;
  const attempt: AttemptState = {
    automatic: input.requestedBy === null,
    release,
    config:
      decision.action === "resubscribe" ? { webhook_subscription: "active" } : (decision.config ?? null),
    deadManAt: null,
    phase: { name: "pending", until: now + PENDING_LIMIT_MS },
    row: {
      id: `att_${keyOf(state.id)}_${state.numbers.attempt}`,
      revision: 0,
      incident_id: incident.row.id,
      plugin_id: state.id,
      merchant_id: state.merchantId,
      product: state.product,
      action: decision.action,
      from_version: state.version,
      target_version: target,
      sha256: release?.sha256 ?? null,
      step: target === null ? null : stepBetween(state.version, target),
      status: "pending",
      requested_by: input.requestedBy ?? "vigie",
      decision,
      evidence_hash: evidenceHash(incident, decision, release),
      approvals_needed: 0,
      approvals: [],
      gate: [],
      handover_gate: null,
      staging: null,
      health: null,
      command_id: null,
      reason: null,
      reverts: null,
      created_at: iso(now),
      staged_at: null,
      handed_over_at: null,
      executed_at: null,
      rolled_back_at: null,
      finished_at: null,
    },
  };
  state.attempt = attempt;
  recordAttempt(draft, attempt);
  setIncidentStatus(draft, incident, "healing");
  startWork(draft, { kind: "gate", attemptId: attempt.row.id });
  return attempt;
}

/**
 * Invariant 9: what the incident rests on has changed, so approvals given for it are void, and the gate is asked again.
 * Once the change is in the shop's hands its health check judges it.
 */
export function renewEvidence(draft: Draft, incident: IncidentState): void {
  const { attempt } = draft.state;
  if (attempt === null || attempt.row.incident_id !== incident.row.id || inShopsHands(attempt)) return;
  const hash = evidenceHash(incident, attempt.row.decision, attempt.release);
  if (hash === attempt.row.evidence_hash) return;
  attempt.row.evidence_hash = hash;
  recordAttempt(draft, attempt);
  if (attempt.row.approvals.length > 0)
    note(draft, incident, {
      kind: "approvals_void",
      text: "What was approved has changed: it has to be approved again.",
      attemptId: attempt.row.id,
    });
  if (attempt.phase.name !== "awaiting_approval") return;
  dropWorkOf(draft, { attemptId: attempt.row.id });
  startWork(draft, { kind: "gate", attemptId: attempt.row.id });
}

/** Moves to a phase whose name is also the ledger's status. An arrow that does not exist is a bug, and throws. */
export function moveAttempt(draft: Draft, attempt: AttemptState, phase: Phase): void {
  if (attempt.row.status !== phase.name) assertMove(attempt.row.status, phase.name);
  attempt.phase = phase;
  attempt.row.status = phase.name;
  recordAttempt(draft, attempt);
}

function assertMove(from: AttemptStatus, to: AttemptStatus): void {
  if (!mayMove(from, to)) throw new Error(`attempt may not move from ${from} to ${to}`);
}

export type Ending =
  | "success"
  | "rolled_back"
  | "rollback_failed"
  | "failed"
  | "expired"
  | "rejected"
  | "cancelled";

const TEACHES: Partial<Record<Ending, Outcome>> = {
  success: "success",
  rolled_back: "rolled_back",
  rollback_failed: "rolled_back",
  failed: "failed",
};

export interface EndOptions {
  /** False when the failure says nothing about the fix (our staging runner was away): nothing is learned, nothing excluded. */
  aboutTheFix?: boolean;
  /** False when whoever ends the attempt sees to its incident in the same step: nobody is woken for it. */
  escalate?: boolean;
}

/** Ends the attempt, reports it to SIRA, release and fleet, and sees to its incident. */
export function endAttempt(
  draft: Draft,
  attempt: AttemptState,
  ending: Ending,
  reason: string,
  options: EndOptions = {},
): void {
  const { state, now } = draft;
  assertMove(attempt.row.status, ending);
  attempt.row.status = ending;
  attempt.row.reason = reason.slice(0, 500);
  attempt.row.finished_at = iso(now);
  if (ending === "rolled_back") attempt.row.rolled_back_at = iso(now);
  recordAttempt(draft, attempt);
  state.attempt = null;
  dropWorkOf(draft, { attemptId: attempt.row.id });
  rememberHistory(state, attempt, now);

  const incident = incidentById(state, attempt.row.incident_id);
  const outcome = options.aboutTheFix === false ? undefined : TEACHES[ending];
  if (incident && outcome && outcome !== "success")
    excludeFix(state, incident, attempt.row.action, attempt.row.target_version, now);
  report(draft, attempt, incident, outcome, reason);
  if (incident) tellIncident(draft, incident, attempt, ending, reason, options.escalate ?? true);
}

function rememberHistory(state: PluginState, attempt: AttemptState, now: number): void {
  state.history.push({
    attemptId: attempt.row.id,
    at: now,
    automatic: attempt.automatic,
    outcome: attempt.row.status,
  });
  state.history = state.history.filter((past) => now - past.at < HISTORY_MS).slice(-HISTORY_LIMIT);
}

/** Invariant 11: a fix that failed for a signature is not tried again automatically on this plugin. */
export function excludeFix(
  state: PluginState,
  incident: IncidentState,
  action: AttemptState["row"]["action"],
  version: string | null,
  now: number,
): void {
  const { signature } = incident.row;
  // One entry per fix: a fix that fails again and again must not push the others out of the memory.
  const others = state.excluded.filter(
    (fix) => fix.signature !== signature || fix.action !== action || fix.version !== version,
  );
  state.excluded = [...others, { signature, action, version, at: now }].slice(-EXCLUDED_LIMIT);
}

function report(
  draft: Draft,
  attempt: AttemptState,
  incident: IncidentState | null,
  outcome: Outcome | undefined,
  reason: string,
): void {
  const { row } = attempt;
  const result = outcome ?? "cancelled";
  if (row.target_version !== null && attempt.release !== null)
    draft.outbox.push({
      to: "release",
      product: row.product,
      version: row.target_version,
      attemptId: row.id,
      outcome: result,
    });
  draft.outbox.push({ to: "fleet", report: "finished", attemptId: row.id, outcome: result });
  if (outcome === undefined || incident === null) return;
  const feedback = {
    attempt_id: row.id,
    incident_id: row.incident_id,
    plugin_id: row.plugin_id,
    product: row.product,
    signature: incident.row.signature,
    env: draft.state.env,
    from_version: row.from_version,
    action: row.action,
    ...(row.target_version === null ? {} : { target_version: row.target_version }),
    confidence: row.decision.confidence,
    outcome,
    reason: reason.slice(0, 500),
    finished_at: iso(draft.now),
  };
  draft.outbox.push({ to: "ledger", record: { kind: "feedback", row: feedback } }, { to: "sira", feedback });
}

function tellIncident(
  draft: Draft,
  incident: IncidentState,
  attempt: AttemptState,
  ending: Ending,
  reason: string,
  escalate: boolean,
): void {
  const change = describeChange(attempt);
  note(draft, incident, {
    kind: `attempt_${ending}`,
    text: `${change}: ${reason}`,
    attemptId: attempt.row.id,
  });
  switch (ending) {
    case "success":
      notify(
        draft,
        incident,
        "patched",
        "notice",
        `Healed: ${titleOf(draft, incident)}`,
        `${change}: ${reason}`,
      );
      return;
    case "rolled_back":
      notify(
        draft,
        incident,
        "rolled_back",
        "notice",
        `Rolled back: ${titleOf(draft, incident)}`,
        `${change}: ${reason}`,
      );
      return escalateIncident(draft, incident, `${change} was rolled back: ${reason}`);
    case "rollback_failed":
      notify(
        draft,
        incident,
        "rollback_failed",
        "page",
        `ROLLBACK FAILED: ${titleOf(draft, incident)}`,
        `${change}: ${reason}`,
      );
      return escalateIncident(draft, incident, `The rollback of ${change} failed: ${reason}`);
    case "failed":
    case "expired":
    case "cancelled":
      if (!escalate) return;
      return escalateIncident(draft, incident, `${change} ended as ${ending}: ${reason}`);
    case "rejected":
      return escalateIncident(draft, incident, `${change} was rejected: ${reason}`);
    default:
      return ending satisfies never;
  }
}

export function describeChange(attempt: AttemptState): string {
  const { action, from_version: from, target_version: to } = attempt.row;
  return to === null ? action : `${action} ${from} -> ${to}`;
}
