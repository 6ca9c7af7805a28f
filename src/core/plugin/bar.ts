/** Before when nothing is done automatically about an incident: the end of its mute, or of the maintenance window over its shop. */
import { barredUntil, type QuietSubject } from "../policy/suppression.ts";
import type { Draft } from "./draft.ts";
import type { Millis, PluginState } from "./state.ts";

export function quietSubject(state: PluginState, type: string): QuietSubject {
  return { pluginId: state.id, merchantId: state.merchantId, product: state.product, type };
}

/** Milliseconds since the epoch, and never past: now, when nothing bars it. */
export function decideNotBefore(draft: Draft, incidentId: string): Millis {
  const incident = draft.state.incidents.find(({ row }) => row.id === incidentId);
  if (incident === undefined) return draft.now;
  const subject = quietSubject(draft.state, incident.row.type);
  return barredUntil(draft.policy, subject, draft.now) ?? draft.now;
}
