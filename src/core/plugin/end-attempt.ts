/** The end of an attempt: recorded once, learned from, reported to release and fleet, told to its incident. */
import type { Outcome } from "../../contract/decision.ts";
import type { NotificationKind } from "../../contract/notification.ts";
import { assertMove, describeChange } from "./attempts.ts";
import { dropCommandsOf } from "./commands.ts";
import { type Draft, incidentById, note, notify, recordAttempt } from "./draft.ts";
import { rememberInPlace } from "./in-place.ts";
import { escalateIncident, titleOf } from "./incidents.ts";
import {
  type AttemptState,
  EXCLUDED_LIMIT,
  type HealedBy,
  HISTORY_LIMIT,
  HISTORY_MS,
  type IncidentState,
  isListed,
  iso,
  type PluginState,
  subjectOf,
  UNREACHED_LIMIT,
} from "./state.ts";
import { dropWorkOf } from "./work.ts";

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

/** Its health check neither showed that it helped nor that it did not. */
export function isUnproved({ row }: AttemptState): boolean {
  return row.health?.verdict === "inconclusive";
}

/** Kept, left in place or taken back without evidence, it has proved nothing either way. */
function lessonOf(attempt: AttemptState, ending: Ending): Outcome | undefined {
  const { row, phase } = attempt;
  const ordered = phase.name === "rolling_back" && phase.ordered === true;
  const unproved = isUnproved(attempt) || (ordered && row.health === null);
  return unproved && TEACHES[ending] !== undefined ? "inconclusive" : TEACHES[ending];
}

export interface EndOptions {
  /** False when the failure says nothing about the fix (our staging runner was away): nothing is learned, nothing excluded. */
  aboutTheFix?: boolean;
  /** False when whoever ends the attempt sees to its incident in the same step: nobody is woken for it. */
  escalate?: boolean;
  /** How loudly a person is called; a page unless somebody knows already. */
  urgency?: "page" | "notice";
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
  dropCommandsOf(draft, attempt.row.id);
  attempt.row.status = ending;
  attempt.row.reason = reason.slice(0, 500);
  attempt.row.finished_at = iso(now);
  attempt.row.asked_until = null;
  if (ending === "rolled_back") attempt.row.rolled_back_at = iso(now);
  recordAttempt(draft, attempt);
  state.attempt = null;
  dropWorkOf(draft, { attemptId: attempt.row.id });
  rememberHistory(state, attempt, now);

  const incident = incidentById(state, attempt.row.incident_id);
  const outcome = options.aboutTheFix === false ? undefined : lessonOf(attempt, ending);
  if (ending === "success") rememberInPlace(draft, attempt);
  if (incident && outcome && outcome !== "success") excludeFix(state, incident, fixOf(attempt), now);
  report(draft, attempt, incident, outcome, reason);
  if (incident) tellIncident(draft, incident, attempt, ending, reason, options);
}

function rememberHistory(state: PluginState, attempt: AttemptState, now: number): void {
  state.history.push({
    attemptId: attempt.row.id,
    at: now,
    automatic: attempt.automatic,
    outcome: attempt.row.status,
    reached: attempt.row.handed_over_at !== null,
  });
  const recent = state.history.filter((past) => now - past.at < HISTORY_MS);
  const kept = new Set([
    ...recent.filter(({ reached }) => reached !== false).slice(-HISTORY_LIMIT),
    ...recent.filter(({ reached }) => reached === false).slice(-UNREACHED_LIMIT),
  ]);
  state.history = recent.filter((past) => kept.has(past));
}

/** Invariant 11: a fix that failed for a signature is not tried again automatically on this plugin. */
export function excludeFix(state: PluginState, incident: IncidentState, fix: Fix, now: number): void {
  const { signature } = incident.row;
  const { action, version, remedy } = fix;
  // One entry per fix: a fix that fails again and again must not push the others out of the memory.
  const others = state.excluded.filter((other) => other.signature !== signature || !isSameFix(other, fix));
  const entry = { signature, action, version, ...(remedy === undefined ? {} : { remedy }), at: now };
  state.excluded = [...others, entry].slice(-EXCLUDED_LIMIT);
}

