/** What a product rolls out: its releases and its remedies, each with how far it is. Both are found by one key. */
import { ReleaseRecord } from "../../src/contract/ops.ts";
import { type AbortRule, PolicyDocument } from "../../src/contract/policy.ts";
import { Remedy } from "../../src/contract/remedy.ts";
import type { PlannedRollout } from "../../src/contract/rollout-plan.ts";
import type { Rollout } from "../../src/core/rollout/canary.ts";
import type { Canary } from "../../src/core/rollout/rollout-course.ts";

interface Common {
  /** Version or remedy id. */
  key: string;
  /** Changes made so far, for ids of audit lines. */
  changes: number;
  rollout: Rollout;
  /** The policy's part that the last admission came with: a report of an outcome carries none. */
  canary: Canary;
  plan: PlannedRollout | null;
}
export type Subject = Common &
  ({ kind: "release"; record: ReleaseRecord } | { kind: "remedy"; record: Remedy });

type SubjectRow = {
  version: string;
  record: string;
  changes: number;
  stage: number;
  stage_since: number;
  stage_baseline: number;
  abort_rules: string;
  canary: string | null;
  plan: string | null;
};

const COLUMNS = "version, record, changes, stage, stage_since, stage_baseline, abort_rules, canary, plan";

export class SubjectStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  load(key: string): Subject | null {
    const kind = kindOf(key);
    const [row] = this.#sql
      .exec<SubjectRow>(`SELECT ${COLUMNS} FROM ${TABLE[kind]} WHERE version = ?`, key)
      .toArray();
    return row ? fromRow(kind, row) : null;
  }

  all(kind: Subject["kind"]): Subject[] {
    return this.#sql
      .exec<SubjectRow>(`SELECT ${COLUMNS} FROM ${TABLE[kind]}`)
      .toArray()
      .map((row) => fromRow(kind, row));
  }

  save({ kind, key, record, changes, rollout, canary, plan }: Subject): void {
    this.#sql.exec(
      `INSERT INTO ${TABLE[kind]} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (version) DO UPDATE SET record = excluded.record, changes = excluded.changes,
         stage = excluded.stage, stage_since = excluded.stage_since, stage_baseline = excluded.stage_baseline,
         abort_rules = excluded.abort_rules, canary = excluded.canary, plan = excluded.plan`,
      key,
      JSON.stringify(record),
      changes,
      rollout.stage,
      rollout.since,
      rollout.baseline,
      // Read by older code only.
      JSON.stringify(canary.abort),
      JSON.stringify(canary),
      plan === null ? null : JSON.stringify(plan),
    );
  }
}

const TABLE = { release: "releases", remedy: "remedies" } as const;

export function kindOf(key: string): Subject["kind"] {
  return key.startsWith("rmd_") ? "remedy" : "release";
}

/** A canary as an older sender, or an older row, has it, with the fields it does not know at their defaults. */
export function completeCanary(canary: Partial<Canary>): Canary {
  return PolicyDocument.parse({ canary }).canary;
}

function fromRow(kind: Subject["kind"], row: SubjectRow): Subject {
  // `canary` and `plan` were written by `save` from validated values, `abort_rules` by it or by older code.
  const canary =
    row.canary === null ? { abort: JSON.parse(row.abort_rules) as AbortRule[] } : JSON.parse(row.canary);
  const common: Common = {
    key: row.version,
    changes: row.changes,
    rollout: { stage: row.stage, since: row.stage_since, baseline: row.stage_baseline },
    canary: completeCanary(canary as Partial<Canary>),
    plan: row.plan === null ? null : (JSON.parse(row.plan) as PlannedRollout),
  };
  const record: unknown = JSON.parse(row.record);
  return kind === "release"
    ? { ...common, kind, record: ReleaseRecord.parse(record) }
    : { ...common, kind, record: Remedy.parse(record) };
}
