/** Pure. The gate's two evaluations side by side, one row for each rule. */
import type { Attempt, GateVerdict } from "../../../src/contract/attempt.ts";

export interface GateRow {
  rule: GateVerdict["rule"];
  before: GateVerdict | null;
  handover: GateVerdict | null;
  /** The second evaluation came to another outcome. */
  changed: boolean;
}

/** Rules in the order of the first evaluation; a rule that only the second one knows comes last. */
export function gateRows(gate: Attempt["gate"], handover: Attempt["handover_gate"]): GateRow[] {
  const rules = [...new Set([...gate, ...(handover ?? [])].map((verdict) => verdict.rule))];
  return rules.map((rule) => {
    const before = gate.find((verdict) => verdict.rule === rule) ?? null;
    const after = handover?.find((verdict) => verdict.rule === rule) ?? null;
    const changed = before !== null && after !== null && before.outcome !== after.outcome;
    return { rule, before, handover: after, changed };
  });
}

/** The strictest outcome of an evaluation: what the gate as a whole said. */
export function gateOutcome(gate: readonly GateVerdict[]): GateVerdict["outcome"] {
  if (gate.some((verdict) => verdict.outcome === "forbid")) return "forbid";
  return gate.some((verdict) => verdict.outcome === "needs_approval") ? "needs_approval" : "allow";
}
