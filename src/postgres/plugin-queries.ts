/** Plugins as the ledger last heard of them; the live view is the object's. */
import { and, desc, eq } from "drizzle-orm";
import type { PluginPage, PluginQuery } from "../contract/ops.ts";
import { PluginRecord } from "../contract/plugin-record.ts";
import { ok, type Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { after, pageOf, readCursor } from "./cursor.ts";
import { anyOf } from "./filter.ts";
import { plugins } from "./schema.ts";

/**
 * A page of plugins, newest enrolment first: unlike the last beat, an enrolment never moves, so paging stays exact while
 * the fleet beats. Refuses a foreign cursor as `invalid`.
 */
export async function listPlugins(db: Db, query: PluginQuery): Promise<Result<PluginPage>> {
  const cursor = readCursor("plugins", query.cursor);
  if (!cursor.ok) return cursor;
  const rows = await db
    .select()
    .from(plugins)
    .where(
      and(
        anyOf(plugins.status, query.status),
        query.product ? eq(plugins.product, query.product) : undefined,
        query.version ? eq(plugins.version, query.version) : undefined,
        query.merchant_id ? eq(plugins.merchant_id, query.merchant_id) : undefined,
        after(plugins.enrolled_at, plugins.id, cursor.value),
      ),
    )
    .orderBy(desc(plugins.enrolled_at), desc(plugins.id))
    .limit(query.limit + 1);
  return ok(
    pageOf(
      rows,
      query.limit,
      "plugins",
      (row) => row.enrolled_at,
      (row) => PluginRecord.parse(row),
    ),
  );
}

/** One plugin; null when the ledger has not heard of it (yet). */
export async function pluginById(db: Db, id: string): Promise<PluginRecord | null> {
  const [row] = await db.select().from(plugins).where(eq(plugins.id, id));
  return row ? PluginRecord.parse(row) : null;
}
