/**
 * The schema of an object: an append-only list of migrations, and a table of those that ran (`PRAGMA user_version` is
 * not supported in objects). Entries are only added, and only add to the schema: during a deployment older code may meet
 * an object that newer code has already migrated.
 */
import { fnv1a } from "../src/core/stable-hash.ts";

export interface Migration {
  /** Unique in its list; never renamed. */
  name: string;
  /** One or more statements; never edited once released. */
  sql: string;
}

type MigrationStorage = Pick<DurableObjectStorage, "sql" | "transactionSync">;

/**
 * Brings an object's schema up to date, each migration in a transaction with its record. Call inside the constructor's
 * `blockConcurrencyWhile`. Throws, changing nothing, when the recorded history is not the beginning of the list (or the list of it).
 */
export function migrate(storage: MigrationStorage, migrations: readonly Migration[]): void {
  const { sql } = storage;
  sql.exec(
    "CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, fingerprint INTEGER NOT NULL)",
  );
  const applied = sql
    .exec<{ id: number; name: string; fingerprint: number }>(
      "SELECT id, name, fingerprint FROM migrations ORDER BY id",
    )
    .toArray();
  for (const [index, row] of applied.entries()) {
    const migration = migrations[index];
    if (!migration) break; // Migrated by newer code: additive, so this code still works on it.
    if (row.name !== migration.name || row.fingerprint !== fnv1a(migration.sql)) {
      throw new Error(
        `object schema history differs at migration ${index + 1}: stored "${row.name}", listed "${migration.name}"`,
      );
    }
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < applied.length) continue;
    storage.transactionSync(() => {
      sql.exec(migration.sql);
      sql.exec(
        "INSERT INTO migrations (id, name, fingerprint) VALUES (?, ?, ?)",
        index + 1,
        migration.name,
        fnv1a(migration.sql),
      );
    });
  }
}
