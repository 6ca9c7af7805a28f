/** What the fleet's object tells the ledger and people of itself, as outbox rows. */
import type { NotificationKind, NotificationRecord } from "../../src/contract/notification.ts";
import type { OutboxMessage } from "../outbox/outbox-store.ts";
import { ledgerMessage, noticeMessages } from "../outbox/receivers.ts";

const LANE = "fleet";

/** One line of the fleet's audit stream. The id is by subject, action and moment: the same row sent again adds nothing. */
export function fleetAudit(
  action: string,
  subject: string,
  actor: string,
  data: Record<string, unknown>,
  now: number,
): OutboxMessage {
  const at = new Date(now).toISOString();
  const row = { id: `fleet:${subject}:${action}:${at}`, stream: "fleet", at, actor, action, subject, data };
  return ledgerMessage(LANE, { kind: "audit", row });
}

/** A notice about no single plugin. */
export function fleetNotice(
  kind: NotificationKind,
  urgency: NotificationRecord["urgency"],
  title: string,
  text: string,
  now: number,
): OutboxMessage[] {
  const at = new Date(now).toISOString();
  const record: NotificationRecord = {
    id: `fleet.${kind}.${at}`,
    kind,
    urgency,
    incident_id: null,
    plugin_id: null,
    title: title.slice(0, 200),
    text: text.slice(0, 2000),
    at,
  };
  return noticeMessages(LANE, record);
}
