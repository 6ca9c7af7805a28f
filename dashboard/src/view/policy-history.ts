/** Pure. The policy's history as a list of changes. */
import type { PolicyHistoryItem } from "../../../src/contract/policy.ts";
import { type Change, changesBetween } from "./changes.ts";

/** Newest first; each with what it changed against the revision before it. The oldest one has nothing to compare with. */
export function historyOf(
  items: readonly PolicyHistoryItem[],
): { item: PolicyHistoryItem; changes: Change[] }[] {
  const ordered = [...items].sort((a, b) => b.revision - a.revision);
  return ordered.map((item, i) => {
    const before = ordered[i + 1];
    return { item, changes: before ? changesBetween(before.document, item.document) : [] };
  });
}
