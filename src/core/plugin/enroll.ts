/** A plugin's first state, and the rows that tell of it. Pure. */
import type { OutboxMessage } from "./draft.ts";
import { spreadInterval } from "./reply.ts";
import { type Enrollment, iso, type Millis, newPlugin, type PluginState } from "./state.ts";
import { pluginRecord } from "./view.ts";

export function enrollPlugin(
  enrollment: Enrollment,
  merchantName: string,
  intervalS: number,
  now: Millis,
): { state: PluginState; outbox: OutboxMessage[] } {
  const state = newPlugin(enrollment, spreadInterval(enrollment.id, intervalS), now);
  state.recordRevision = 1;
  state.recordedAt = now;
  const merchant = { id: enrollment.merchantId, name: merchantName, created_at: iso(now) };
  const row = pluginRecord(state, now);
  const enrolled = {
    id: `${state.id}.enrolled`,
    stream: `plugin/${state.id}`,
    at: iso(now),
    actor: `merchant:${enrollment.merchantId}`,
    action: "plugin.enrolled",
    subject: state.id,
    data: { product: state.product, version: state.version, credential: enrollment.credential.kind },
  };
  return {
    state,
    outbox: [
      { to: "ledger", record: { kind: "merchant", row: merchant } },
      { to: "ledger", record: { kind: "plugin", row, credential: enrollment.credential } },
      { to: "ledger", record: { kind: "audit", row: enrolled } },
    ],
  };
}
