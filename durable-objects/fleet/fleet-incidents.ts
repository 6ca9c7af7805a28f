/**
 * The fleet's open incidents, one per key, and what leaves when they change: a row for the ledger, a line of audit, "changed" for
 * the dashboards. Called inside the transaction of the change that it records.
 */
import { FLEET_INCIDENT_PLUGINS, type FleetIncident } from "../../src/contract/fleet-incident.ts";
import type { Migration } from "../migrations.ts";
import type { OutboxMessage, OutboxStore } from "../outbox/outbox-store.ts";
import { feedMessage, ledgerMessage } from "../outbox/receivers.ts";
import { askForNotice } from "./incident-notices.ts";

export const FLEET_INCIDENTS_MIGRATION: Migration = {
  name: "open fleet incidents",
  sql: `CREATE TABLE incidents (key TEXT PRIMARY KEY, row TEXT NOT NULL, recorded_at INTEGER NOT NULL) WITHOUT ROWID;`,
};

/** New shops are added to an open incident's row at most this often. */
const RECORD_EVERY_MS = 60_000;
const NUMBER_KEY = "fleet_incident_number";
/** One lane: the ledger allows one open incident per key, so the end of one leaves before the next one's beginning. */
const LANE = "fleet";

export type NewFleetIncident = Pick<
  FleetIncident,
  "kind" | "key" | "signal" | "product" | "version" | "platform_version"
>;

/** The plugins that an incident is about: some of their ids, and how many they are. */
export interface Affected {
  ids: readonly string[];
  count: number;
}

type StoredIncident = { row: string; recorded_at: number };

export class FleetIncidents {
  readonly #sql: SqlStorage;
  readonly #kv: SyncKvStorage;
  readonly #outbox: OutboxStore;

  constructor(storage: Pick<DurableObjectStorage, "sql" | "kv">, outbox: OutboxStore) {
    this.#sql = storage.sql;
    this.#kv = storage.kv;
    this.#outbox = outbox;
  }

  /** The open incident of a key; null when there is none. */
  open(key: string): FleetIncident | null {
    const [stored] = this.#stored(key);
    return stored ? parse(stored) : null;
  }

  /** Keys of the open incidents that begin so. */
  openKeys(prefix: string): string[] {
    return this.#sql
      .exec<{ key: string }>("SELECT key FROM incidents WHERE substr(key, 1, ?) = ?", prefix.length, prefix)
      .toArray()
      .map(({ key }) => key);
  }

  begin(input: NewFleetIncident, affected: Affected, now: number): FleetIncident {
    const number = (this.#kv.get<number>(NUMBER_KEY) ?? 0) + 1;
    this.#kv.put(NUMBER_KEY, number);
    const incident: FleetIncident = {
      ...input,
      id: `fli_${number}`,
      revision: 1,
      status: "open",
      ...shown(affected),
      opened_at: new Date(now).toISOString(),
      resolved_at: null,
      resolution: null,
    };
    this.#put(incident, now);
    this.#announce(incident, now, "opened");
    return incident;
  }

  /** Its plugins have changed. Says so when more are affected than before, and not every second. */
  grow(key: string, affected: () => Affected, count: number, now: number): void {
    const [stored] = this.#stored(key);
    if (!stored || now - stored.recorded_at < RECORD_EVERY_MS) return;
    const incident = parse(stored);
    if (incident.plugin_count >= count) return;
    const next = { ...incident, ...shown(affected()), revision: incident.revision + 1 };
    this.#put(next, now);
    this.#announce(next, now, null);
  }

  /** `peak`: the most plugins that were affected, where the row need not have kept up. */
  end(key: string, resolution: string, now: number, peak = 0): void {
    const incident = this.open(key);
    if (incident === null) return;
    const next: FleetIncident = {
      ...incident,
      revision: incident.revision + 1,
      status: "resolved",
      plugin_count: Math.max(incident.plugin_count, peak),
      resolved_at: new Date(now).toISOString(),
      resolution: resolution.slice(0, 500),
    };
    this.#sql.exec("DELETE FROM incidents WHERE key = ?", key);
    this.#announce(next, now, "resolved");
  }

  #stored(key: string): StoredIncident[] {
    return this.#sql
      .exec<StoredIncident>("SELECT row, recorded_at FROM incidents WHERE key = ?", key)
      .toArray();
  }

  #put(incident: FleetIncident, now: number): void {
    this.#sql.exec(
      `INSERT INTO incidents (key, row, recorded_at) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET row = excluded.row, recorded_at = excluded.recorded_at`,
      incident.key,
      JSON.stringify(incident),
      now,
    );
  }

  #announce(incident: FleetIncident, now: number, what: "opened" | "resolved" | null): void {
    const messages: OutboxMessage[] = [ledgerMessage(LANE, { kind: "fleet_incident", row: incident })];
    if (what !== null) {
      const { kind, key, signal, plugin_count, resolution } = incident;
      const row = {
        id: `${incident.id}.${what}`,
        stream: "fleet",
        at: new Date(now).toISOString(),
        actor: "vigie",
        action: `fleet_incident.${what}`,
        subject: incident.id,
        data: { kind, key, plugin_count, explanation: signal.explanation, resolution },
      };
      messages.push(ledgerMessage(LANE, { kind: "audit", row }), askForNotice(incident, what));
    }
    this.#outbox.append([...messages, feedMessage("incidents", incident.id)], now);
  }
}

function shown({ ids, count }: Affected): Pick<FleetIncident, "plugins" | "plugin_count"> {
  return { plugins: ids.slice(0, FLEET_INCIDENT_PLUGINS), plugin_count: count };
}

function parse(stored: StoredIncident): FleetIncident {
  // Written by `#put`, from a whole incident.
  return JSON.parse(stored.row) as FleetIncident;
}
