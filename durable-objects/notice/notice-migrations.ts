/** The notice desk's tables, as they came to be. Append only. */
import type { Migration } from "../migrations.ts";
import { OUTBOX_MIGRATION } from "../outbox/outbox-store.ts";

export const NOTICE_MIGRATIONS: readonly Migration[] = [
  OUTBOX_MIGRATION,
  {
    name: "notices",
    sql: `
      CREATE TABLE seen (key TEXT PRIMARY KEY, at INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE buckets (key TEXT PRIMARY KEY, tokens REAL NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE held (number INTEGER PRIMARY KEY, reader TEXT NOT NULL, digest_at INTEGER NOT NULL, letter TEXT NOT NULL);
      CREATE INDEX held_by_reader ON held (reader, number);
      CREATE TABLE sends (
        number INTEGER PRIMARY KEY,
        reader TEXT NOT NULL,
        since INTEGER NOT NULL,
        due_at INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        letter TEXT NOT NULL
      );
      CREATE INDEX sends_by_due ON sends (due_at);
      CREATE INDEX sends_by_reader ON sends (reader, number);
      CREATE TABLE merchants (merchant_id TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID;
    `,
  },
];
