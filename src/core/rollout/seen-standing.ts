/**
 * Pure: whether something still stands as the person saw it who wants it to go on. A resumption acknowledges failures and stops
 * a taking-back, so it must not be about a pause while an abort rule has halted it since.
 */
import { ok, type Result, refuse } from "../../contract/refusal.ts";
import type { ReleaseStatus, SeenStanding, Standing } from "../../contract/release.ts";

/** Refuses as `conflict` when it has another standing by now, and says which. What was not seen is not compared. */
export function stillAsSeen(
  { status, standing }: { status: ReleaseStatus; standing?: Standing | null | undefined },
  seen: SeenStanding,
): Result<null> {
  const changed = seen.from !== undefined && seen.from !== status;
  const anew = seen.since !== undefined && momentOf(seen.since) !== momentOf(standing?.at ?? null);
  if (!changed && !anew) return ok(null);
  const how = changed ? `it is ${status} by now, not ${seen.from}` : `it is ${status} anew`;
  const who = standing ? ` (${standing.by}, ${standing.at}: ${standing.reason})` : "";
  return refuse({ reason: "conflict", message: `${how}${who}: look at it again before you let it go on` });
}

function momentOf(instant: string | null): number | null {
  return instant === null ? null : Date.parse(instant);
}
