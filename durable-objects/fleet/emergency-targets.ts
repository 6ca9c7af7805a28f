/** The targets of emergency actions: what each is, how far it is, and what the waves are made of. */
import type {
  EmergencyCounts,
  EmergencyDetail,
  EmergencyQuery,
  EmergencyTarget,
  TargetState,
} from "../../src/contract/emergency.ts";
import { type EmergencyRow, numberOf } from "../../src/core/fleet/emergency.ts";
import type { Patience, TargetChange } from "../../src/core/fleet/emergency-outcome.ts";
import type { WaveFacts } from "../../src/core/fleet/emergency-waves.ts";
import type { KnownAttempt } from "./attempt-register.ts";

const TARGETS_SHOWN = 200;

type TargetRow = {
  number: number;
  attempt_id: string;
  plugin_id: string;
  merchant_id: string;
  product: string;
  action: EmergencyTarget["action"];
  version: string | null;
  at: number;
  state: TargetState;
  wave: number | null;
  follows: string | null;
  text: string;
};

/** A target as the desk works on it. */
export interface Target {
  emergency: number;
  number: number;
  attempt_id: string;
  plugin_id: string;
  patience: Patience;
}

/** Of a row: what was borne with it. */
type Borne = { tries: number; put_off_s: number };
const patienceOf = ({ tries, put_off_s }: Borne): Patience => ({ tries, putOffS: put_off_s });

