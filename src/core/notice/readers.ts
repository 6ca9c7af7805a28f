/** Who is told of what. Pure. */
import type { NotificationKind, NotificationRecord } from "../../contract/notification.ts";
import type { Reader } from "./admission.ts";

/** What concerns a merchant: its own shop, and only what was found there or done to it. */
const FOR_MERCHANTS: ReadonlySet<NotificationKind> = new Set([
  "incident_detected",
  "approval_needed",
  "patched",
  "rolled_back",
  "escalated",
  "rollback_failed",
  "incident_resolved",
]);

/**
 * A merchant is told only of what carries the facts of its own shop, and not while the fault may be ours: its shop is well then.
 * A record that names its audience goes there alone.
 *
 * @param stormy a storm of the record's type is under way
 */
export function readersOf(record: NotificationRecord, stormy = false): Reader[] {
  const merchantId = record.merchant_id ?? null;
  if (record.audience === "merchant")
    return merchantId === null ? [] : [{ audience: "merchant", merchantId }];
  const ops: Reader = { audience: "ops" };
  const { facts } = record;
  const theirs =
    record.audience === undefined &&
    merchantId !== null &&
    facts !== undefined &&
    !mayBeOurs(record, stormy) &&
    FOR_MERCHANTS.has(record.kind);
  return theirs ? [ops, { audience: "merchant", merchantId }] : [ops];
}

/** What is found in a storm is most likely no fault of the shop. What is done to the shop meanwhile is told all the same. */
function mayBeOurs({ kind, facts }: NotificationRecord, stormy: boolean): boolean {
  if (facts?.cause === "ingest" || facts?.status === "unknown") return true;
  return stormy && kind === "incident_detected";
}
