/**
 * The storage of one object in memory: SQL through Node's own SQLite, the synchronous key-value store, the alarm, and
 * transactions that roll all of it back together. Only the part of the platform's interface that `durable-objects/` uses.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { EventQueue, Planned } from "./event-queue.ts";

export interface StoredObject {
  alarm?(): Promise<void>;
}

class Cursor {
  readonly #rows: Record<string, unknown>[];
  constructor(rows: Record<string, unknown>[]) {
    this.#rows = rows;
  }
  toArray(): Record<string, unknown>[] {
    return this.#rows;
  }
  one(): Record<string, unknown> {
    const [row] = this.#rows;
    if (row === undefined || this.#rows.length > 1)
      throw new Error(`expected one row, got ${this.#rows.length}`);
    return row;
  }
  [Symbol.iterator](): Iterator<Record<string, unknown>> {
    return this.#rows[Symbol.iterator]();
  }
}

class Sql {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();

  exec(text: string, ...bindings: SQLInputValue[]): Cursor {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      // Several statements at once: a migration.
      if (bindings.length === 0 && text.trim().replace(/;\s*$/, "").includes(";")) {
        this.#database.exec(text);
        return new Cursor([]);
      }
      statement = this.#database.prepare(text);
      this.#statements.set(text, statement);
    }
    return new Cursor(statement.all(...bindings));
  }

  get database(): DatabaseSync {
    return this.#database;
  }
}

export class ObjectStorage {
  readonly sql = new Sql();
  readonly #queue: EventQueue;
  readonly #ring: () => void;
  #values = new Map<string, unknown>();
  #alarm: Planned | null = null;
  #depth = 0;

  readonly kv = {
    get: <T>(key: string): T | undefined => structuredClone(this.#values.get(key)) as T | undefined,
    put: (key: string, value: unknown): void => void this.#values.set(key, structuredClone(value)),
    delete: (key: string): boolean => this.#values.delete(key),
    list: (): [string, unknown][] => [...this.#values],
  };

  /** `ring`: calls the object's alarm. */
  constructor(queue: EventQueue, ring: () => void) {
    this.#queue = queue;
    this.#ring = ring;
  }

  transactionSync<T>(work: () => T): T {
    const name = `level_${this.#depth}`;
    const values = new Map(this.#values);
    const alarm = this.#alarm;
    this.sql.database.exec(`SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const result = work();
      this.sql.database.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      this.sql.database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      this.#values = values;
      if (alarm !== this.#alarm) this.#arm(alarm?.at ?? null);
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  async setAlarm(at: number): Promise<void> {
    this.#arm(at);
  }

  async deleteAlarm(): Promise<void> {
    this.#arm(null);
  }

  async getAlarm(): Promise<number | null> {
    return this.#alarm?.at ?? null;
  }

  #arm(at: number | null): void {
    if (this.#alarm !== null) {
      if (at === this.#alarm.at && !this.#alarm.cancelled) return;
      this.#alarm.cancelled = true;
    }
    this.#alarm =
      at === null
        ? null
        : this.#queue.plan(at, () => {
            this.#alarm = null;
            this.#ring();
          });
  }
}
