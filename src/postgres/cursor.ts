/**
 * Keyset paging, newest first: a cursor names the last row seen by its instant and id, so that rows which arrive between
 * two pages neither repeat nor hide one. Opaque to clients: base64url of JSON.
 */
import { type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { z } from "zod";
import { Instant } from "../contract/ids.ts";
import { ok, type Result, refuse } from "../contract/refusal.ts";
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from "../crypto/encoding.ts";

/** The list belongs to the cursor: one of another list is refused instead of paging from a meaningless place. */
const Cursor = z.object({
  list: z.string(),
  at: Instant,
  /** What no text of Postgres can hold is no id. */
  id: z
    .string()
    .max(128)
    .regex(/^\P{C}*$/u),
});
export type Cursor = z.infer<typeof Cursor>;

/** The cursor of a request, null for the first page; refuses what this list did not hand out. */
export function readCursor(list: string, text: string | undefined): Result<Cursor | null> {
  if (text === undefined || text === "") return ok(null);
  const bytes = fromBase64Url(text);
  const cursor = Cursor.safeParse(parseJson((bytes && fromUtf8(bytes)) ?? ""));
  if (cursor.success && cursor.data.list === list) return ok(cursor.data);
  return refuse({ reason: "invalid", message: "not a cursor of this list", field: "cursor" });
}

/** The cursor that follows a row: its instant and id, as the table gave them. */
export function writeCursor(list: string, at: unknown, id: unknown): string {
  return toBase64Url(utf8(JSON.stringify(Cursor.parse({ list, at, id }))));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rows after the cursor, in the order `at DESC, id DESC`; no condition on the first page. */
export function after(at: PgColumn, id: PgColumn, cursor: Cursor | null): SQL | undefined {
  return cursor ? sql`(${at}, ${id}) < (${cursor.at}::timestamptz, ${cursor.id})` : undefined;
}
