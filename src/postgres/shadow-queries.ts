/** Shadow decisions as the ops API shows them. */
import { eq } from "drizzle-orm";
import type { Result } from "../contract/refusal.ts";
import { ShadowDecision, type ShadowPage, type ShadowQuery } from "../contract/shadow.ts";
import type { Db } from "./connection.ts";
import { readPage } from "./page.ts";
import { shadowDecisions } from "./schema.ts";

const SHADOW_DECISIONS = {
  name: "shadow-decisions",
  table: shadowDecisions,
  at: shadowDecisions.at,
  item: ShadowDecision,
};

/** A page of shadow decisions, newest first. Refuses a foreign cursor as `invalid`. */
export function listShadowDecisions(db: Db, query: ShadowQuery): Promise<Result<ShadowPage>> {
  return readPage(db, SHADOW_DECISIONS, query, [
    query.would ? eq(shadowDecisions.would, query.would) : undefined,
    query.outcome ? eq(shadowDecisions.outcome, query.outcome) : undefined,
    query.product ? eq(shadowDecisions.product, query.product) : undefined,
    query.incident_id ? eq(shadowDecisions.incident_id, query.incident_id) : undefined,
  ]);
}
