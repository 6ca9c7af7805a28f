/**
 * Pure: is a rise spread over the fleet, or does one cohort account for it? A bad release makes all its shops fail at once, and so
 * does a broken version of their platform: neither is a fault that everybody shares.
 */
import type { Rest } from "./storm.ts";

/** One newly affected plugin, by what it shares with others: keys of its version, and of its platform's version. */
export interface AffectedPlugin {
  groups: readonly string[];
}

/**
 * Leaves out the plugins of cohorts with an open incident, then those of the one group that accounts for most of the others.
 * `sizeOf`: plugins known to be in a group; `reachable`: plugins in all.
 */
export function restOf(
  affected: readonly AffectedPlugin[],
  reachable: number,
  openCohorts: ReadonlySet<string>,
  sizeOf: (group: string) => number,
): Rest {
  const blamed = new Set(affected.flatMap(({ groups }) => groups.filter((group) => openCohorts.has(group))));
  const unexplained = affected.filter(({ groups }) => !groups.some((group) => blamed.has(group)));
  const largest = largestGroup(unexplained);
  if (largest !== null) blamed.add(largest);
  const rest = unexplained.filter(({ groups }) => largest === null || !groups.includes(largest));
  const known = [...blamed].reduce((sum, group) => sum + sizeOf(group), 0);
  // Groups overlap, and a plugin that never delivered is in none that is known: what is left is at least what was seen.
  return { fresh: rest.length, reachable: Math.max(rest.length, reachable - known) };
}

function largestGroup(affected: readonly AffectedPlugin[]): string | null {
  const counts = new Map<string, number>();
  for (const { groups } of affected)
    for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
  return first?.[0] ?? null;
}
