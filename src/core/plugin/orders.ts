/**
 * Orders about this plugin's attempts, from its release's object or from a person's emergency action. The same order again
 * changes nothing: what waits is cancelled once, what was applied is taken back by one attempt.
 */
import type { ReleaseRecord } from "../../contract/ops.ts";
import type { OrderReply, PluginOrder } from "../../contract/order.ts";
import { ok, type Refusal, type Result, refuse } from "../../contract/refusal.ts";
import { describeChange } from "./attempts.ts";
import { type Draft, incidentById, note } from "./draft.ts";
import { endAttempt } from "./end-attempt.ts";
import { beginAfresh, escalateIncident } from "./incidents.ts";
import { chosen } from "./on-work.ts";
import { type AttemptState, type InPlace, inShopsHands, type PluginState } from "./state.ts";
import { beginTakingBack } from "./taking-back.ts";
import { dropLiveCommand, goBack } from "./way-back.ts";

type Answer = Result<OrderReply>;

const conflict = (message: string): { ok: false; refusal: Refusal } =>
  refuse({ reason: "conflict", message });
const nothing = (attemptId: string | null, text: string): Answer =>
  ok({ would: "nothing", attempt_id: attemptId, text });

/** With `dry_run` the caller throws the draft away. `release`: of the version that a taking-back leads to, when it is known. */
export function onOrder(draft: Draft, order: PluginOrder, release: ReleaseRecord | null): Answer {
  const { state } = draft;
  const { attempt } = state;
  const named = order.attempt_id;
  if (named !== undefined && !wasMade(state, named))
    return refuse({ reason: "not_found", message: "this plugin has made no such attempt" });
  if (attempt !== null && isTakingBack(attempt, named))
    return order.kind === "cancel"
      ? nothing(attempt.row.id, "An earlier change is being taken back; name that attempt to cancel it.")
      : ok({ would: "revert", attempt_id: attempt.row.id, text: "It is being taken back already." });
  if (attempt !== null && (named === undefined || named === attempt.row.id))
    return underWay(draft, attempt, order);
  if (order.kind === "cancel") return nothing(named ?? null, named ? "It is over." : "Nothing waits here.");
  return inPlace(draft, order, release);
}

/** Attempts are numbered without gaps, so its number says whether there ever was one. */
function wasMade(state: PluginState, attemptId: string): boolean {
  const number = Number(attemptId.split("_").at(-1));
  return number >= 1 && number <= state.numbers.attempt && attemptId.includes(state.id.slice("plg_".length));
}

/** The attempt in flight takes back what the order is about. */
function isTakingBack(attempt: AttemptState, named: string | undefined): boolean {
  return attempt.row.reverts !== null && (named === undefined || named === attempt.row.reverts);
}

function underWay(draft: Draft, attempt: AttemptState, order: PluginOrder): Answer {
  const change = describeChange(attempt);
  const attemptId = attempt.row.id;
  if (!inShopsHands(attempt)) {
    cancel(draft, attempt, order);
    return ok({ would: "cancel", attempt_id: attemptId, text: `${change} ends before the shop is told.` });
  }
  if (order.kind === "cancel")
    return nothing(attemptId, `${change} is in the shop's hands already (${attempt.row.status}).`);
  if (attempt.phase.name === "rolling_back")
    return ok({ would: "roll_back", attempt_id: attemptId, text: `${change} is on its way back already.` });
  if (attempt.row.reverts !== null || attempt.row.action === "rollback")
    return conflict(`${change} is itself the way back, and in the shop's hands`);
  if (attempt.row.action === "resubscribe") return conflict(`${change} has nothing to go back to`);
  if (attempt.row.action === "config" && attempt.provisional !== true)
    return attempt.phase.name === "verifying"
      ? conflict("its client keeps no former settings")
      : notYet(attempt);
  if (attempt.release !== null && !attempt.release.reversible)
    return conflict(`${attempt.row.target_version} cannot be taken back`);
  goBack(draft, attempt, `ordered by ${order.by} (${order.cause}): ${order.reason}`, { ordered: true });
  return ok({ would: "roll_back", attempt_id: attemptId, text: `${change} goes back.` });
}

