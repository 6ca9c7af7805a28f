/** The schema of a product's object, in order of growth. */
import type { Migration } from "../migrations.ts";
import { OUTBOX_MIGRATION } from "../outbox/outbox-store.ts";

export const RELEASE_MIGRATIONS: readonly Migration[] = [
  OUTBOX_MIGRATION,
  {
    name: "catalogue and slots",
    sql: `
      CREATE TABLE releases (
        version TEXT PRIMARY KEY,
        record TEXT NOT NULL,
        changes INTEGER NOT NULL,
        stage INTEGER NOT NULL,
        stage_since INTEGER NOT NULL,
        stage_baseline INTEGER NOT NULL,
        abort_rules TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE slots (
        version TEXT NOT NULL,
        attempt_id TEXT NOT NULL,
        plugin_id TEXT NOT NULL,
        stage INTEGER NOT NULL,
        outcome TEXT,
        acknowledged INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (version, attempt_id)
      ) WITHOUT ROWID;
    `,
  },
  {
    // Remedies have a table of their own: older code reads every row of releases as one.
    name: "remedies, plans, holds, acknowledgements and reverts",
    sql: `
      ALTER TABLE releases ADD COLUMN canary TEXT;
      ALTER TABLE releases ADD COLUMN plan TEXT;
      CREATE TABLE remedies (
        version TEXT PRIMARY KEY,
        record TEXT NOT NULL,
        changes INTEGER NOT NULL,
        stage INTEGER NOT NULL,
        stage_since INTEGER NOT NULL,
        stage_baseline INTEGER NOT NULL,
        abort_rules TEXT NOT NULL,
        canary TEXT,
        plan TEXT
      ) WITHOUT ROWID;
      ALTER TABLE slots ADD COLUMN environment TEXT;
      ALTER TABLE slots ADD COLUMN taken_at INTEGER;
      ALTER TABLE slots ADD COLUMN finished_at INTEGER;
      CREATE TABLE holds (
        version TEXT NOT NULL,
        environment TEXT NOT NULL,
        hold TEXT NOT NULL,
        lifted_at INTEGER,
        PRIMARY KEY (version, environment)
      ) WITHOUT ROWID;
      CREATE TABLE acknowledgements (
        version TEXT NOT NULL,
        number INTEGER NOT NULL,
        acknowledgement TEXT NOT NULL,
        PRIMARY KEY (version, number)
      ) WITHOUT ROWID;
      CREATE TABLE reverts (
        version TEXT PRIMARY KEY,
        run TEXT NOT NULL,
        state TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE revert_items (
        version TEXT NOT NULL,
        position INTEGER NOT NULL,
        attempt_id TEXT NOT NULL,
        plugin_id TEXT NOT NULL,
        applied_at INTEGER,
        status TEXT NOT NULL,
        text TEXT NOT NULL DEFAULT '',
        at INTEGER,
        PRIMARY KEY (version, position)
      ) WITHOUT ROWID;
    `,
  },
  {
    name: "slots taken back",
    sql: "ALTER TABLE slots ADD COLUMN reverted_at INTEGER",
  },
  {
    name: "orders that are given again",
    sql: `
      ALTER TABLE revert_items ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE revert_items ADD COLUMN ask_at INTEGER;
    `,
  },
  {
    name: "relapses dated",
    sql: "ALTER TABLE slots ADD COLUMN relapsed_at INTEGER",
  },
];
