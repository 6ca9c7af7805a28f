/** Notices as an object's outbox carries them. */
import type { NotificationFacts, NotificationRecord } from "../../src/contract/notification.ts";
import { at, incidentId, pluginId } from "./ledger.ts";

export function noticeFactsOf(over: Partial<NotificationFacts> = {}): NotificationFacts {
  return {
    type: "webhook_fail_rate",
    severity: "high",
    cause: null,
    value: 0.83,
    sample: 42,
    window_s: 3600,
    product: "molam-pay",
    site_url: "https://shop.example.org/boutique?x=1",
    attempt: null,
    ...over,
  };
}

/** An attempt as its facts tell of it. */
export function aChange(
  over: Partial<NonNullable<NotificationFacts["attempt"]>> = {},
): NonNullable<NotificationFacts["attempt"]> {
  return { action: "patch", from_version: "1.2.3", target_version: "1.2.4", health_rule: null, ...over };
}

export function aNotice(over: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    id: `${incidentId()}.incident_detected.1`,
    kind: "incident_detected",
    urgency: "notice",
    merchant_id: "m1",
    incident_id: incidentId(),
    plugin_id: pluginId(),
    title: "webhook fail rate at m1 (molam-pay 1.2.3)",
    text: "35 of 42 webhooks failed.",
    facts: noticeFactsOf(),
    at: at(0),
    ...over,
  };
}
