/** Attempts as the ops API shows them. */
import { and, eq, gte, isNotNull, lt, or } from "drizzle-orm";
import { Attempt } from "../contract/attempt.ts";
import type { AttemptPage, AttemptQuery } from "../contract/ops.ts";
import type { Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { anyOf } from "./filter.ts";
import { readPage } from "./page.ts";
import { attempts } from "./schema.ts";

const ATTEMPTS = { name: "attempts", table: attempts, at: attempts.created_at, item: Attempt };

/** A page of attempts, newest first. Refuses a foreign cursor as `invalid`. `until` is exclusive. */
export function listAttempts(db: Db, query: AttemptQuery): Promise<Result<AttemptPage>> {
  return readPage(db, ATTEMPTS, query, [
    anyOf(attempts.status, query.status),
    query.product ? eq(attempts.product, query.product) : undefined,
    query.plugin_id ? eq(attempts.plugin_id, query.plugin_id) : undefined,
    query.incident_id ? eq(attempts.incident_id, query.incident_id) : undefined,
    query.target_version ? eq(attempts.target_version, query.target_version) : undefined,
    query.asking ? awaitsAnswer() : undefined,
    query.since ? gte(attempts.created_at, query.since) : undefined,
    query.until ? lt(attempts.created_at, query.until) : undefined,
  ]);
}

/** A person is asked to let it begin, or to keep what it changed. */
function awaitsAnswer() {
  const toKeep = and(eq(attempts.status, "verifying"), isNotNull(attempts.asked_until));
  return or(eq(attempts.status, "awaiting_approval"), toKeep);
}
