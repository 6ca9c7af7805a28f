/** One observed step of the reducer, as the checks of the invariants see it, and what they share. Pure. */
import type { LedgerRecord } from "../../../contract/ledger.ts";
import type { PolicyDocument } from "../../../contract/policy.ts";
import type { OutboxMessage } from "../draft.ts";
import type { PluginEvent } from "../event.ts";
import type { CommandState, Millis, PluginState } from "../state.ts";

export interface ObservedStep {
  before: PluginState;
  event: PluginEvent;
  after: PluginState;
  outbox: readonly OutboxMessage[];
  handOver: CommandState | null;
  now: Millis;
  policy: PolicyDocument;
}

/** In words how it is broken, or null. */
export type Check = (seen: ObservedStep) => string | null;

type Rows = { [K in LedgerRecord["kind"]]: Extract<LedgerRecord, { kind: K }>["row"][] };

/** The rows of a kind among these messages, oldest first. */
export function rowsOf<K extends LedgerRecord["kind"]>(outbox: readonly OutboxMessage[], kind: K): Rows[K] {
  const rows: unknown[] = [];
  for (const message of outbox)
    if (message.to === "ledger" && message.record.kind === kind) rows.push(message.record.row);
  return rows as Rows[K]; // The kind was just compared; the compiler does not narrow a union by a type parameter.
}

export function repeated(values: readonly string[]): string | null {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  return twice === undefined ? null : `${twice} twice`;
}
