/** The attempt's verbs: begin, renew its evidence, move along the arrows. At most one attempt is in flight per plugin. Its end is in `end-attempt.ts`. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { AttemptStatus } from "../../contract/attempt.ts";
import type { Decision } from "../../contract/decision.ts";
import { mayMove } from "../attempt-transitions.ts";
import { stepBetween } from "../semver.ts";
import { freezeBaseline } from "./baseline.ts";
import { type Draft, note, recordAttempt } from "./draft.ts";
import { setIncidentStatus } from "./incidents.ts";
import {
  type AttemptState,
  type ChosenRelease,
  type IncidentState,
  inShopsHands,
  iso,
  keyOf,
  type Phase,
  type PluginState,
} from "./state.ts";
import { PENDING_LIMIT_MS, STOPPED_LIMIT_MS } from "./tuning.ts";
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
    ...(decision.remedy === undefined ? [] : [decision.remedy]),
  ];
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(evidence))));
}

export interface NewAttempt {
  incident: IncidentState;
  decision: Decision;
  release: ChosenRelease | null;
  /** A person's id, or null for Vigie itself. */
  requestedBy: string | null;
  /** The success that it takes back, by order. */
  reverts?: string;
  /** The command whose settings it takes back. */
  restores?: string;
  waitsOutStop?: true;
}

export function beginAttempt(draft: Draft, input: NewAttempt): AttemptState {
  const { state } = draft;
  const { incident } = input;
  state.numbers.attempt += 1;
  // A fix that is replaced is no longer watched: the end of its bake must not close this attempt's incident.
  incident.bakeUntil = null;
  incident.healedBy = null;
  const attempt = attemptOf(state, input, state.numbers.attempt, draft.now);
  state.attempt = attempt;
  recordAttempt(draft, attempt);
  setIncidentStatus(draft, incident, "healing");
  startWork(draft, { kind: "gate", attemptId: attempt.row.id });
  return attempt;
}

/** Milliseconds for which it may wait for facts, for a slot, or for commands to leave again. */
export function waitLimitMs({ waitsOutStop }: Pick<AttemptState, "waitsOutStop">): number {
  return waitsOutStop ? STOPPED_LIMIT_MS : PENDING_LIMIT_MS;
}

/** The attempt as it would begin; changes nothing. */
export function attemptOf(state: PluginState, input: NewAttempt, number: number, now: number): AttemptState {
  const { incident, decision } = input;
  // A version named beside another action is a slip of the decision service: nothing would ever bring it about.
  const versioned = decision.action === "patch" || decision.action === "rollback";
  const target = versioned ? (decision.patch_version ?? null) : null;
  const release = versioned ? input.release : null;
  return {
    automatic: input.requestedBy === null,
    baseline: freezeBaseline(state, incident),
    release,
    config:
      decision.action === "resubscribe" ? { webhook_subscription: "active" } : (decision.config ?? null),
    deadManAt: null,
    ...(input.restores === undefined ? {} : { restores: input.restores }),
    ...(input.waitsOutStop ? { waitsOutStop: true as const } : {}),
    phase: { name: "pending", until: now + waitLimitMs(input) },
    row: {
      id: `att_${keyOf(state.id)}_${number}`,
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
      asked_until: null,
      command_id: null,
      reason: null,
      ...(decision.action === "config" && decision.remedy !== undefined ? { remedy: decision.remedy } : {}),
      reverts: input.reverts ?? null,
      created_at: iso(now),
      staged_at: null,
      handed_over_at: null,
      executed_at: null,
      rolled_back_at: null,
      finished_at: null,
    },
  };
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
  attempt.row.asked_until = null;
  recordAttempt(draft, attempt);
}

/** Throws on an arrow that does not exist. */
export function assertMove(from: AttemptStatus, to: AttemptStatus): void {
  if (!mayMove(from, to)) throw new Error(`attempt may not move from ${from} to ${to}`);
}

export function describeChange(attempt: AttemptState): string {
  const { action, from_version: from, target_version: to, remedy } = attempt.row;
  if (to !== null) return `${action} ${from} -> ${to}`;
  return remedy ? `${action} ${remedy}` : action;
}
