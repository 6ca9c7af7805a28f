/**
 * Mutes and maintenance windows of an edited policy: what is new must end within its bounds and carries its author's name,
 * what is over is dropped, so that the lists never fill up with the past. Pure.
 */
import {
  type MaintenanceWindow,
  type Mute,
  type PolicyDocument,
  QUIET_LIMIT_MS,
} from "../../contract/policy.ts";
import { ok, type Result, refuse } from "../../contract/refusal.ts";

interface Author {
  by: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A year: a window further ahead is a slip of the hand. */
const AHEAD_LIMIT_MS = 366 * 86_400_000;

/** Refuses `invalid`, naming the field, when a new entry is over already or would last too long. */
export function settleQuiet(
  before: PolicyDocument,
  after: PolicyDocument,
  author: Author,
): Result<PolicyDocument> {
  for (const [i, mute] of after.mutes.entries())
    if (known(before.mutes, mute) === undefined) {
      const flaw = lateFlaw(mute.until, author.now, QUIET_LIMIT_MS, "30 days");
      if (flaw !== null)
        return refuse({ reason: "invalid", field: `document.mutes.${i}.until`, message: flaw });
    }
  for (const [i, window] of after.maintenance.entries())
    if (known(before.maintenance, window) === undefined) {
      const flaw = lateFlaw(window.until, author.now, AHEAD_LIMIT_MS, "a year");
      if (flaw !== null)
        return refuse({ reason: "invalid", field: `document.maintenance.${i}.until`, message: flaw });
    }
  return ok({
    ...after,
    mutes: signed(before.mutes, after.mutes, author),
    maintenance: signed(before.maintenance, after.maintenance, author),
  });
}

function lateFlaw(until: string, now: number, limitMs: number, limit: string): string | null {
  const aheadMs = Date.parse(until) - now;
  if (aheadMs <= 0) return "is over already";
  return aheadMs > limitMs ? `must be at most ${limit} ahead` : null;
}

/** What is not over, under the name of whoever set it: nobody can sign for another. */
function signed<T extends Mute | MaintenanceWindow>(
  before: readonly T[],
  after: readonly T[],
  author: Author,
): T[] {
  return after
    .filter((entry) => Date.parse(entry.until) > author.now)
    .map((entry) => ({ ...entry, by: known(before, entry)?.by ?? author.by }));
}

/** The same entry in the policy in force, whoever it says has set it. */
function known<T extends Mute | MaintenanceWindow>(entries: readonly T[], wanted: T): T | undefined {
  const text = unsigned(wanted);
  return entries.find((entry) => unsigned(entry) === text);
}

function unsigned(entry: Mute | MaintenanceWindow): string {
  const { by: _by, ...rest } = entry;
  return JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
