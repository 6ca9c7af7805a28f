/** Postgres stores neither U+0000 nor half a surrogate pair, and a shop's error message may hold both: a row must not be lost to one. */

const REPLACEMENT = "\uFFFD";

/** A copy in which every text, at any depth, is one that Postgres takes as text and as jsonb. */
export function storable<T>(value: T): T;
export function storable(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", REPLACEMENT);
  if (Array.isArray(value)) return value.map((item) => storable(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storable(key), storable(item)]));
}
