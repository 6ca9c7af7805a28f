/** The catalogue of releases as the ledger keeps it. */
import { asc, desc, eq } from "drizzle-orm";
import { type ReleaseList, ReleaseRecord } from "../contract/ops.ts";
import type { Db } from "./connection.ts";
import { releases } from "./schema.ts";

/** More releases than a page can show; the newest matter. */
const MAX_RELEASES = 500;

/** Releases of one product, or of all, newest publication first. */
export async function listReleases(db: Db, product?: string): Promise<ReleaseList> {
  const rows = await db
    .select()
    .from(releases)
    .where(product === undefined ? undefined : eq(releases.product, product))
    .orderBy(desc(releases.published_at), asc(releases.product), asc(releases.version))
    .limit(MAX_RELEASES);
  return { items: rows.map((row) => ReleaseRecord.parse(row)) };
}
