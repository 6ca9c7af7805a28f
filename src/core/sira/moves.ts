/** Pure: which candidates are moves that this shop can make at all, whoever proposes them. */
import type { Candidate, DecideRequest } from "../../contract/decision.ts";
import { compareSemver } from "../semver.ts";

/** The names of a fix: what a candidate and an answer that chooses it have in common. */
export interface Fix {
  action: Candidate["action"];
  version?: string | undefined;
  remedy?: string | undefined;
}

/** It failed for this signature on this plugin. One that names neither version nor remedy stands for all of its kind. */
export function isExcluded(fix: Fix, excluded: DecideRequest["excluded"]): boolean {
  return excluded.some(
    ({ action, version, remedy }) =>
      action === fix.action &&
      (version === undefined || version === fix.version) &&
      (remedy === undefined || remedy === fix.remedy),
  );
}

/**
 * A way back leads to what ran in this shop before. Another older version may never have run here: however well its like did
 * elsewhere, going there is no return but a downgrade into the unknown, and final at once.
 */
export function ranHere({ action, version }: Fix, { incident }: Pick<DecideRequest, "incident">): boolean {
  if (action !== "rollback" || version === undefined) return true;
  return incident.changed_from === undefined
    ? incident.type === "new_error"
    : version === incident.changed_from;
}

/** A patch must go up and a rollback down (or to wherever the plugin kept its snapshot, when no version is named). */
export function goesItsWay({ action, version }: Fix, from: string): boolean {
  if (version === undefined) return action !== "patch";
  if (action === "patch") return compareSemver(version, from) > 0;
  if (action === "rollback") return compareSemver(version, from) < 0;
  return true;
}
