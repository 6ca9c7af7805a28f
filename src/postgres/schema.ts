/**
 * The tables as drizzle sees them. Keys are the contract's own names, so a row of the ledger is a row of the table. The
 * migrations are the authority; a test compares every column with a real Postgres.
 */

export * from "./schema/attempts.ts";
export * from "./schema/audit-log.ts";
export * from "./schema/incidents.ts";
export * from "./schema/merchants.ts";
export * from "./schema/policy-and-releases.ts";
