/** The shop platform has switched the webhook off (platforms do after 5 to 8 failures). Reported, so certain at once. Pure. */
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import { type Finding, instant, secondsSince } from "./finding.ts";
import { WEBHOOK_DISABLED_SEVERITY } from "./severity.ts";

/** The last state that was really reported; a beat that says nothing, or `unknown`, changes nothing. */
export interface WebhookDisabled {
  reported: "active" | "disabled" | null;
  sinceMs: number | null;
}

export function newWebhookDisabled(): WebhookDisabled {
  return { reported: null, sinceMs: null };
}

export function observeSubscription(
  state: WebhookDisabled,
  reported: HeartbeatData["webhook_subscription"],
  now: number,
): WebhookDisabled {
  if (reported === undefined || reported === "unknown" || reported === state.reported) return state;
  return { reported, sinceMs: now };
}

export function isDisabled({ reported }: WebhookDisabled): boolean {
  return reported === "disabled";
}

export function disabledFinding(state: WebhookDisabled, now: number): Finding {
  const firing = isDisabled(state);
  return {
    type: "webhook_disabled",
    firing,
    cleared: state.reported === "active",
    severity: WEBHOOK_DISABLED_SEVERITY,
    fingerprint: "",
    standing: firing ? "firing" : state.reported === "active" ? "normal" : "not_enough_data",
    signal: {
      type: "webhook_disabled",
      method: "reported-state",
      value: state.reported === null ? null : firing ? 1 : 0,
      bound: 1,
      sample: state.reported === null ? 0 : 1,
      window_s: secondsSince(state.sinceMs, now, 0),
      onset_at: firing && state.sinceMs !== null ? instant(state.sinceMs) : null,
      explanation: explain(state),
    },
  };
}

function explain(state: WebhookDisabled): string {
  if (state.reported === null || state.sinceMs === null)
    return "The plugin has not said whether its webhook is switched on.";
  return state.reported === "disabled"
    ? `The shop reports its webhook as disabled since ${instant(state.sinceMs)}: no order notification leaves it.`
    : `The shop reports its webhook as active since ${instant(state.sinceMs)}.`;
}