/** A rollout that was stopped leaves the fault to be decided on afresh; what a person stops is that person's. */
function cancel(draft: Draft, attempt: AttemptState, order: PluginOrder): void {
  const why = `cancelled by order of ${order.by} (${order.cause}): ${order.reason}`;
  const incident = incidentById(draft.state, attempt.row.incident_id);
  dropLiveCommand(draft, attempt);
  endAttempt(draft, attempt, "cancelled", why, { aboutTheFix: false, escalate: false });
  if (incident === null) return;
  if (order.cause !== "canary" || !attempt.automatic)
    return escalateIncident(draft, incident, `${describeChange(attempt)} was ${why}`, order.by, "notice");
  beginAfresh(draft, incident);
}

function inPlace(draft: Draft, order: PluginOrder, release: ReleaseRecord | null): Answer {
  const { state } = draft;
  const change = changeOf(state, order.attempt_id);
  if (change === null) return notInPlace(state, order.attempt_id);
  const objection = objectionTo(state, change);
  if (objection !== null) return objection;
  // For good: whatever is wrong with what runs, nobody is handed this again.
  if (release?.status === "blocked" && release.version === change.from)
    return conflict(`${change.from} is blocked: order the version that is wanted`);
  const { attempt } = state;
  if (attempt !== null && (inShopsHands(attempt) || attempt.row.reverts !== null)) return notYet(attempt);
  if (!order.dry_run && (draft.policy.kill_switch || draft.policy.mode === "off")) return stopped();
  // What only waits gives way: it was decided for a shop with this change in it.
  if (attempt !== null) giveWay(draft, attempt, change);
  const begun = beginTakingBack(draft, change, order, release && chosen(release));
  if (begun === null) return conflict("what it healed is no longer known here; order a rollback instead");
  const back = change.to === null ? "The former settings" : change.from;
  return ok({
    would: "revert",
    attempt_id: order.dry_run ? null : begun.row.id,
    text: `${back} instead of ${change.to ?? change.remedy ?? "those set"}, as a new attempt.`,
  });
}

function notYet(attempt: AttemptState): Answer {
  return refuse({
    reason: "unavailable",
    message: `${describeChange(attempt)} comes first here (${attempt.row.status}); ask again later`,
    retry_after_s: 60,
  });
}

/** Begun now, it could only wait: the caller keeps the order, and sees why. */
function stopped(): Answer {
  return refuse({
    reason: "unavailable",
    message: "no command may leave now (kill switch, or mode off); ask again later",
    retry_after_s: 60,
  });
}

function changeOf(state: PluginState, named: string | undefined): InPlace | null {
  const changes = state.inPlace ?? [];
  if (named !== undefined) return changes.find(({ attemptId }) => attemptId === named) ?? null;
  return changes.reduce<InPlace | null>((last, one) => (last && last.at > one.at ? last : one), null);
}

function notInPlace(state: PluginState, named: string | undefined): Answer {
  if (named === undefined) return nothing(null, "Nothing that was changed here is known to be in place.");
  const past = state.history.find(({ attemptId }) => attemptId === named);
  if (past?.takenBack) return nothing(named, "It has been taken back already.");
  if (past && past.outcome !== "success")
    return nothing(named, `It ended as ${past.outcome.replace("_", " ")}.`);
  return conflict("it is not the last change here: something newer is in its place");
}

/** Null when the change may be taken back. */
function objectionTo(state: PluginState, change: InPlace): Answer | null {
  const { to, from } = change;
  if (to !== null && state.version === from)
    return nothing(change.attemptId, `The shop runs ${from} already.`);
  if (to !== null && state.version !== to)
    return conflict(`the shop runs ${state.version} by now, not ${to}`);
  if (change.action === "rollback")
    return conflict("it was itself a way back: order the version that is wanted");
  if (change.action === "resubscribe") return conflict("a subscription that was switched on stays on");
  if (!change.reversible)
    return conflict(
      to === null ? "its client keeps no former settings" : `${to} cannot be taken back: it is irreversible`,
    );
  return null;
}

function giveWay(draft: Draft, attempt: AttemptState, change: InPlace): void {
  const incident = incidentById(draft.state, attempt.row.incident_id);
  dropLiveCommand(draft, attempt);
  const why = `gives way: ${change.attemptId} is to be taken back`;
  endAttempt(draft, attempt, "cancelled", why, { aboutTheFix: false, escalate: false });
  if (incident === null) return;
  beginAfresh(draft, incident);
  note(draft, incident, { kind: "put_off", text: "It is decided on afresh after that." });
}
