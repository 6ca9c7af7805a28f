/** An object's storage in memory, on Node's own SQLite: real SQL at the speed of a pure test. Alarms are noted, never rung. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

export interface TestStorage {
  storage: DurableObjectStorage;
  /** Where the alarm stands, ms since epoch. */
  alarm(): number | null;
}

export function anObjectStorage(): TestStorage {
  const database = new DatabaseSync(":memory:");
  const values = new Map<string, unknown>();
  let alarm: number | null = null;
  let depth = 0;

  const exec = (sql: string, ...params: SQLInputValue[]) => {
    if (params.length === 0 && /;\s*\S/.test(sql)) {
      database.exec(sql);
      return cursor([]);
    }
    return cursor(database.prepare(sql).all(...params));
  };
  const transactionSync = <T>(body: () => T): T => {
    const savepoint = `level_${depth++}`;
    database.exec(`SAVEPOINT ${savepoint}`);
    try {
      return body();
    } catch (error) {
      database.exec(`ROLLBACK TO ${savepoint}`);
      throw error;
    } finally {
      database.exec(`RELEASE ${savepoint}`);
      depth -= 1;
    }
  };
  const storage = {
    sql: { exec },
    transactionSync,
    kv: {
      get: (key: string) => structuredClone(values.get(key)),
      put: (key: string, value: unknown) => void values.set(key, structuredClone(value)),
    },
    setAlarm: async (at: number) => {
      alarm = at;
    },
    deleteAlarm: async () => {
      alarm = null;
    },
  };
  // Only what the objects' desks and stores use of it.
  return { storage: storage as unknown as DurableObjectStorage, alarm: () => alarm };
}

function cursor(rows: unknown[]) {
  return {
    toArray: () => rows,
    one: () => {
      if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}`);
      return rows[0];
    },
  };
}
