/** Who did what. */
import { sql } from "drizzle-orm";
import { bigint, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { bytea, figures, instant } from "../columns.ts";

/** `seq`, `prev_hash` and `hash` are set by the table's own trigger. */
export const auditLog = pgTable(
  "audit_log",
  {
    stream: text().notNull(),
    seq: bigint({ mode: "number" }).notNull().generatedAlwaysAs(sql`set by trigger`),
    id: text().notNull(),
    at: instant().notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    data: figures().notNull(),
    prev_hash: bytea().notNull().generatedAlwaysAs(sql`set by trigger`),
    hash: bytea().notNull().generatedAlwaysAs(sql`set by trigger`),
  },
  (t) => [primaryKey({ columns: [t.stream, t.seq] })],
);
