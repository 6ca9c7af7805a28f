/** What SIRA was told, page by page and oldest first: for a rebuild of its memory. */
import { and, asc, eq, sql } from "drizzle-orm";
import { FeedbackRequest } from "../contract/decision.ts";
import { VoteRequest } from "../contract/sira-memory.ts";
import type { Db } from "./connection.ts";
import { feedback, incidents, votes } from "./schema.ts";

export interface Page<Row> {
  rows: Row[];
  /** Hand it in for the page after this one; null when this was the last. */
  next: string[] | null;
}

/** Finished attempts of one product, every revision of each. */
export async function lessonsPage(
  db: Db,
  product: string,
  after: readonly string[] | null,
  limit: number,
): Promise<Page<FeedbackRequest>> {
  const order = [feedback.finished_at, feedback.attempt_id, feedback.revision] as const;
  const [at, attempt, revision] = after ?? [];
  const rows = await db
    .select()
    .from(feedback)
    .where(
      and(
        eq(feedback.product, product),
        after === null
          ? undefined
          : sql`(${feedback.finished_at}, ${feedback.attempt_id}, ${feedback.revision})
              > (${at}::timestamptz, ${attempt}, ${revision}::integer)`,
      ),
    )
    .orderBy(...order.map((column) => asc(column)))
    .limit(limit);
  const last = rows.at(-1);
  return {
    rows: rows.map((row) => FeedbackRequest.parse(withoutNulls(row))),
    next: last && rows.length === limit ? [last.finished_at, last.attempt_id, String(last.revision)] : null,
  };
}

/** The votes about incidents of one product; the signature is the incident's own. */
export async function votesPage(
  db: Db,
  product: string,
  after: readonly string[] | null,
  limit: number,
): Promise<Page<VoteRequest>> {
  const [incident, person] = after ?? [];
  const rows = await db
    .select({
      incident_id: votes.incident_id,
      plugin_id: votes.plugin_id,
      product: incidents.product,
      signature: incidents.signature,
      person: votes.person,
      revision: votes.revision,
      vote: votes.vote,
      at: votes.at,
    })
    .from(votes)
    .innerJoin(incidents, eq(incidents.id, votes.incident_id))
    .where(
      and(
        eq(incidents.product, product),
        after === null ? undefined : sql`(${votes.incident_id}, ${votes.person}) > (${incident}, ${person})`,
      ),
    )
    .orderBy(asc(votes.incident_id), asc(votes.person))
    .limit(limit);
  const last = rows.at(-1);
  return {
    rows: rows.map((row) => VoteRequest.parse(row)),
    next: last && rows.length === limit ? [last.incident_id, last.person] : null,
  };
}

function withoutNulls(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
