/**
 * Pure: taking a release back from the shops that have it, newest first, a bounded number at a time. Going back to the newest
 * first undoes the change before shops have come to depend on it, and leaves the longest proven for last.
 */
import type { OrderReply } from "../../contract/order.ts";
import type { Refusal, Result } from "../../contract/refusal.ts";
import type { REVERT_STATUSES } from "../../contract/rollout.ts";
import type { SlotOutcome } from "./canary.ts";

export type RevertStatus = (typeof REVERT_STATUSES)[number];

/** A shop that does not come back within this no longer holds up the others; its own object goes on with it. */
export const REVERT_WAIT_MS = 30 * 60_000;

export interface RevertEntry {
  attemptId: string;
  pluginId: string;
  /** When the attempt had finished, ms since epoch; null while it is under way. */
  appliedAt: number | null;
  status: RevertStatus;
  /** Since when it has this status, ms since epoch; null while it waits from the beginning. */
  at: number | null;
}

export interface AppliedSlot {
  attemptId: string;
  pluginId: string;
  outcome: SlotOutcome | "cancelled" | null;
  takenAt: number | null;
  finishedAt: number | null;
}

/** What is to be taken back: successes still in place, relapsed ones too, and what is under way. Newest first. */
export function toTakeBack(slots: readonly AppliedSlot[]): AppliedSlot[] {
  return slots
    .filter(({ outcome }) => outcome === null || outcome === "success" || outcome === "relapsed")
    .toSorted((a, b) => age(b) - age(a));
}

const age = ({ outcome, takenAt, finishedAt }: AppliedSlot) =>
  outcome === null ? Number.MAX_SAFE_INTEGER : (finishedAt ?? takenAt ?? 0);

export interface RevertStep {
  /** Waiting entries whose turn has come, in the order given. */
  order: RevertEntry[];
  /** Ordered ones that were waited for long enough. */
  giveUp: RevertEntry[];
  /** Nothing waits and nothing is awaited any more. */
  done: boolean;
}

/** What to do now. `entries` in the order in which they are to be taken back. */
export function nextRevertStep(entries: readonly RevertEntry[], limit: number, now: number): RevertStep {
  const ordered = entries.filter(({ status }) => status === "ordered");
  const giveUp = ordered.filter(({ at }) => at !== null && now - at >= REVERT_WAIT_MS);
  const free = Math.max(0, limit - (ordered.length - giveUp.length));
  const waiting = entries.filter(({ status }) => status === "waiting");
  const order = waiting.slice(0, free);
  return { order, giveUp, done: waiting.length === 0 && ordered.length === giveUp.length };
}

/** When an ordered entry is next given up (ms since epoch); null when none is ordered. */
export function nextGivingUp(entries: readonly RevertEntry[]): number | null {
  const times = entries.flatMap(({ status, at }) =>
    status === "ordered" && at !== null ? [at + REVERT_WAIT_MS] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

/** What an order's answer makes of its entry; null when the order must be given again. */
export function afterAnswer(answer: Result<OrderReply>): { status: RevertStatus; text: string } | null {
  if (!answer.ok) return afterRefusal(answer.refusal);
  const { would, text } = answer.value;
  switch (would) {
    case "cancel":
      return { status: "reverted", text };
    case "nothing":
      return { status: "nothing", text };
    case "roll_back":
    case "revert":
      // Its end is reported later.
      return { status: "ordered", text };
    default:
      return would satisfies never;
  }
}

function afterRefusal(refusal: Refusal): { status: RevertStatus; text: string } | null {
  if (refusal.reason === "unavailable") return null;
  return { status: "refused", text: "message" in refusal ? refusal.message : refusal.reason };
}

/** What the end of an attempt under way makes of its entry: one that got through all the same has to be taken back after all. */
export function afterAttempt(outcome: SlotOutcome | "cancelled"): RevertStatus {
  return outcome === "success" || outcome === "relapsed" ? "waiting" : "reverted";
}

/** What the end of a taking-back makes of its entry. */
export function afterTakingBack(outcome: SlotOutcome | "cancelled"): RevertStatus {
  return outcome === "success" || outcome === "rolled_back" ? "reverted" : "failed";
}
