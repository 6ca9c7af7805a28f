/** Cohorts, what each shop holds against them, and which report of each shop was the last. */
import type { EvidenceReport } from "../../src/contract/rpc/fleet.ts";
import type { Cohort, CohortShop, Member } from "../../src/core/fleet/cohort.ts";
import type { Migration } from "../migrations.ts";

export const COHORTS_MIGRATION: Migration = {
  name: "cohorts",
  sql: `
    CREATE TABLE cohorts (
      key TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      product TEXT NOT NULL,
      name TEXT NOT NULL,
      state TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE cohort_shops (
      key TEXT NOT NULL,
      plugin_id TEXT NOT NULL,
      held REAL NOT NULL,
      failures INTEGER NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (key, plugin_id)
    ) WITHOUT ROWID;
    CREATE INDEX cohort_shops_by_plugin ON cohort_shops (plugin_id);
    CREATE TABLE evidence (plugin_id TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
  `,
};

/** Who runs what, and how much it delivers: empty for plugins that have not reported since. */
export const MEMBERS_MIGRATION: Migration = {
  name: "members of cohorts",
  sql: `
    ALTER TABLE evidence ADD COLUMN version TEXT;
    ALTER TABLE evidence ADD COLUMN platform TEXT;
    ALTER TABLE evidence ADD COLUMN per_hour REAL;
    ALTER TABLE evidence ADD COLUMN at INTEGER;
  `,
};

/** What the shops of a cohort share beside the product: `name` is a version of the one or of the platform below it. */
export interface CohortName {
  kind: "version" | "platform";
  product: string;
  name: string;
}

/** A plugin's last report: what it ran, and what it delivered in an hour. `version` is null before it said so. */
export interface Membership extends Member {
  number: number;
  version: string | null;
  platform: string | null;
}

export interface NamedCohort extends CohortName {
  key: string;
  cohort: Cohort;
}

type CohortRow = {
  key: string;
  kind: CohortName["kind"];
  product: string;
  name: string;
  state: string;
};
type MembershipRow = {
  number: number;
  version: string | null;
  platform: string | null;
  per_hour: number | null;
  at: number | null;
};
type ShopRow = { key: string; plugin_id: string; held: number; failures: number; at: number };

/** How every cohort's key begins. */
export const COHORT_KEYS = "cohort:";

export function cohortKey({ kind, product, name }: CohortName): string {
  return `${COHORT_KEYS}${kind}:${product}@${name}`;
}

export class CohortStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The report before this one; null when this one, or a later one, was counted before. */
  takeReport(report: EvidenceReport, now: number): Membership | null {
    const before = this.membership(report.plugin_id);
    if (before !== null && before.number >= report.number) return null;
    this.#sql.exec(
      `INSERT OR REPLACE INTO evidence (plugin_id, number, version, platform, per_hour, at) VALUES (?, ?, ?, ?, ?, ?)`,
      report.plugin_id,
      report.number,
      report.version,
      report.platform_version,
      report.per_hour ?? 0,
      now,
    );
    return before ?? { number: 0, version: null, platform: null, perHour: 0, at: now };
  }

  /** A plugin's last report; null before its first. */
  membership(pluginId: string): Membership | null {
    const [row] = this.#sql
      .exec<MembershipRow>(
        "SELECT number, version, platform, per_hour, at FROM evidence WHERE plugin_id = ?",
        pluginId,
      )
      .toArray();
    if (row === undefined) return null;
    const { per_hour, at, ...rest } = row;
    return { ...rest, perHour: per_hour ?? 0, at: at ?? 0 };
  }

  cohort(key: string): NamedCohort | null {
    const [row] = this.#sql
      .exec<CohortRow>("SELECT key, kind, product, name, state FROM cohorts WHERE key = ?", key)
      .toArray();
    return row ? fromRow(row) : null;
  }

  /** The other cohorts of the same product and kind. */
  siblings({ key, kind, product }: NamedCohort): NamedCohort[] {
    return this.#sql
      .exec<CohortRow>(
        "SELECT key, kind, product, name, state FROM cohorts WHERE product = ? AND kind = ? AND key <> ?",
        product,
        kind,
        key,
      )
      .toArray()
      .map(fromRow);
  }

  save({ key, kind, product, name, cohort }: NamedCohort): void {
    this.#sql.exec(
      `INSERT INTO cohorts (key, kind, product, name, state) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET state = excluded.state`,
      key,
      kind,
      product,
      name,
      JSON.stringify(cohort),
    );
  }

  remove(key: string): void {
    this.#sql.exec("DELETE FROM cohorts WHERE key = ?", key);
  }

  shop(key: string, pluginId: string): CohortShop | null {
    const [row] = this.#sql
      .exec<ShopRow>("SELECT * FROM cohort_shops WHERE key = ? AND plugin_id = ?", key, pluginId)
      .toArray();
    return row ?? null;
  }

  /** A shop that holds nothing is not kept. */
  saveShop(key: string, pluginId: string, shop: CohortShop): void {
    if (shop.held <= 0) return this.removeShop(key, pluginId);
    this.#sql.exec(
      "INSERT OR REPLACE INTO cohort_shops (key, plugin_id, held, failures, at) VALUES (?, ?, ?, ?, ?)",
      key,
      pluginId,
      shop.held,
      shop.failures,
      shop.at,
    );
  }

  removeShop(key: string, pluginId: string): void {
    this.#sql.exec("DELETE FROM cohort_shops WHERE key = ? AND plugin_id = ?", key, pluginId);
  }

  /** Cohorts in which a shop holds something. */
  placesOf(pluginId: string): { key: string; held: number }[] {
    return this.#sql
      .exec<{ key: string; held: number }>("SELECT key, held FROM cohort_shops WHERE plugin_id = ?", pluginId)
      .toArray();
  }

  /** Shops of a cohort, those that hold most first. */
  shopsOf(key: string, limit: number): string[] {
    return this.#sql
      .exec<{ plugin_id: string }>(
        "SELECT plugin_id FROM cohort_shops WHERE key = ? ORDER BY held DESC, plugin_id LIMIT ?",
        key,
        limit,
      )
      .toArray()
      .map((row) => row.plugin_id);
  }

  /** What shops of this cohort hold that are also in another cohort with an open incident, and how many they are. */
  explained(key: string): { held: number; shops: number } {
    return this.#sql
      .exec<{ held: number; shops: number }>(
        `SELECT coalesce(sum(held), 0) AS held, count(*) AS shops FROM cohort_shops AS own
         WHERE key = ?1 AND EXISTS (
           SELECT 1 FROM cohort_shops AS other JOIN incidents ON incidents.key = other.key
           WHERE other.plugin_id = own.plugin_id AND other.key <> ?1)`,
        key,
      )
      .one();
  }

  /** Shops that have not reported since `before`. */
  stale(before: number, limit: number): { key: string; plugin_id: string; held: number }[] {
    return this.#sql
      .exec<{ key: string; plugin_id: string; held: number }>(
        "SELECT key, plugin_id, held FROM cohort_shops WHERE at <= ? LIMIT ?",
        before,
        limit,
      )
      .toArray();
  }

  /** No shop holds anything. */
  isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM cohort_shops LIMIT 1").toArray().length === 0;
  }
}

function fromRow({ state, ...named }: CohortRow): NamedCohort {
  // Written by `save`, from a whole cohort.
  return { ...named, cohort: JSON.parse(state) as Cohort };
}