export class EmergencyTargets {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(row: EmergencyRow, targets: readonly KnownAttempt[]): void {
    const number = numberOf(row);
    for (const [index, target] of targets.entries())
      this.#sql.exec(
        `INSERT INTO emergency_targets (emergency, number, attempt_id, plugin_id, merchant_id, product, action, version, at,
           state, tries, due_at, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, 0, '')`,
        number,
        index + 1,
        target.id,
        target.plugin_id,
        target.merchant_id,
        target.product,
        target.action,
        target.subject,
        target.at,
      );
  }

  /** Those of actions that are forgotten. */
  prune(): void {
    this.#sql.exec("DELETE FROM emergency_targets WHERE emergency NOT IN (SELECT number FROM emergencies)");
  }

  counts(row: EmergencyRow): EmergencyCounts {
    return this.#sql
      .exec<{ [count in keyof EmergencyCounts]: number }>(
        `SELECT count(*) AS targets, count(*) FILTER (WHERE state = 'waiting') AS waiting,
           count(*) FILTER (WHERE state = 'ordered') AS ordered, count(*) FILTER (WHERE state = 'done') AS done,
           count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'skipped') AS skipped
         FROM emergency_targets WHERE emergency = ?`,
        numberOf(row),
      )
      .one();
  }

  changes(row: EmergencyRow) {
    return this.#sql
      .exec<{ product: string; action: EmergencyTarget["action"]; version: string | null; shops: number }>(
        `SELECT product, action, version, count(*) AS shops FROM emergency_targets WHERE emergency = ?
         GROUP BY product, action, version ORDER BY shops DESC, product, version LIMIT 20`,
        numberOf(row),
      )
      .toArray();
  }

  facts(row: EmergencyRow): WaveFacts {
    const found = this.#sql
      .exec<{ [name: string]: number | null }>(
        `SELECT count(*) AS targets, count(*) FILTER (WHERE state = 'waiting' AND wave IS NULL) AS unassigned,
           count(*) FILTER (WHERE state = 'ordered') AS ordered, count(*) FILTER (WHERE state = 'done') AS done,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'waiting' AND wave IS NOT NULL) AS waiting,
           count(*) FILTER (WHERE state IN ('waiting', 'ordered') AND wave = ?2) AS wave_open,
           count(*) FILTER (WHERE wave = ?2) AS wave_size,
           min(due_at) FILTER (WHERE state = 'ordered') AS oldest,
           min(due_at) FILTER (WHERE state = 'waiting' AND wave IS NOT NULL) AS next_try
         FROM emergency_targets WHERE emergency = ?1`,
        numberOf(row),
        row.wave,
      )
      .one();
    const count = (name: string) => found[name] ?? 0;
    return {
      targets: count("targets"),
      unassigned: count("unassigned"),
      waiting: count("waiting"),
      ordered: count("ordered"),
      done: count("done"),
      failed: count("failed"),
      wave: { open: count("wave_open"), size: count("wave_size") },
      oldestOrderAt: found.oldest ?? null,
      nextTryAt: found.next_try ?? null,
    };
  }

  /** The next targets, in the order of work, become part of the row's present wave. */
  assign(row: EmergencyRow, size: number): void {
    const number = numberOf(row);
    this.#sql.exec(
      `UPDATE emergency_targets SET wave = ?1 WHERE emergency = ?2 AND number IN (
         SELECT number FROM emergency_targets WHERE emergency = ?2 AND state = 'waiting' AND wave IS NULL
         ORDER BY number LIMIT ?3)`,
      row.wave,
      number,
      size,
    );
  }

  /** To be ordered now, of the waves that have begun. */
  due(row: EmergencyRow, now: number, limit: number): Target[] {
    return this.#sql
      .exec<Borne & { emergency: number; number: number; attempt_id: string; plugin_id: string }>(
        `SELECT emergency, number, attempt_id, plugin_id, tries, put_off_s FROM emergency_targets
         WHERE emergency = ? AND state = 'waiting' AND wave IS NOT NULL AND due_at <= ? ORDER BY number LIMIT ?`,
        numberOf(row),
        now,
        limit,
      )
      .toArray()
      .map(({ tries, put_off_s, ...target }) => ({ ...target, patience: patienceOf({ tries, put_off_s }) }));
  }

  /** An ordered target keeps in `due_at` when it was ordered. */
  change(
    { emergency, number }: Pick<Target, "emergency" | "number">,
    { state, text, follows, patience, retryInS }: TargetChange,
    now: number,
  ): void {
    this.#sql.exec(
      `UPDATE emergency_targets SET state = ?, text = ?, follows = ?, tries = ?, put_off_s = ?, due_at = ?
       WHERE emergency = ? AND number = ?`,
      state,
      text.slice(0, 500),
      follows,
      patience.tries,
      patience.putOffS,
      now + (retryInS ?? 0) * 1000,
      emergency,
      number,
    );
  }

  /** Targets whose outcome is the end of this attempt; `own`: it is the attempt that is to go. */
  following(attemptId: string): (Pick<Target, "emergency" | "number" | "patience"> & { own: boolean })[] {
    return this.#sql
      .exec<Borne & { emergency: number; number: number; own: number }>(
        `SELECT emergency, number, tries, put_off_s, attempt_id = follows AS own FROM emergency_targets
         WHERE follows = ? AND state = 'ordered'`,
        attemptId,
      )
      .toArray()
      .map(({ emergency, number, own, ...borne }) => ({
        emergency,
        number,
        patience: patienceOf(borne),
        own: own === 1,
      }));
  }

  /** Orders given before a moment whose outcome never came. */
  giveUp(row: EmergencyRow, before: number): void {
    this.#sql.exec(
      `UPDATE emergency_targets SET state = 'failed', text = 'nothing was heard of it in time'
       WHERE emergency = ? AND state = 'ordered' AND due_at <= ?`,
      numberOf(row),
      before,
    );
  }

  /** A page of them, and where the next one begins. */
  page(row: EmergencyRow, filter: EmergencyQuery): Pick<EmergencyDetail, "targets" | "next_after"> {
    const found = this.#targets(row, filter, TARGETS_SHOWN + 1);
    const targets = found.slice(0, TARGETS_SHOWN);
    return { targets, next_after: found.length > targets.length ? (targets.at(-1)?.number ?? null) : null };
  }

  #targets(row: EmergencyRow, filter: EmergencyQuery, limit: number): EmergencyTarget[] {
    return this.#sql
      .exec<TargetRow>(
        `SELECT number, attempt_id, plugin_id, merchant_id, product, action, version, at, state, wave, follows, text
         FROM emergency_targets WHERE emergency = ?1 AND number > ?2 AND (?3 IS NULL OR state = ?3)
         ORDER BY number LIMIT ?4`,
        numberOf(row),
        filter.after,
        filter.state ?? null,
        limit,
      )
      .toArray()
      .map((target) => ({ ...target, at: new Date(target.at).toISOString() }));
  }
}
