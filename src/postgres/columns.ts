/** Column types whose values are the contract's own: instants as ISO 8601 text, JSON as the type it holds. */
import { customType, integer, jsonb, text } from "drizzle-orm/pg-core";

/**
 * Postgres' text of a timestamptz as the contract's Instant: `2026-11-22 10:00:00.5+00` becomes
 * `2026-11-22T10:00:00.500Z`. Throws a RangeError on any other text.
 */
export function instantOf(text: string): string {
  const iso = text.replace(" ", "T").replace(/([+-]\d{2})(?::?(\d{2}))?$/, (_, h, m) => `${h}:${m ?? "00"}`);
  return new Date(iso).toISOString();
}

export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => "timestamp(3) with time zone",
  fromDriver: instantOf,
});

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

/** A text column that holds one of a closed set; the migrations check the same set. */
export const oneOf = <T extends string>(values: readonly T[]) =>
  text({ enum: [...values] as unknown as [T, ...T[]] }); // drizzle asks for a non-empty tuple; a zod enum is one

export const json = <T>() => jsonb().$type<T>();

/** What differs from row to row: named figures, details of an event, a payload. */
export const figures = () => json<Record<string, unknown>>();

export const revision = () => integer().notNull();
