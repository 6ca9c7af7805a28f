/** Pure. Orders of lists. */

/** By creation, the newest first; ids made in the same instant by their number. */
export function newestFirst<T extends { id: string; created_at: string }>(items: readonly T[]): T[] {
  return [...items].sort(
    (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || numberOf(b.id) - numberOf(a.id),
  );
}

/** The number at the end of an id; 0 without one. */
function numberOf(id: string): number {
  return Number(/_(\d+)$/.exec(id)?.[1] ?? 0);
}
