/** Environments that are kept from a release, and what people have acknowledged of its failures. */
import type { Acknowledgement, EnvironmentHold } from "../../src/contract/rollout.ts";

/** A page's worth; the audit log has them all. */
const SHOWN = 20;

export class HoldStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Lifted ones too; newest first. */
  all(key: string): EnvironmentHold[] {
    return this.#sql
      .exec<{ hold: string }>("SELECT hold FROM holds WHERE version = ?", key)
      .toArray()
      .map(({ hold }) => JSON.parse(hold) as EnvironmentHold) // written by `save`
      .toSorted((a, b) => b.at.localeCompare(a.at));
  }

  inForce(key: string): Set<string> {
    const rows = this.#sql
      .exec<{ environment: string }>(
        "SELECT environment FROM holds WHERE version = ? AND lifted_at IS NULL",
        key,
      )
      .toArray();
    return new Set(rows.map(({ environment }) => environment));
  }

  save(key: string, hold: EnvironmentHold): void {
    this.#sql.exec(
      `INSERT INTO holds (version, environment, hold, lifted_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (version, environment) DO UPDATE SET hold = excluded.hold, lifted_at = excluded.lifted_at`,
      key,
      hold.environment,
      JSON.stringify(hold),
      hold.lifted === null ? null : Date.parse(hold.lifted.at),
    );
  }

  acknowledgements(key: string): Acknowledgement[] {
    return this.#sql
      .exec<{ acknowledgement: string }>(
        `SELECT acknowledgement FROM acknowledgements WHERE version = ? ORDER BY number DESC LIMIT ${SHOWN}`,
        key,
      )
      .toArray()
      .map(({ acknowledgement }) => JSON.parse(acknowledgement) as Acknowledgement); // written by `acknowledge`
  }

  acknowledge(key: string, acknowledgement: Acknowledgement): void {
    this.#sql.exec(
      `INSERT INTO acknowledgements (version, number, acknowledgement)
       VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM acknowledgements WHERE version = ?1), ?2)`,
      key,
      JSON.stringify(acknowledgement),
    );
  }
}
