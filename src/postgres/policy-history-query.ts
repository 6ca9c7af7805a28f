/** Who changed the policy, when and why. */
import { desc } from "drizzle-orm";
import { PolicyHistoryItem } from "../contract/policy.ts";
import type { Db } from "./connection.ts";
import { policyHistory as history } from "./schema.ts";

/** The latest revisions, newest first. */
export async function policyHistory(db: Db, limit: number): Promise<PolicyHistoryItem[]> {
  const rows = await db.select().from(history).orderBy(desc(history.revision)).limit(limit);
  return rows.map((row) => PolicyHistoryItem.parse(row));
}
