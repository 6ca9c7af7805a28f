/**
 * The figures the company wants, out of the ledger.
 *
 * Success and rollback rate count the attempts that reached a shop: finished in the window after their command was handed
 * over, as success, rolled back (well or badly), failed or expired. What a gate, staging or a person stopped before that
 * says nothing about patches, and a cancelled one is nobody's failure.
 */
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { OPEN_INCIDENT_STATUSES } from "../contract/incident.ts";
import type { Kpis } from "../contract/ops.ts";
import { wilsonInterval } from "../core/wilson.ts";
import type { Db } from "./connection.ts";
import { approvals, attempts, incidents, plugins, votes } from "./schema.ts";

/** Below this a share is chance, and is shown as unknown. */
const MIN_SAMPLE = 5;

const TARGETS = { success: 0.95, rollback: 0.02, detect_s: 120, repair_s: 600 };

const Count = z.number().int();
const Spread = z.object({ median_s: z.number().nullable(), p95_s: z.number().nullable(), n: Count });
const Figures = z.object({
  finished: z.object({ n: Count, succeeded: Count, rolled_back: Count }),
  detect: Spread,
  repair: Spread,
  decide: Spread,
  approve: Spread,
  stage: Spread,
  apply: Spread,
  verify: Spread,
  open_incidents: z.record(z.string(), Count),
  plugins: z.record(z.string(), Count),
  votes: z.record(z.string(), Count),
});

/**
 * Every figure of Kpis but the fleet's, over the `windowS` seconds before `until` (now, when absent). Times are medians and
 * 95th percentiles in seconds. `open_incidents` counts by severity, `plugins` by status; what there is none of is absent.
 */
export async function kpis(db: Db, windowS: number, until?: string): Promise<Omit<Kpis, "fleet">> {
  const { rows } = await db.execute(figuresQuery(windowS, until ?? null));
  const figures = Figures.parse(rows[0]?.figures);
  const { finished } = figures;
  return {
    window_s: windowS,
    success_rate: share(finished.succeeded, finished.n, TARGETS.success),
    rollback_rate: share(finished.rolled_back, finished.n, TARGETS.rollback),
    time_to_detect: { ...figures.detect, target_s: TARGETS.detect_s },
    time_to_repair: { ...figures.repair, target_s: TARGETS.repair_s },
    stages: {
      decide: { ...figures.decide, target_s: null },
      approve: { ...figures.approve, target_s: null },
      stage: { ...figures.stage, target_s: null },
      apply: { ...figures.apply, target_s: null },
      verify: { ...figures.verify, target_s: null },
    },
    open_incidents: figures.open_incidents,
    plugins: figures.plugins,
    votes: figures.votes,
  };
}

function share(hits: number, n: number, target: number): Kpis["success_rate"] {
  if (n < MIN_SAMPLE) return { value: null, n, low: null, high: null, target };
  return { value: hits / n, n, ...wilsonInterval(hits, n), target };
}

/** Median, 95th percentile and number of the rows in which both instants are known. Clocks may differ: never below zero. */
function spread(from: SQL, to: SQL): SQL {
  const seconds = sql`greatest(0, extract(epoch FROM ${to} - ${from}))::float8`;
  return sql`json_build_object(
    'median_s', percentile_cont(0.5) WITHIN GROUP (ORDER BY ${seconds}) FILTER (WHERE ${to} - ${from} IS NOT NULL),
    'p95_s', percentile_cont(0.95) WITHIN GROUP (ORDER BY ${seconds}) FILTER (WHERE ${to} - ${from} IS NOT NULL),
    'n', count(*) FILTER (WHERE ${to} - ${from} IS NOT NULL))`;
}

/**
 * The stages of an attempt join end to end: created, approved (the last vote that let it begin; a later one keeps it),
 * staged, applied (the plugin reports the new version), verified (the verdict). A repair ends with the last success of
 * the incident, or with its end by itself.
 */
function figuresQuery(windowS: number, until: string | null): SQL {
  const open = sql.join(
    OPEN_INCIDENT_STATUSES.map((status) => sql`${status}`),
    sql`, `,
  );
  return sql`
    WITH span AS (
      SELECT u.until, u.until - make_interval(secs => ${windowS}::float8) AS since
      FROM (SELECT coalesce(${until}::timestamptz, now()) AS until) u
    ), attempt AS (
      SELECT a.*, v.voted_at, coalesce((a.health ->> 'at')::timestamptz, a.finished_at) AS judged_at
      FROM ${attempts} a
      CROSS JOIN span
      LEFT JOIN LATERAL (
        SELECT max(p.at) AS voted_at FROM ${approvals} p
        WHERE p.attempt_id = a.id AND p.decision = 'approve' AND p.at <= coalesce(a.executed_at, p.at)
      ) v ON true
      WHERE a.finished_at > span.since AND a.finished_at <= span.until
    ), incident AS (
      SELECT i.*,
        CASE WHEN i.status IN ('baking', 'resolved') THEN coalesce(
          (SELECT max(a.finished_at) FROM ${attempts} a WHERE a.incident_id = i.id AND a.status = 'success'),
          i.resolved_at) END AS repaired_at
      FROM ${incidents} i CROSS JOIN span
      WHERE i.detected_at > span.since AND i.detected_at <= span.until
    )
    SELECT json_build_object(
      'finished', (
        SELECT json_build_object('n', count(*),
          'succeeded', count(*) FILTER (WHERE status = 'success'),
          'rolled_back', count(*) FILTER (WHERE status IN ('rolled_back', 'rollback_failed')))
        FROM attempt WHERE handed_over_at IS NOT NULL
          AND status IN ('success', 'rolled_back', 'rollback_failed', 'failed', 'expired')),
      'detect', (SELECT ${spread(sql`onset_at`, sql`detected_at`)} FROM incident),
      'repair', (SELECT ${spread(sql`detected_at`, sql`repaired_at`)} FROM incident),
      'decide', (SELECT ${spread(sql`detected_at`, sql`decided_at`)} FROM incident),
      'approve', (SELECT ${spread(sql`created_at`, sql`voted_at`)} FROM attempt WHERE approvals_needed > 0),
      'stage', (SELECT ${spread(sql`coalesce(voted_at, created_at)`, sql`staged_at`)} FROM attempt),
      'apply', (SELECT ${spread(sql`coalesce(staged_at, handed_over_at)`, sql`executed_at`)} FROM attempt),
      'verify', (SELECT ${spread(sql`executed_at`, sql`judged_at`)} FROM attempt),
      'open_incidents', (
        SELECT coalesce(json_object_agg(severity, n), '{}') FROM (
          SELECT severity, count(*) AS n FROM ${incidents} WHERE status IN (${open}) GROUP BY severity) s),
      'plugins', (
        SELECT coalesce(json_object_agg(status, n), '{}') FROM (
          SELECT status, count(*) AS n FROM ${plugins} GROUP BY status) s),
      'votes', (
        SELECT coalesce(json_object_agg(vote, n), '{}') FROM (
          SELECT v.vote, count(*) AS n FROM ${votes} v CROSS JOIN span
          WHERE v.at > span.since AND v.at <= span.until GROUP BY v.vote) s)
    ) AS figures`;
}
