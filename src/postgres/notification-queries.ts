/** Notices as the ops API shows them. */
import { and, desc, eq } from "drizzle-orm";
import { type NotificationPage, type NotificationQuery, NotificationRow } from "../contract/notification.ts";
import { ok, type Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { after, pageOf, readCursor } from "./cursor.ts";
import { merchants, notifications } from "./schema.ts";

/** A page of notices, newest first. Refuses a foreign cursor as `invalid`. */
export async function listNotifications(db: Db, query: NotificationQuery): Promise<Result<NotificationPage>> {
  const cursor = readCursor("notifications", query.cursor);
  if (!cursor.ok) return cursor;
  const rows = await db
    .select()
    .from(notifications)
    .where(
      and(
        query.audience ? eq(notifications.audience, query.audience) : undefined,
        query.kind ? eq(notifications.kind, query.kind) : undefined,
        query.status ? eq(notifications.status, query.status) : undefined,
        query.incident_id ? eq(notifications.incident_id, query.incident_id) : undefined,
        query.merchant_id ? eq(notifications.merchant_id, query.merchant_id) : undefined,
        after(notifications.at, notifications.id, cursor.value),
      ),
    )
    .orderBy(desc(notifications.at), desc(notifications.id))
    .limit(query.limit + 1);
  return ok(
    pageOf(
      rows,
      query.limit,
      "notifications",
      (row) => row.at,
      (row) => NotificationRow.parse(row),
    ),
  );
}

/** Has a plugin of this merchant ever enrolled? */
export async function merchantExists(db: Db, id: string): Promise<boolean> {
  const rows = await db.select({ id: merchants.id }).from(merchants).where(eq(merchants.id, id));
  return rows.length > 0;
}
