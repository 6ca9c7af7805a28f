/**
 * Pure: taking a release back from the shops that have it, newest first, a bounded number at a time. Going back to the newest
 * first undoes the change before shops have come to depend on it, and leaves the longest proven for last.
 */
import type { OrderReply } from "../../contract/order.ts";
import type { Refusal, Result } from "../../contract/refusal.ts";
import type { REVERT_STATUSES } from "../../contract/revert.ts";
import type { SlotOutcome } from "./canary.ts";

export type RevertStatus = (typeof REVERT_STATUSES)[number];

/** A shop that does not come back within this no longer holds up the others; its own object goes on with it. */
export const REVERT_WAIT_MS = 30 * 60_000;
/** At one a minute, as a busy shop asks for: longer than any attempt may take that comes first there. */
export const ORDER_TRIES = 150;

export interface RevertEntry {
  attemptId: string;
  pluginId: string;
  /** When the attempt had finished, ms since epoch; null while it is under way. */
  appliedAt: number | null;
  status: RevertStatus;
  /** Since when it has this status, ms since epoch; null while it waits from the beginning. */
  at: number | null;
  /** Its shop was busy, or did not answer: not asked again before then (ms since epoch). */
  askAt?: number | null;
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

/**
 * What to do now. `entries` in the order in which they are to be taken back. While it is `held`, because no command may leave,
 * nobody is told, and nobody is passed over for not having answered: all of them would have their turn at once afterwards.
 */
export function nextRevertStep(
  entries: readonly RevertEntry[],
  limit: number,
  now: number,
  held = false,
): RevertStep {
  const ordered = entries.filter(({ status }) => status === "ordered");
  if (held) {
    const idle = entries.every(({ status }) => status !== "waiting") && ordered.length === 0;
    return { order: [], giveUp: [], done: idle };
  }
  const giveUp = ordered.filter(({ at }) => at !== null && now - at >= REVERT_WAIT_MS);
  const free = Math.max(0, limit - (ordered.length - giveUp.length));
  const waiting = entries.filter(({ status }) => status === "waiting");
  const order = waiting.filter(({ askAt }) => (askAt ?? 0) <= now).slice(0, free);
  return { order, giveUp, done: waiting.length === 0 && ordered.length === giveUp.length };
}

/** When an ordered entry is next given up, or one that was busy asked again (ms since epoch); null when nothing of that is to come. */
export function nextTurn(entries: readonly RevertEntry[]): number | null {
  const times = entries.flatMap(({ status, at, askAt }) => {
    if (status === "ordered" && at !== null) return [at + REVERT_WAIT_MS];
    return status === "waiting" && askAt ? [askAt] : [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

export interface AfterOrder {
  status: RevertStatus;
  text: string;
  /** Seconds until it may be asked again; only of one that waits. */
  retryInS?: number;
}

/** What an order's answer makes of its entry. `tries`: calls made so far, this one included. */
export function afterAnswer(answer: Result<OrderReply>, tries: number): AfterOrder {
  if (!answer.ok) return afterRefusal(answer.refusal, tries);
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

function afterRefusal(refusal: Refusal, tries: number): AfterOrder {
  if (refusal.reason === "unavailable") return afterSilence(refusal.message, tries, refusal.retry_after_s);
  return { status: "refused", text: "message" in refusal ? refusal.message : refusal.reason };
}

/** Its object did not answer, or something comes first there: its turn comes again, behind nobody, a bounded number of times. */
export function afterSilence(why: string, tries: number, retryInS = 10): AfterOrder {
  if (tries >= ORDER_TRIES) return { status: "failed", text: `given up after ${tries} tries: ${why}` };
  return { status: "waiting", text: why, retryInS: Math.max(10, retryInS) };
}

/** What the end of an attempt under way makes of its entry: one that got through all the same has to be taken back after all. */
export function afterAttempt(outcome: SlotOutcome | "cancelled"): RevertStatus {
  return outcome === "success" || outcome === "relapsed" ? "waiting" : "reverted";
}

/**
 * What the end of a taking-back makes of its entry. What was cancelled while no command may leave was cancelled for that: it has
 * its turn again. Otherwise a person did not want it.
 */
export function afterTakingBack(outcome: SlotOutcome | "cancelled", held = false): RevertStatus {
  if (outcome === "cancelled" && held) return "waiting";
  return outcome === "success" || outcome === "rolled_back" ? "reverted" : "failed";
}
