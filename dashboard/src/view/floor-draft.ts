/** Pure. A floor being written: the version that its text means, and whether a person must say that it is meant. */

import type { FloorReach } from "../../../src/contract/floor.ts";
import { Version } from "../../../src/contract/ids.ts";
import type { Failure } from "../api/call.ts";

/** `version` null: no floor. Null: what is typed is no version. */
export function floorOf(text: string): { version: string | null } | null {
  const version = text.trim();
  if (version === "") return { version: null };
  return Version.safeParse(version).success ? { version } : null;
}

/** A floor above every active release bars every patch and rollback: the server refuses it until that is said. */
export function mustBeMeant(
  draft: { version: string | null } | null,
  reach: Pick<FloorReach, "left"> | null,
  failure: Failure | null,
): boolean {
  if (draft === null || draft.version === null) return false;
  return reach?.left.length === 0 || (failure?.kind === "refused" && failure.error.code === "conflict");
}
