/** What people are told when a release, or a remedy, is halted by itself. */
import type { NotificationRecord } from "../../src/contract/notification.ts";
import type { OutboxMessage } from "../outbox/outbox-store.ts";
import { noticeMessages } from "../outbox/receivers.ts";
import { laneOf } from "./release-room.ts";
import type { Subject } from "./subject-store.ts";

/**
 * Once for each halt. A page when its own attempts failed: it waits for a person. A notice when a cohort blames it: that incident has
 * its own page.
 *
 * @param goingBack shops from which it is being taken back
 */
export function haltNotice(
  subject: Subject,
  reason: string,
  options: { blamed: boolean; goingBack: number },
  now: number,
): OutboxMessage[] {
  const { record, key } = subject;
  const name =
    subject.kind === "remedy" ? `${record.product} ${subject.record.title}` : `${record.product} ${key}`;
  const next =
    options.goingBack > 0
      ? `It is being taken back from ${options.goingBack} shop(s), newest first.`
      : "Shops that have it keep it.";
  const notice: NotificationRecord = {
    // Short: with the longest product and version it just fits.
    id: `hlt.${laneOf(record, key)}.${subject.changes}`,
    kind: "release_halted",
    urgency: options.blamed ? "notice" : "page",
    audience: "ops",
    incident_id: null,
    plugin_id: null,
    title: `Halted: ${name}`.slice(0, 200),
    text: `${reason}. Nobody gets it until a person resumes it. ${next}`.slice(0, 2000),
    at: new Date(now).toISOString(),
  };
  return noticeMessages(laneOf(record, key), notice);
}