export type Fix = Pick<HealedBy, "action" | "version" | "remedy">;

export function fixOf({ row }: AttemptState): Fix {
  return { action: row.action, version: row.target_version, ...(row.remedy ? { remedy: row.remedy } : {}) };
}

export function isSameFix(a: Fix, b: Fix): boolean {
  return a.action === b.action && a.version === b.version && a.remedy === b.remedy;
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
  tellRelease(draft, attempt, result);
  draft.outbox.push({
    to: "fleet",
    report: "finished",
    attemptId: row.id,
    outcome: outcomeForBudget(row, result),
    ending: row.status,
    automatic: attempt.automatic,
    reverts: row.reverts,
  });
  if (outcome === undefined || incident === null) return;
  const feedback = {
    attempt_id: row.id,
    incident_id: row.incident_id,
    plugin_id: row.plugin_id,
    product: row.product,
    signature: incident.row.signature,
    incident_type: incident.row.type,
    env: draft.state.env,
    from_version: row.from_version,
    action: row.action,
    ...(row.target_version === null ? {} : { target_version: row.target_version }),
    ...(row.remedy ? { remedy: row.remedy } : {}),
    confidence: row.decision.confidence,
    outcome,
    reason: reason.slice(0, 500),
    finished_at: iso(draft.now),
  };
  draft.outbox.push({ to: "ledger", record: { kind: "feedback", row: feedback } }, { to: "sira", feedback });
}

/**
 * The autonomy budget counts what went back, proved or not. Only where too few customers came to prove anything, and nothing looked
 * wrong, does it say nothing of what Vigie chose.
 */
function outcomeForBudget({ status, health }: AttemptState["row"], result: Outcome | "cancelled") {
  if (result !== "inconclusive") return result;
  if (health?.rule === "not_enough_evidence") return "cancelled";
  return status === "rolled_back" ? "rolled_back" : result;
}

function tellRelease(draft: Draft, attempt: AttemptState, outcome: Outcome | "cancelled"): void {
  const { row } = attempt;
  const { product } = row;
  if (row.reverts !== null) {
    const version = row.remedy ?? row.from_version;
    const ended = row.status === "success" ? "success" : row.status === "cancelled" ? "cancelled" : "failed";
    draft.outbox.push({
      to: "release",
      report: "reverted",
      product,
      version,
      attemptId: row.reverts,
      outcome: ended,
    });
    return;
  }
  const version = subjectOf(row);
  if (version !== null && isListed(attempt))
    draft.outbox.push({ to: "release", product, version, attemptId: row.id, outcome });
}

function tellIncident(
  draft: Draft,
  incident: IncidentState,
  attempt: AttemptState,
  ending: Ending,
  reason: string,
  { escalate = true, urgency = "page" }: EndOptions,
): void {
  const change = describeChange(attempt);
  note(draft, incident, {
    kind: `attempt_${ending}`,
    text: `${change}: ${reason}`,
    attemptId: attempt.row.id,
  });
  const tell = (kind: NotificationKind, urgency: "page" | "notice", head: string) =>
    notify(draft, incident, kind, urgency, `${head}: ${titleOf(draft, incident)}`, `${change}: ${reason}`, {
      about: attempt,
    });
  const callFor = (why: string, urgency: "page" | "notice" = "page") =>
    escalateIncident(draft, incident, why, "vigie", urgency, attempt);
  switch (ending) {
    case "success":
      if (attempt.row.reverts !== null) return tell("rolled_back", "notice", "Taken back");
      return tell("patched", "notice", isUnproved(attempt) ? "Kept" : "Healed");
    case "rolled_back":
      tell("rolled_back", "notice", "Rolled back");
      return callFor(`${change} was rolled back: ${reason}`);
    case "rollback_failed":
      tell("rollback_failed", "page", "ROLLBACK FAILED");
      return callFor(`The rollback of ${change} failed: ${reason}`);
    case "failed":
    case "expired":
    case "cancelled":
      if (!escalate) return;
      return callFor(`${change} ended as ${ending}: ${reason}`, urgency);
    case "rejected":
      return callFor(`${change} was rejected: ${reason}`);
    default:
      return ending satisfies never;
  }
}
