/** Pure: what a plugin's answer to an order, and later the end of an attempt, say of an emergency action's target. */
import type { EmergencyKind, TargetState } from "../../contract/emergency.ts";
import type { OrderReply } from "../../contract/order.ts";
import type { Refusal, Result } from "../../contract/refusal.ts";
import type { FinishedReport } from "../../contract/rpc/fleet.ts";

/** Calls that may fail, or be put off by the plugin, before a target counts as failed. */
export const ORDER_TRIES = 8;

export interface TargetChange {
  state: TargetState;
  text: string;
  /** The attempt whose end decides. */
  follows: string | null;
  /** Seconds until the order may be given again; only of a target that waits. */
  retryInS?: number;
}

/** `tries`: calls made so far, this one included. */
export function afterOrder(kind: EmergencyKind, answer: Result<OrderReply>, tries: number): TargetChange {
  if (!answer.ok) return afterRefusal(answer.refusal, tries);
  const { would, text, attempt_id } = answer.value;
  switch (would) {
    case "cancel":
      return { state: "done", text, follows: null };
    case "nothing":
      return { state: "skipped", text, follows: null };
    case "roll_back":
    case "revert":
      // A mere cancellation never gets here; were it to, nobody waits for its end.
      return kind === "cancel_pending" || attempt_id === null
        ? { state: "skipped", text, follows: null }
        : { state: "ordered", text, follows: attempt_id };
    default:
      return would satisfies never;
  }
}

function afterRefusal(refusal: Refusal, tries: number): TargetChange {
  if (refusal.reason === "unavailable")
    return afterSilence(refusal.message, tries, Math.max(5, refusal.retry_after_s));
  const text = "message" in refusal ? refusal.message : `refused: ${refusal.reason}`;
  return { state: "skipped", text, follows: null };
}

/** Nothing came of it, or the plugin's object asks for patience. */
export function afterSilence(
  why: string,
  tries: number,
  retryInS = 5 * 2 ** Math.min(tries, 5),
): TargetChange {
  if (tries >= ORDER_TRIES) return { state: "failed", text: `given up: ${why}`.slice(0, 500), follows: null };
  return { state: "waiting", text: why.slice(0, 500), follows: null, retryInS };
}

/**
 * The end of the attempt that a target follows; `own`: it is the attempt that was to go, not one that takes it back. A way back
 * that was cancelled, as the kill switch does with what waits, is ordered again: whoever wants it no longer aborts the action.
 */
export function afterEnd(report: FinishedReport, own: boolean, tries: number): TargetChange {
  const ending = report.ending ?? report.outcome;
  const word = ending.replaceAll("_", " ");
  const back = own ? ["rolled_back", "cancelled", "rejected"] : ["success"];
  if (back.includes(ending)) return { state: "done", text: own ? word : "taken back", follows: null };
  if (!own && ending === "cancelled") return afterSilence("the way back was cancelled", tries);
  return {
    state: "failed",
    text: own ? `it ended as ${word}` : `the way back ended as ${word}`,
    follows: null,
  };
}
