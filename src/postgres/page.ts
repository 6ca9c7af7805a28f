/** One page of a list, newest first. */
import { and, desc, type SQL } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { z } from "zod";
import { ok, type Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { after, readCursor, writeCursor } from "./cursor.ts";

interface List<Item> {
  /** In its cursors. */
  name: string;
  table: PgTable & { id: PgColumn };
  /** The instant that its rows are ordered by; one that never moves, so that paging stays exact. */
  at: PgColumn;
  item: z.ZodType<Item>;
}

interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** The rows that pass all filters, after the query's cursor. Refuses a foreign cursor as `invalid`. */
export async function readPage<Item>(
  db: Db,
  { name, table, at, item }: List<Item>,
  query: { limit: number; cursor?: string | undefined },
  filters: readonly (SQL | undefined)[],
): Promise<Result<Page<Item>>> {
  const cursor = readCursor(name, query.cursor);
  if (!cursor.ok) return cursor;
  // One row too many tells that there is another page.
  const rows = await db
    .select()
    .from(table)
    .where(and(...filters, after(at, table.id, cursor.value)))
    .orderBy(desc(at), desc(table.id))
    .limit(query.limit + 1);
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  return ok({
    items: shown.map((row) => item.parse(row)),
    next_cursor: last ? writeCursor(name, last[at.name], last[table.id.name]) : null,
  });
}
