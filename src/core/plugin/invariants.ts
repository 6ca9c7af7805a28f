/**
 * What must hold after every step, as named checks over one observed step: for the tests and the simulator, never for production.
 * Each says in words how it is broken, or null. Pure.
 */
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import { mayMove } from "../attempt-transitions.ts";
import { isLive } from "./commands.ts";
import { isQuiet, type OutboxMessage } from "./draft.ts";
import type { PluginEvent } from "./event.ts";
import { approvalsCounted } from "./gating.ts";
import { isWayBack } from "./on-hand-over.ts";
import { nextWake } from "./schedule.ts";
import type { CommandState, IncidentState, Millis, PluginState } from "./state.ts";

export interface ObservedStep {
  before: PluginState;
  event: PluginEvent;
  after: PluginState;
  outbox: readonly OutboxMessage[];
  handOver: CommandState | null;
  now: Millis;
  policy: PolicyDocument;
}

type Check = (seen: ObservedStep) => string | null;
type Rows = { [K in LedgerRecord["kind"]]: Extract<LedgerRecord, { kind: K }>["row"][] };

/** Five incidents and an attempt with all its verdicts and logs at once; a plugin at rest needs a tenth of it. */
export const STATE_LIMIT_BYTES = 32_768;

const TERMINAL: ReadonlySet<string> = new Set([
  "success",
  "rolled_back",
  "rollback_failed",
  "failed",
  "expired",
  "rejected",
  "cancelled",
]);

