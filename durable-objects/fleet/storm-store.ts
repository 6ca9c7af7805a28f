/**
 * Who is affected by what: silent plugins, and those with an open incident of each other type; and the guard's state of each type.
 * Tables hold exceptions only, so that counting costs as many rows as there are.
 */
import type { IncidentType } from "../../src/contract/incident.ts";
import type { SignalReport } from "../../src/contract/rpc/fleet.ts";
import { LOST_AFTER_MS, newStorm, type StormFacts, type StormState } from "../../src/core/fleet/storm.ts";
import type { AffectedPlugin } from "../../src/core/fleet/storm-spread.ts";
import { stormTest } from "../../src/core/fleet/storm-tests.ts";
import type { Migration } from "../migrations.ts";
import { cohortKey } from "./cohort-store.ts";

export const AFFECTED_MIGRATION: Migration = {
  name: "plugins affected by a signal",
  sql: `
    CREATE TABLE affected (
      type TEXT NOT NULL,
      plugin_id TEXT NOT NULL,
      since INTEGER NOT NULL,
      version TEXT NOT NULL,
      platform TEXT,
      PRIMARY KEY (type, plugin_id)
    ) WITHOUT ROWID;
  `,
};

const STORM_KEY = "storm_state";
/** Where earlier code kept a mere yes or no. */
const OLD_STORM_KEY = "storm";

type Counts = Pick<StormFacts, "silent" | "fresh" | "lost">;
type FreshRow = { product: string; version: string; platform: string | null };

export class StormStore {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "kv">) {
    this.#sql = storage.sql;
    this.#kv = storage.kv;
  }

  /** True when that is new. A plugin that is silent already keeps the time at which it fell silent. */
  setSilent(pluginId: string, silent: boolean, now: number): boolean {
    return silent
      ? this.#changed(
          `INSERT INTO silent (plugin_id, since) SELECT id, ? FROM plugins WHERE id = ? ON CONFLICT DO NOTHING
           RETURNING plugin_id`,
          now,
          pluginId,
        )
      : this.#changed("DELETE FROM silent WHERE plugin_id = ? RETURNING plugin_id", pluginId);
  }

  /** The same of another type's incident. A plugin that is not on the roster is ignored. */
  setAffected({ plugin_id, type, open, version, platform_version }: SignalReport, now: number): boolean {
    return open
      ? this.#changed(
          `INSERT INTO affected (type, plugin_id, since, version, platform) SELECT ?, id, ?, ?, ? FROM plugins WHERE id = ?
           ON CONFLICT DO NOTHING RETURNING plugin_id`,
          type,
          now,
          version,
          platform_version,
          plugin_id,
        )
      : this.#changed(
          "DELETE FROM affected WHERE type = ? AND plugin_id = ? RETURNING plugin_id",
          type,
          plugin_id,
        );
  }

  /** Affected plugins by how long they have been: see StormFacts. */
  counts(type: IncidentType, now: number): Counts {
    return this.#sql
      .exec<Counts & Record<string, number>>(
        `SELECT count(*) FILTER (WHERE since > ?) AS silent, count(*) FILTER (WHERE since >= ?) AS fresh,
           count(*) FILTER (WHERE since <= ?) AS lost FROM ${tableOf(type)}`,
        now - LOST_AFTER_MS,
        now - stormTest(type).windowMs,
        now - LOST_AFTER_MS,
        ...argumentOf(type),
      )
      .one();
  }

  /** Plugins affected last. */
  newest(type: IncidentType, limit: number): string[] {
    return this.#sql
      .exec<{ plugin_id: string }>(
        `SELECT plugin_id FROM ${tableOf(type)} ORDER BY since DESC, plugin_id LIMIT ?`,
        ...argumentOf(type),
        limit,
      )
      .toArray()
      .map((row) => row.plugin_id);
  }

  /** Newly affected plugins with the cohorts they are in. */
  fresh(type: IncidentType, now: number): AffectedPlugin[] {
    return this.#sql
      .exec<FreshRow>(
        `SELECT product, version, platform FROM affected JOIN plugins ON plugins.id = affected.plugin_id
         WHERE type = ? AND since >= ?`,
        type,
        now - stormTest(type).windowMs,
      )
      .toArray()
      .map(({ product, version, platform }) => ({
        groups: [
          cohortKey({ kind: "version", product, name: version }),
          ...(platform === null ? [] : [cohortKey({ kind: "platform", product, name: platform })]),
        ],
      }));
  }

  state(type: IncidentType, now: number): StormState {
    const stored = this.#kv.get<StormState>(keyOf(type));
    if (stored !== undefined) return stored;
    const calm = newStorm(now);
    // A storm that earlier code found goes on: its plugins fell silent too long ago to be found again.
    if (type !== "heartbeat_missed" || this.#kv.get<boolean>(OLD_STORM_KEY) !== true) return calm;
    return { ...calm, storm: { since: now, silentBefore: 0, peak: 0, calmSince: null } };
  }

  setState(type: IncidentType, storm: StormState): void {
    this.#kv.put(keyOf(type), storm);
  }

  #changed(sql: string, ...bindings: (string | number | null)[]): boolean {
    return this.#sql.exec(sql, ...bindings).toArray().length > 0;
  }
}

/** Silences have a table of their own, older than the other one; both have the columns that are counted. */
function tableOf(type: IncidentType): string {
  return type === "heartbeat_missed" ? "silent" : "affected WHERE type = ?";
}

function argumentOf(type: IncidentType): IncidentType[] {
  return type === "heartbeat_missed" ? [] : [type];
}

function keyOf(type: IncidentType): string {
  return type === "heartbeat_missed" ? STORM_KEY : `${STORM_KEY}:${type}`;
}
