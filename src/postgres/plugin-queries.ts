/** Plugins as the ledger last heard of them; the live view is the object's. */
import { eq } from "drizzle-orm";
import type { PluginPage, PluginQuery } from "../contract/ops.ts";
import { PluginRecord } from "../contract/plugin-record.ts";
import type { Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { anyOf } from "./filter.ts";
import { readPage } from "./page.ts";
import { plugins } from "./schema.ts";

const PLUGINS = { name: "plugins", table: plugins, at: plugins.enrolled_at, item: PluginRecord };

/**
 * A page of plugins, newest enrolment first: unlike the last beat, an enrolment never moves, so paging stays exact while
 * the fleet beats. Refuses a foreign cursor as `invalid`.
 */
export function listPlugins(db: Db, query: PluginQuery): Promise<Result<PluginPage>> {
  return readPage(db, PLUGINS, query, [
    anyOf(plugins.status, query.status),
    query.product ? eq(plugins.product, query.product) : undefined,
    query.version ? eq(plugins.version, query.version) : undefined,
    query.merchant_id ? eq(plugins.merchant_id, query.merchant_id) : undefined,
  ]);
}

/** One plugin; null when the ledger has not heard of it (yet). */
export async function pluginById(db: Db, id: string): Promise<PluginRecord | null> {
  const [row] = await db.select().from(plugins).where(eq(plugins.id, id));
  return row ? PluginRecord.parse(row) : null;
}
