/**
 * The JSON of Neon's SQL-over-HTTP protocol, as its driver sends and reads it (neondatabase/serverless, `httpQuery.ts`;
 * neondatabase/neon, `proxy/src/serverless/json.rs`). Pure.
 */
import { z } from "zod";

const Query = z.object({ query: z.string(), params: z.array(z.unknown()).default([]) });
export type Query = z.infer<typeof Query>;
/** One query, or a batch for one transaction. */
export const SqlRequest = z.union([z.object({ queries: z.array(Query).max(1000) }), Query]);
export type SqlRequest = z.infer<typeof SqlRequest>;

/** A parameter as Postgres' text, or null. Objects and scalars are JSON text; arrays are Postgres array literals. */
export function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return arrayLiteral(value);
  return JSON.stringify(value);
}

function arrayLiteral(items: readonly unknown[]): string {
  const texts = items.map((item) => {
    if (item === null || item === undefined) return "NULL";
    if (Array.isArray(item)) return arrayLiteral(item);
    return JSON.stringify(typeof item === "object" ? JSON.stringify(item) : item);
  });
  return `{${texts.join(",")}}`;
}

interface ResultField {
  name: string;
  dataTypeID: number;
  tableID: number;
  columnID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
}

/** A result whose values are Postgres' own text: the driver parses them by type. */
export function resultBody(result: {
  fields: ResultField[];
  rows: (string | null)[][];
  command: string;
  rowCount: number | null;
}) {
  return {
    rowAsArray: true,
    fields: result.fields.map(({ name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier }) => {
      return { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier, format: "text" };
    }),
    rows: result.rows,
    command: result.command,
    rowCount: result.rowCount,
  };
}

const ERROR_FIELDS = [
  "code",
  "severity",
  "detail",
  "hint",
  "position",
  "internalPosition",
  "internalQuery",
  "where",
  "schema",
  "table",
  "column",
  "dataType",
  "constraint",
  "file",
  "line",
  "routine",
] as const;

/** The body of a 400: Postgres' own error, its absent fields null. */
export function errorBody(error: Error): Record<string, string | null> {
  const given: Record<string, unknown> = { ...error };
  const fields = ERROR_FIELDS.map((name) => {
    const value = given[name];
    return [name, value === undefined || value === null ? null : String(value)];
  });
  return { message: error.message, ...Object.fromEntries(fields) };
}

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: "READ UNCOMMITTED",
  ReadCommitted: "READ COMMITTED",
  RepeatableRead: "REPEATABLE READ",
  Serializable: "SERIALIZABLE",
};

/** The statement that opens a batch's transaction; null for an isolation level that does not exist. */
export function beginStatement(header: (name: string) => string | undefined): string | null {
  const words = ["BEGIN"];
  const level = header("neon-batch-isolation-level");
  if (level !== undefined) {
    const sql = ISOLATION_LEVELS[level];
    if (sql === undefined) return null;
    words.push(`ISOLATION LEVEL ${sql}`);
  }
  if (header("neon-batch-read-only") === "true") words.push("READ ONLY");
  if (header("neon-batch-deferrable") === "true") words.push("DEFERRABLE");
  return words.join(" ");
}
