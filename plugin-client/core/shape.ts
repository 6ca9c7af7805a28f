/**
 * Small checks for reading JSON that somebody else wrote. Pure. The core carries no schema library, so each parser reads
 * field by field and throws `ShapeError` with the field's name; the door that calls it turns that into a refusal.
 */

export class ShapeError extends Error {
  override name = "ShapeError";
}

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new ShapeError(name);
  return value as Fields; // an object with unknown values is exactly this
}

/** JSON text holding an object of at most `max` characters. */
export function parseFields(text: string, name: string, max: number): Fields {
  if (text.length > max) throw new ShapeError(name);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ShapeError(name);
  }
  return fields(value, name);
}

export function text(from: Fields, name: string, max: number, pattern?: RegExp): string {
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  if (typeof value !== "string" || value.length > max || pattern?.test(value) === false)
    throw new ShapeError(name);
  return value;
}

export function whole(from: Fields, name: string, min: number, max: number): number {
  const value = from[name];
  if (!Number.isSafeInteger(value) || Number(value) < min || Number(value) > max) throw new ShapeError(name);
  return Number(value);
}

export function flag(from: Fields, name: string): boolean {
  const value = from[name];
  if (typeof value !== "boolean") throw new ShapeError(name);
  return value;
}

export function list(from: Fields, name: string, min: number, max: number): readonly unknown[] {
  const value = from[name];
  if (!Array.isArray(value) || value.length < min || value.length > max) throw new ShapeError(name);
  return value;
}

/** ISO 8601 instant with a zone, as milliseconds since epoch. */
export function instant(from: Fields, name: string): number {
  const ms = Date.parse(
    text(from, name, 40, /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/),
  );
  if (!Number.isFinite(ms)) throw new ShapeError(name);
  return ms;
}

export function optional<T>(from: Fields, name: string, read: () => T): T | undefined {
  return from[name] === undefined ? undefined : read();
}
