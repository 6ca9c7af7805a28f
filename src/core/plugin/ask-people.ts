/** An attempt that waits for people: before it has begun, or called back as its command was about to leave. */
import { describeVerdict, type GateResult, type GateSubject } from "../policy/gate.ts";
import { snapshotOf } from "../policy/gate-snapshot.ts";
import { moveAttempt } from "./attempts.ts";
import { type Draft, note, notify } from "./draft.ts";
import type { GateFacts } from "./event.ts";
import { gateAgain } from "./gate-again.ts";
import { titleOf } from "./incidents.ts";
import { type AttemptState, type IncidentState, isListed, subjectOf } from "./state.ts";
import { PENDING_LIMIT_MS } from "./tuning.ts";
import { dropLiveCommand } from "./way-back.ts";

/** A row a minute for each attempt that waits would say nothing new: only a verdict that changed is kept. */
export function keepVerdicts(
  { row, phase }: AttemptState,
  result: GateResult,
  subject: GateSubject,
): boolean {
  const gist = (verdicts: GateResult["verdicts"]) =>
    verdicts.map(({ rule, outcome }) => `${rule} ${outcome}`).join();
  const needed = Math.min(result.approvalsNeeded, 10);
  const same = gist(row.gate) === gist(result.verdicts) && row.approvals_needed === needed;
  const waits = phase.name === "awaiting_approval" && result.outcome === "wait_approval";
  if (same && (waits || result.outcome === "wait_canary" || result.outcome === "forbid")) return false;
  row.gate = result.verdicts;
  row.gate_facts = snapshotOf(subject);
  row.approvals_needed = needed;
  return true;
}

/** `before`: what people are told first. `limitAt`: it waits no longer than until then, ms since epoch. */
export function awaitApproval(
  draft: Draft,
  attempt: AttemptState,
  incident: IncidentState,
  { policy }: GateFacts,
  { before = "", limitAt = Number.POSITIVE_INFINITY }: { before?: string; limitAt?: number } = {},
): void {
  const asking = askingOf(attempt.row.gate).map((verdict) => verdict.rule);
  const text = `${before}${attempt.row.approvals_needed} approval(s) needed (${asking.join(", ")}).`;
  moveAttempt(draft, attempt, {
    name: "awaiting_approval",
    until: Math.min(draft.now + policy.approvals.ttl_s * 1000, limitAt),
  });
  note(draft, incident, {
    kind: "approval_needed",
    text,
    attemptId: attempt.row.id,
    data: { rules: asking },
  });
  notify(draft, incident, "approval_needed", "page", `Approval needed: ${titleOf(draft, incident)}`, text);
}

/**
 * It had passed the gate, and people are missing by now. What was given stays given; it waits for the rest without its command, and
 * leaves its slot and its place in the hour to others. However often it is called back, it waits no longer than from its beginning.
 */
export function backToApproval(
  draft: Draft,
  attempt: AttemptState,
  incident: IncidentState,
  facts: GateFacts,
  { result, subject }: { result: GateResult; subject: GateSubject },
): void {
  const { state, now } = draft;
  dropLiveCommand(draft, attempt);
  attempt.row.command_id = null;
  keepVerdicts(attempt, result, subject);
  const asking = askingOf(result.verdicts).filter(({ rule }) => rule !== "approvals");
  const why = asking.length === 0 ? "" : ` ${asking.map(describeVerdict).join("; ")}.`;
  const limitAt = Date.parse(attempt.row.created_at) + facts.policy.approvals.ttl_s * 1000 + PENDING_LIMIT_MS;
  awaitApproval(draft, attempt, incident, facts, { before: `Not handed over:${why} `, limitAt });
  const { id: attemptId, action } = attempt.row;
  const version = subjectOf(attempt.row);
  if (version !== null && isListed(attempt) && action !== "rollback")
    draft.outbox.push({
      to: "release",
      product: state.product,
      version,
      attemptId,
      report: "called_back",
      at: now,
    });
  if (attempt.automatic) draft.outbox.push({ to: "fleet", report: "called_back", attemptId });
  gateAgain(draft, attempt);
}

function askingOf(verdicts: GateResult["verdicts"]): GateResult["verdicts"] {
  return verdicts.filter((verdict) => verdict.outcome === "needs_approval");
}
