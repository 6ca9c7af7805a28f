/** What must hold of attempts: one at a time, along the arrows, to an end; never against people or against what was learned. Pure. */
import { mayMove } from "../../attempt-transitions.ts";
import { fixOf, isSameFix } from "../end-attempt.ts";
import { approvalsCounted } from "../gate-subject.ts";
import { skipsGate } from "../on-hand-over.ts";
import { nextWake } from "../schedule.ts";
import { iso, subjectOf } from "../state.ts";
import { type Check, rowsOf } from "./observed-step.ts";

const TERMINAL: ReadonlySet<string> = new Set([
  "success",
  "rolled_back",
  "rollback_failed",
  "failed",
  "expired",
  "rejected",
  "cancelled",
]);

export const ATTEMPT_CHECKS: Readonly<Record<string, Check>> = {
  "1: one attempt in flight": ({ before, after, outbox }) => {
    const ended = rowsOf(outbox, "attempt").filter((row) => TERMINAL.has(row.status));
    const was = before.attempt?.row.id;
    if (was !== undefined && after.attempt?.row.id !== was && !ended.some((row) => row.id === was))
      return `${was} vanished without an end`;
    const begun = after.numbers.attempt - before.numbers.attempt;
    return begun > 1 ? `${begun} attempts began at once` : null;
  },

  "4: every attempt has a deadline": ({ after, policy }) =>
    after.attempt !== null && nextWake({ ...after, work: [] }, policy.intervals) === null
      ? `nothing ends ${after.attempt.phase.name}`
      : null,

  "4: a failed rollback pages a person": ({ outbox }) => {
    for (const row of rowsOf(outbox, "attempt")) {
      if (row.status !== "rollback_failed") continue;
      const paged = outbox.some(
        (message) =>
          message.to === "notify" &&
          message.record.kind === "rollback_failed" &&
          message.record.urgency === "page" &&
          message.record.incident_id === row.incident_id,
      );
      if (!paged) return `${row.id} paged nobody`;
    }
    return null;
  },

  "4: attempts move along the arrows and end once": ({ before, outbox }) => {
    const last = new Map<string, string>();
    if (before.attempt) last.set(before.attempt.row.id, before.attempt.row.status);
    for (const { id, status } of rowsOf(outbox, "attempt")) {
      const from = last.get(id);
      if (from === undefined && status !== "pending") return `${id} begins as ${status}`;
      if (from !== undefined && from !== status && !mayMove(from as typeof status, status))
        return `${id}: ${from} -> ${status}`; // The map holds nothing but statuses of such rows.
      if (from !== undefined && TERMINAL.has(from)) return `${id} goes on after ${from}`;
      last.set(id, status);
    }
    return null;
  },

  "9: the record asks people exactly while they are asked": ({ after, outbox }) => {
    const asked = rowsOf(outbox, "attempt").find((row) => row.asked_until && row.status !== "verifying");
    if (asked !== undefined) return `${asked.id} asks while ${asked.status}`;
    if (after.attempt?.phase.name !== "verifying") return null;
    const { row, phase } = after.attempt;
    const until = phase.askedUntil === null ? null : iso(phase.askedUntil);
    return (row.asked_until ?? null) === until
      ? null
      : `${row.id} asks until ${row.asked_until}, not ${until}`;
  },

  "5: a commit is sent only for what is kept": ({ before, after, outbox }) => {
    const { commit } = after;
    if (commit === null || commit.attemptId === before.commit?.attemptId) return null;
    const row = rowsOf(outbox, "attempt").findLast(({ id }) => id === commit.attemptId);
    const frozen = row?.status === "failed" && before.attempt?.release?.reversible === false;
    // Carried out when its attempt was over, and nothing leads back.
    const late = after.commands.find(({ row: { id } }) => id === commit.commandId);
    const stays = late?.late?.over === true && late.change?.reversible === false;
    return row?.status === "success" || frozen || stays
      ? null
      : `committed while ${row?.status ?? "unknown"}`;
  },

  "5: a success is what the shop runs": ({ after, outbox }) => {
    const success = rowsOf(outbox, "attempt").find((row) => row.status === "success");
    const wanted = success?.target_version ?? after.version;
    return wanted === after.version
      ? null
      : `${success?.id} leads to ${wanted}, the shop runs ${after.version}`;
  },

  "5: success has a healthy verdict or a person's word": ({ event, outbox }) => {
    const success = rowsOf(outbox, "attempt").find((row) => row.status === "success");
    if (success === undefined || success.health?.verdict === "healthy") return null;
    return event.type === "approve" && event.input.decision === "approve"
      ? null
      : `${success.id} succeeded without either`;
  },

  "9: a change goes on only with its approvals": ({ before, after, outbox }) => {
    const { attempt } = after;
    const staged = rowsOf(outbox, "attempt").some(
      (row) => row.id === attempt?.row.id && row.status === "staging",
    );
    if (attempt === null || !staged || before.attempt?.row.status === "staging") return null;
    const counted = approvalsCounted(attempt);
    return counted >= attempt.row.approvals_needed
      ? null
      : `${counted} of ${attempt.row.approvals_needed} approved`;
  },

  "9: an approval is another person's, for the evidence in force": ({ before, outbox }) => {
    const { attempt } = before;
    const people =
      attempt?.row.approvals.filter((one) => one.evidence_hash === attempt.row.evidence_hash) ?? [];
    for (const row of rowsOf(outbox, "approval")) {
      if (row.evidence_hash !== attempt?.row.evidence_hash) return `${row.person} saw other evidence`;
      if (row.decision !== "approve") continue;
      if (row.person === attempt.row.requested_by) return `${row.person} approved what they asked for`;
      const twice = people.some(({ person }) => person === row.person);
      if (twice && attempt.phase.name !== "verifying") return `${row.person} approved twice`;
    }
    return null;
  },

  "11: a fix that failed is not tried again automatically": ({ before, after, handOver }) => {
    const { attempt } = after;
    if (handOver === null || attempt === null || !attempt.automatic || skipsGate(before, handOver))
      return null;
    const { action, incident_id: incidentId } = attempt.row;
    const signature = before.incidents.find((incident) => incident.row.id === incidentId)?.row.signature;
    const failed = before.excluded.some(
      (fix) => fix.signature === signature && isSameFix(fix, fixOf(attempt)),
    );
    return failed ? `${action} ${subjectOf(attempt.row) ?? ""} was handed over again` : null;
  },
};
