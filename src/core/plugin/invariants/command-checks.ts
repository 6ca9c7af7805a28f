/** What must hold of commands: numbered, handed over only as the policy allows and in time, finished once. Pure. */
import { isLive } from "../commands.ts";
import { skipsGate } from "../on-hand-over.ts";
import type { Check } from "./observed-step.ts";

export const COMMAND_CHECKS: Readonly<Record<string, Check>> = {
  "2: nothing is handed over against the policy": ({ before, event, after, handOver }) => {
    if (handOver === null) return null;
    if (event.type !== "hand_over") return `handed over by ${event.type}`;
    const { policy } = event.facts;
    if (policy.kill_switch) return "handed over under the kill switch";
    if (policy.mode === "off") return "handed over in mode off";
    if (skipsGate(before, handOver)) return null;
    const { attempt } = after;
    if (attempt === null) return "handed over without an attempt";
    const objection = attempt.row.handover_gate?.find((verdict) => verdict.outcome === "forbid");
    if (attempt.row.handover_gate === null) return "handed over without the gate's verdicts";
    return objection ? `handed over although ${objection.rule} forbids` : null;
  },

  "8: nothing is handed over that its release does not admit": ({ before, event, after, handOver }) => {
    if (handOver === null || event.type !== "hand_over" || skipsGate(before, handOver)) return null;
    const { admission } = event.facts;
    if (admission === null || after.attempt === null || after.attempt.row.reverts !== null) return null;
    return admission.admitted && admission.status === "active"
      ? null
      : `handed over while ${admission.status}, ${admission.observed}`;
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
    // What was carried out too late is taken back whatever else is under way.
    const live = after.commands.filter((command) => isLive(command) && command.takesBack === undefined);
    if (live.length > 1) return `${live.length} are live`;
    const [only] = live;
    if (only === undefined || only.row.attempt_id === after.attempt?.row.id) return null;
    return `${only.row.id} outlived its attempt`;
  },
};
