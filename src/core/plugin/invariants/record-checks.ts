/** What must hold of what leaves for the ledger: each change of a row once, numbered; and of the state's own size. Pure. */
import type { IncidentState, PluginState } from "../state.ts";
import { type Check, repeated, rowsOf } from "./observed-step.ts";

/** Several incidents, two that may be opened again with their fixes, and an attempt with all its verdicts at once; a plugin at rest needs a tenth of it. */
export const STATE_LIMIT_BYTES = 40_960;

export const RECORD_CHECKS: Readonly<Record<string, Check>> = {
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

  "sequence numbers never fall": ({ before, after }) =>
    after.seq >= before.seq ? null : `${before.seq} -> ${after.seq}`,

  "the state stays small": ({ after }) => {
    const bytes = JSON.stringify(after).length;
    return bytes <= STATE_LIMIT_BYTES ? null : `${bytes} bytes`;
  },
};

/** Open ones, those closed a moment ago that may return, and those that stay with a fix in place. */
function remembered(state: PluginState): IncidentState[] {
  const kept = (state.inPlace ?? []).flatMap(({ incident }) => incident ?? []);
  return [...state.incidents, ...(state.closed ?? []).map(({ incident }) => incident), ...kept];
}
