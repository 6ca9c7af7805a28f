/** What must hold of incidents: one for each thing that is wrong, seen to by somebody, left alone where it should be. Pure. */
import { isQuiet } from "../draft.ts";
import { skipsGate } from "../on-hand-over.ts";
import type { PluginState } from "../state.ts";
import { type Check, repeated, rowsOf } from "./observed-step.ts";

export const INCIDENT_CHECKS: Readonly<Record<string, Check>> = {
  "1: one open incident per dedupe key": ({ after }) =>
    repeated(after.incidents.map((incident) => incident.row.dedupe_key)),

  "10: nothing leaves by itself in a storm": ({ before, event, after, handOver }) => {
    if (handOver === null || event.type !== "hand_over" || !event.facts.guard.storm) return null;
    if (skipsGate(before, handOver) || !after.attempt?.automatic) return null;
    return `${after.attempt.row.id} was handed over`;
  },

  "10: a silence in a storm is not decided on": ({ event, after, outbox }) => {
    if (event.type !== "triaged" || !event.facts.guard.storm) return null;
    const decided = after.work.find((work) => work.kind === "decide" && isSilence(after, work.incidentId));
    const told = outbox.some((message) => message.to === "notify");
    return decided !== undefined || told ? "a storm led to a decision or a notification" : null;
  },

  "a flapping incident is left to people": ({ before, after }) => {
    const { attempt } = after;
    if (attempt === null || !attempt.automatic || attempt.row.id === before.attempt?.row.id) return null;
    const { row } = after.incidents.find((one) => one.row.id === attempt.row.incident_id) ?? {};
    return row?.flapping ? `${attempt.row.id} began by itself while it flaps` : null;
  },

  "while it is quiet nobody is told, but of what went well, of a failed rollback, and ops by a person's own call":
    ({ before, event, after, outbox, now }) => {
      const calls = event.type === "act" && event.action.action === "escalate";
      const told = rowsOf(outbox, "notification").find(({ incident_id: id, kind, audience }) => {
        // What becomes quiet in this very step may have been told of in it.
        const [was, is] = [before, after].map((state) => state.incidents.find(({ row }) => row.id === id));
        if (kind === "patched" || kind === "rollback_failed") return false;
        if (calls && kind === "escalated" && audience === "ops") return false;
        return was && is && isQuiet(was, now) && isQuiet(is, now);
      });
      return told ? `${told.id} was sent` : null;
    },

  "only a silent plugin in a sound shop is decided on": ({ after }) => {
    for (const work of after.work) {
      if (work.kind !== "decide" || !isSilence(after, work.incidentId)) continue;
      const cause = after.incidents.find(({ row }) => row.id === work.incidentId)?.row.cause;
      if (cause !== "plugin_silent") return `${work.incidentId} is decided on, cause ${cause ?? "not known"}`;
    }
    return null;
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
};

function isSilence(state: PluginState, incidentId: string): boolean {
  return state.incidents.some(({ row }) => row.id === incidentId && row.type === "heartbeat_missed");
}
