/** The judgements of the last days, as a back-test replays them: bounded, newest incidents first. */
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { BACKTEST_MAX_INCIDENTS } from "../contract/backtest.ts";
import { GateSnapshot } from "../contract/gate-snapshot.ts";
import { Action, Severity } from "../contract/ids.ts";
import type { Past } from "../core/policy/backtest.ts";
import { instantOf } from "./columns.ts";
import type { Db } from "./connection.ts";

/** A shop has a few attempts a day at most: more than this is not to be expected, and would not fit an isolate. */
const MAX_JUDGEMENTS = 2 * BACKTEST_MAX_INCIDENTS;

const Row = z.object({
  kind: z.enum(["attempt", "shadow"]),
  id: z.string(),
  incident_id: z.string(),
  plugin_id: z.string(),
  merchant_id: z.string(),
  product: z.string(),
  action: Action,
  target_version: z.string().nullable(),
  severity: Severity,
  automatic: z.boolean(),
  ended: z.string().nullable(),
  approvals_needed: z.number().int(),
  forbidden_by: z.array(z.string()),
  facts: GateSnapshot.nullable().catch(null),
  at: z.string().transform(instantOf),
});

/** What was judged about incidents detected in the `days` before `until` (an instant). */
export async function pastJudgements(db: Db, days: number, until: string): Promise<Past> {
  const from = new Date(Date.parse(until) - days * 86_400_000).toISOString();
  const inWindow = sql`detected_at >= ${from}::timestamptz AND detected_at < ${until}::timestamptz`;
  const picked = sql`
    SELECT id, severity FROM plugin_incidents WHERE ${inWindow}
    ORDER BY detected_at DESC, id DESC LIMIT ${BACKTEST_MAX_INCIDENTS}`;
  const [counted, judged] = await db.batch([
    db.execute(sql`SELECT count(*)::int AS incidents FROM plugin_incidents WHERE ${inWindow}`),
    db.execute(judgements(picked)),
  ]);
  const all = z.object({ incidents: z.number().int() }).parse(counted.rows[0]).incidents;
  const rows = judged.rows.map((row) => Row.parse(row));
  const incidents = Math.min(all, BACKTEST_MAX_INCIDENTS);
  return {
    from,
    until,
    days,
    incidents,
    truncated: all > incidents || rows.length > MAX_JUDGEMENTS,
    without_attempt: incidents - new Set(rows.map((row) => row.incident_id)).size,
    judgements: rows.slice(0, MAX_JUDGEMENTS),
  };
}

/**
 * Attempts and shadow decisions of the incidents picked. Neither a shadow decision that was decided afresh is a judgement of its own,
 * nor an attempt that mode shadow stopped: what it would have done stands in a shadow decision.
 */
function judgements(picked: SQL): SQL {
  // The last time that it was put before the gate. Instants of one form compare as text; null where nothing was kept.
  const atHandOver = sql`a.handover_facts ->> 'at' >= a.gate_facts ->> 'at'`;
  // Stopped there by what was not kept.
  const unkept = sql`a.handover_facts IS NULL AND jsonb_path_exists(a.handover_gate,
    '$[*] ? (@.outcome == "forbid" || (@.rule == "approvals" && @.outcome == "needs_approval"))')`;
  return sql`
    WITH picked AS (${picked})
    SELECT 'attempt' AS kind, a.id, a.incident_id, a.plugin_id, a.merchant_id, a.product, a.action, a.target_version,
      picked.severity, a.requested_by = 'vigie' AND a.reverts IS NULL AS automatic, a.status AS ended, a.approvals_needed,
      jsonb_path_query_array(
        CASE WHEN ${atHandOver} THEN a.handover_gate ELSE a.gate || coalesce(a.handover_gate, '[]') END,
        '$[*] ? (@.outcome == "forbid").rule') AS forbidden_by,
      CASE WHEN ${atHandOver} THEN a.handover_facts WHEN ${unkept} THEN NULL ELSE a.gate_facts END AS facts,
      a.created_at::text AS at
    FROM plugin_autopatch_attempts a JOIN picked ON picked.id = a.incident_id
    WHERE NOT (a.gate || coalesce(a.handover_gate, '[]')) @> '[{"rule":"mode","outcome":"forbid","observed":"shadow"}]'
    UNION ALL
    SELECT 'shadow', s.id, s.incident_id, s.plugin_id, s.merchant_id, s.product, s.action, s.target_version,
      picked.severity, true, s.outcome, s.approvals_needed,
      jsonb_path_query_array(s.gate, '$[*] ? (@.outcome == "forbid").rule'), s.gate_facts, s.at::text
    FROM shadow_decisions s JOIN picked ON picked.id = s.incident_id
    WHERE s.outcome IS DISTINCT FROM 'superseded'
    ORDER BY at DESC, id DESC LIMIT ${MAX_JUDGEMENTS + 1}`;
}
