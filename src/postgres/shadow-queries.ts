/** Shadow decisions as the ops API shows them. */
import { and, desc, eq } from "drizzle-orm";
import { ok, type Result } from "../contract/refusal.ts";
import { ShadowDecision, type ShadowPage, type ShadowQuery } from "../contract/shadow.ts";
import type { Db } from "./connection.ts";
import { after, pageOf, readCursor } from "./cursor.ts";
import { shadowDecisions } from "./schema.ts";

/** A page of shadow decisions, newest first. Refuses a foreign cursor as `invalid`. */
export async function listShadowDecisions(db: Db, query: ShadowQuery): Promise<Result<ShadowPage>> {
  const cursor = readCursor("shadow-decisions", query.cursor);
  if (!cursor.ok) return cursor;
  const rows = await db
    .select()
    .from(shadowDecisions)
    .where(
      and(
        query.would ? eq(shadowDecisions.would, query.would) : undefined,
        query.outcome ? eq(shadowDecisions.outcome, query.outcome) : undefined,
        query.product ? eq(shadowDecisions.product, query.product) : undefined,
        query.incident_id ? eq(shadowDecisions.incident_id, query.incident_id) : undefined,
        after(shadowDecisions.at, shadowDecisions.id, cursor.value),
      ),
    )
    .orderBy(desc(shadowDecisions.at), desc(shadowDecisions.id))
    .limit(query.limit + 1);
  return ok(
    pageOf(
      rows,
      query.limit,
      "shadow-decisions",
      (row) => row.at,
      (row) => ShadowDecision.parse(row),
    ),
  );
}
