/** The tables of a product's memory. A generation is one whole memory: a rebuild fills the next one beside the one in use. */
import type { Migration } from "../migrations.ts";
import { OUTBOX_MIGRATION } from "../outbox/outbox-store.ts";

export const SIRA_MIGRATIONS: readonly Migration[] = [
  {
    name: "fixes",
    sql: `
      CREATE TABLE fixes (
        signature TEXT NOT NULL,
        fix TEXT NOT NULL,
        successes INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (signature, fix)
      ) WITHOUT ROWID;
      CREATE TABLE learned (attempt_id TEXT PRIMARY KEY, outcome TEXT NOT NULL) WITHOUT ROWID;
    `,
  },
  OUTBOX_MIGRATION,
  {
    // `fixes` and `learned` are read once more, by the upgrade, and then no longer.
    name: "lessons, places and votes",
    sql: `
      CREATE TABLE lessons (
        generation INTEGER NOT NULL,
        attempt_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        finished_at INTEGER NOT NULL,
        place TEXT NOT NULL,
        PRIMARY KEY (generation, attempt_id)
      ) WITHOUT ROWID;
      CREATE TABLE places (
        generation INTEGER NOT NULL,
        key TEXT NOT NULL,
        within TEXT NOT NULL,
        level INTEGER NOT NULL,
        success INTEGER NOT NULL,
        rolled_back INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        inconclusive INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        PRIMARY KEY (generation, key)
      ) WITHOUT ROWID;
      CREATE INDEX places_within ON places (generation, within, seen_at);
      CREATE TABLE votes (
        generation INTEGER NOT NULL,
        incident_id TEXT NOT NULL,
        person TEXT NOT NULL,
        revision INTEGER NOT NULL,
        vote TEXT NOT NULL,
        signature TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (generation, incident_id, person)
      ) WITHOUT ROWID;
      CREATE INDEX votes_signature ON votes (generation, signature, vote);
    `,
  },
];