/** By name; a number is that of the design's invariant which the check watches within one plugin. */
export const INVARIANTS: Readonly<Record<string, Check>> = {
  "1: one attempt in flight": ({ before, after, outbox }) => {
    const ended = rowsOf(outbox, "attempt").filter((row) => TERMINAL.has(row.status));
    const was = before.attempt?.row.id;
    if (was !== undefined && after.attempt?.row.id !== was && !ended.some((row) => row.id === was))
      return `${was} vanished without an end`;
    const begun = after.numbers.attempt - before.numbers.attempt;
    return begun > 1 ? `${begun} attempts began at once` : null;
  },

  "1: one open incident per dedupe key": ({ after }) =>
    repeated(after.incidents.map((incident) => incident.row.dedupe_key)),

  "2: nothing is handed over against the policy": ({ before, event, after, handOver }) => {
    if (handOver === null) return null;
    if (event.type !== "hand_over") return `handed over by ${event.type}`;
    const { policy } = event.facts;
    if (policy.kill_switch) return "handed over under the kill switch";
    if (policy.mode === "off") return "handed over in mode off";
    if (isWayBack(before, handOver)) return null;
    const { attempt } = after;
    if (attempt === null) return "handed over without an attempt";
    const objection = attempt.row.handover_gate?.find((verdict) => verdict.outcome === "forbid");
    if (attempt.row.handover_gate === null) return "handed over without the gate's verdicts";
    return objection ? `handed over although ${objection.rule} forbids` : null;
  },

  "3: a handed-over command is live and in time": ({ handOver, now }) => {
    if (handOver === null) return null;
    if (handOver.row.status !== "handed_over") return `it is ${handOver.row.status}`;
    return handOver.expiresAt > now ? null : "it has expired";
  },

  "3: a finished command stays finished": ({ before, after }) => {
    for (const { row } of before.commands) {
      if (row.finished_at === null) continue;
      const later = after.commands.find((command) => command.row.id === row.id);
      if (later && later.row.status !== row.status) return `${row.id}: ${row.status} -> ${later.row.status}`;
    }
    return null;
  },

  "3: only a command that left is acknowledged": ({ after }) => {
    const early = after.commands.find(
      ({ row }) => row.status === "acknowledged" && row.handed_over_at === null,
    );
    return early ? `${early.row.id} never left` : null;
  },

  "3: command numbers rise": ({ before, after }) => {
    const numbers = after.commands.map((command) => command.row.number);
    if (numbers.some((number, i) => i > 0 && number <= (numbers[i - 1] ?? 0)))
      return `numbers ${numbers.join(", ")}`;
    const known = new Set(before.commands.map((command) => command.row.id));
    const reused = after.commands.find(
      ({ row }) => !known.has(row.id) && row.number <= before.numbers.command,
    );
    return reused ? `${reused.row.id} takes a used number` : null;
  },

  "3: one live command, of the attempt in flight": ({ after }) => {
    const live = after.commands.filter(isLive);
    if (live.length > 1) return `${live.length} are live`;
    const [only] = live;
    if (only === undefined || only.row.attempt_id === after.attempt?.row.id) return null;
    return `${only.row.id} outlived its attempt`;
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

  "5: a commit is sent only for what is kept": ({ before, after, outbox }) => {
    const { commit } = after;
    if (commit === null || commit.attemptId === before.commit?.attemptId) return null;
    const row = rowsOf(outbox, "attempt").findLast(({ id }) => id === commit.attemptId);
    const frozen = row?.status === "failed" && before.attempt?.release?.reversible === false;
    return row?.status === "success" || frozen ? null : `committed while ${row?.status ?? "unknown"}`;
  },

  "5: success has a healthy verdict or a person's word": ({ event, outbox }) => {
    const success = rowsOf(outbox, "attempt").find((row) => row.status === "success");
    if (success === undefined || success.health?.verdict === "healthy") return null;
    return event.type === "approve" && event.input.decision === "approve"
      ? null
      : `${success.id} succeeded without either`;
  },

  "6: every recorded row has the next revision": ({ before, after, outbox }) => {
    const last = new Map<string, number>();
    for (const { row } of [...remembered(before), ...before.commands]) last.set(row.id, row.revision);
    if (before.attempt) last.set(before.attempt.row.id, before.attempt.row.revision);
    for (const kind of ["incident", "attempt", "command"] as const)
      for (const row of rowsOf(outbox, kind)) {
        const expected = (last.get(row.id) ?? 0) + 1;
        if (row.revision !== expected) return `${row.id} has revision ${row.revision}, not ${expected}`;
        last.set(row.id, row.revision);
      }
    for (const { row } of [...after.incidents, ...after.commands])
      if (row.revision !== last.get(row.id)) return `${row.id} has an unrecorded revision`;
    return null;
  },

  "6: a row changes only with its record": ({ before, after, outbox }) => {
    const recorded = new Set<string>();
    for (const row of [...rowsOf(outbox, "incident"), ...rowsOf(outbox, "attempt")]) recorded.add(row.id);
    const old = [...remembered(before), ...(before.attempt ? [before.attempt] : [])];
    const now = [...remembered(after), ...(after.attempt ? [after.attempt] : [])];
    for (const { row } of now) {
      if (recorded.has(row.id)) continue;
      const was = old.find((one) => one.row.id === row.id);
      if (JSON.stringify(was?.row) !== JSON.stringify(row)) return `${row.id} changed unrecorded`;
    }
    return null;
  },

  "6: timelines and notices are numbered without gap or repeat": ({ before, outbox }) => {
    const last = new Map(remembered(before).map((incident) => [incident.row.id, incident.events]));
    for (const row of rowsOf(outbox, "event")) {
      const expected = (last.get(row.incident_id) ?? 0) + 1;
      if (row.number !== expected) return `${row.id} should be number ${expected}`;
      last.set(row.incident_id, row.number);
    }
    return repeated(rowsOf(outbox, "notification").map((row) => row.id));
  },

  "6: an attempt teaches at most once": ({ outbox }) =>
    repeated(rowsOf(outbox, "feedback").map((row) => row.attempt_id)),

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

  "11: a fix that failed is not tried again automatically": ({ before, after, handOver }) => {
    const { attempt } = after;
    if (handOver === null || attempt === null || !attempt.automatic || isWayBack(before, handOver))
      return null;
    const { action, target_version: version, incident_id: incidentId } = attempt.row;
    const signature = before.incidents.find((incident) => incident.row.id === incidentId)?.row.signature;
    const failed = before.excluded.some(
      (fix) => fix.signature === signature && fix.action === action && fix.version === version,
    );
    return failed ? `${action} ${version ?? ""} was handed over again` : null;
  },

  "a flapping incident is left to people": ({ before, after }) => {
    const { attempt } = after;
    if (attempt === null || !attempt.automatic || attempt.row.id === before.attempt?.row.id) return null;
    const { row } = after.incidents.find((one) => one.row.id === attempt.row.incident_id) ?? {};
    return row?.flapping ? `${attempt.row.id} began by itself while it flaps` : null;
  },

  "while it is quiet nobody is told, but of what went well and of a failed rollback": ({
    before,
    after,
    outbox,
    now,
  }) => {
    const told = rowsOf(outbox, "notification").find(({ incident_id: id, kind }) => {
      // What becomes quiet in this very step may have been told of in it.
      const [was, is] = [before, after].map((state) => state.incidents.find(({ row }) => row.id === id));
      return (
        was && is && isQuiet(was, now) && isQuiet(is, now) && kind !== "patched" && kind !== "rollback_failed"
      );
    });
    return told ? `${told.id} was sent` : null;
  },

  "somebody sees to every incident": ({ after }) => {
    for (const { row, bakeUntil } of after.incidents) {
      const decided = after.work.some((work) => "incidentId" in work && work.incidentId === row.id);
      const healed = after.attempt?.row.incident_id === row.id;
      if (row.status === "open" && !decided) return `${row.id} is open and nothing decides on it`;
      const triaged = after.work.some((work) => work.kind === "triage" && work.incidentId === row.id);
      if (row.status === "unknown" && !triaged) return `${row.id} is unknown and nothing looks at it again`;
      if (row.status === "healing" && !healed) return `${row.id} is healing without an attempt`;
      if ((row.status === "baking") !== (bakeUntil !== null))
        return `${row.id} is ${row.status}, bake ${bakeUntil}`;
    }
    const { attempt } = after;
    const orphan = attempt && !after.incidents.some(({ row }) => row.id === attempt.row.incident_id);
    return orphan ? `${attempt.row.id} has no open incident` : null;
  },

  "work has a subject": ({ after }) => {
    for (const work of after.work) {
      if ("incidentId" in work) {
        if (!after.incidents.some(({ row }) => row.id === work.incidentId))
          return `${work.id} has no incident`;
      } else if (work.attemptId !== after.attempt?.row.id) return `${work.id} outlived its attempt`;
    }
    return repeated(
      after.work.map((work) => ("incidentId" in work ? `${work.kind} ${work.incidentId}` : work.kind)),
    );
  },

  "10: a silence in a storm is not decided on": ({ event, after, outbox }) => {
    if (event.type !== "triaged" || !event.facts.guard.storm) return null;
    const decided = after.work.find((work) => work.kind === "decide" && isSilence(after, work.incidentId));
    const told = outbox.some((message) => message.to === "notify");
    return decided !== undefined || told ? "a storm led to a decision or a notification" : null;
  },

  "only a silent plugin in a sound shop is decided on": ({ after }) => {
    for (const work of after.work) {
      if (work.kind !== "decide" || !isSilence(after, work.incidentId)) continue;
      const cause = after.incidents.find(({ row }) => row.id === work.incidentId)?.row.cause;
      if (cause !== "plugin_silent") return `${work.incidentId} is decided on, cause ${cause ?? "not known"}`;
    }
    return null;
  },

  "sequence numbers never fall": ({ before, after }) =>
    after.seq >= before.seq ? null : `${before.seq} -> ${after.seq}`,

  "the state stays small": ({ after }) => {
    const bytes = JSON.stringify(after).length;
    return bytes <= STATE_LIMIT_BYTES ? null : `${bytes} bytes`;
  },
};

/** The names of the invariants that this step broke, each with how. */
export function brokenInvariants(seen: ObservedStep): string[] {
  const broken: string[] = [];
  for (const [name, check] of Object.entries(INVARIANTS)) {
    const how = check(seen);
    if (how !== null) broken.push(`${name}: ${how}`);
  }
  return broken;
}

/** Open ones, those closed a moment ago that may return, and those that stay with a fix in place. */
function remembered(state: PluginState): IncidentState[] {
  const kept = (state.inPlace ?? []).flatMap(({ incident }) => incident ?? []);
  return [...state.incidents, ...(state.closed ?? []).map(({ incident }) => incident), ...kept];
}

function rowsOf<K extends LedgerRecord["kind"]>(outbox: readonly OutboxMessage[], kind: K): Rows[K] {
  const rows: unknown[] = [];
  for (const message of outbox)
    if (message.to === "ledger" && message.record.kind === kind) rows.push(message.record.row);
  return rows as Rows[K]; // The kind was just compared; the compiler does not narrow a union by a type parameter.
}

function isSilence(state: PluginState, incidentId: string): boolean {
  return state.incidents.some(({ row }) => row.id === incidentId && row.type === "heartbeat_missed");
}

function repeated(values: readonly string[]): string | null {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  return twice === undefined ? null : `${twice} twice`;
}
