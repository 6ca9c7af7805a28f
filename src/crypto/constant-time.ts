/** Comparisons whose time does not tell how much was right. */
import { sha256 } from "./digest.ts";

/** Compares every byte; only a difference in length, which is public, ends it early. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Is this the bearer token we expect? Hashes both sides, so that not even the length leaks. No token set: never. */
export async function tokenMatches(given: string, expected: string | undefined): Promise<boolean> {
  if (expected === undefined || expected === "") return false;
  const [a, b] = await Promise.all([sha256(given), sha256(expected)]);
  return equalBytes(a, b);
}
