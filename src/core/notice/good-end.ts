/** Which notices tell a reader that its trouble has come to a good end, and for good. Pure. */
import type { NotificationFacts, NotificationKind, NotificationRecord } from "../../contract/notification.ts";

/**
 * The trouble is over, or mended as far as can be seen. Whatever is told of it afterwards is news, also in the words of before: a
 * reader must never be left with a good end that no longer holds.
 */
export function endsNews(kind: NotificationKind): boolean {
  return kind === "patched" || kind === "incident_resolved";
}

/** Nothing more is to come of it: a change that was only kept, unproved, has its end yet to be told. */
export function isOver({ kind, facts }: NotificationRecord): boolean {
  return endsNews(kind) && !(kind === "patched" && isKept(facts));
}

/** The change is in place after an inconclusive check. */
export function isKept(facts: NotificationFacts | undefined): boolean {
  return facts?.attempt?.health_verdict === "inconclusive";
}
