/** Notices as the ops API shows them. */
import { eq } from "drizzle-orm";
import { type NotificationPage, type NotificationQuery, NotificationRow } from "../contract/notification.ts";
import type { Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { readPage } from "./page.ts";
import { merchants, notifications } from "./schema.ts";

const NOTIFICATIONS = {
  name: "notifications",
  table: notifications,
  at: notifications.at,
  item: NotificationRow,
};

/** A page of notices, newest first. Refuses a foreign cursor as `invalid`. */
export function listNotifications(db: Db, query: NotificationQuery): Promise<Result<NotificationPage>> {
  return readPage(db, NOTIFICATIONS, query, [
    query.audience ? eq(notifications.audience, query.audience) : undefined,
    query.kind ? eq(notifications.kind, query.kind) : undefined,
    query.status ? eq(notifications.status, query.status) : undefined,
    query.incident_id ? eq(notifications.incident_id, query.incident_id) : undefined,
    query.merchant_id ? eq(notifications.merchant_id, query.merchant_id) : undefined,
  ]);
}

/** Has a plugin of this merchant ever enrolled? */
export async function merchantExists(db: Db, id: string): Promise<boolean> {
  const rows = await db.select({ id: merchants.id }).from(merchants).where(eq(merchants.id, id));
  return rows.length > 0;
}
