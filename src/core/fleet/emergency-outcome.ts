/** Pure: what a plugin's answer to an order, and later the end of an attempt, say of an emergency action's target. */
import type { EmergencyKind, TargetState } from "../../contract/emergency.ts";
import type { OrderReply } from "../../contract/order.ts";
import type { Refusal, Result } from "../../contract/refusal.ts";
import type { FinishedReport } from "../../contract/rpc/fleet.ts";

/** Orders of which nothing came, unanswered or cancelled afterwards, before a target counts as failed. */
export const ORDER_TRIES = 8;
/** For so long, seconds in all, a plugin may put its order off: whatever attempt comes first there is over by then. */
export const PUT_OFF_LIMIT_S = 2 * 3_600;
const MIN_RETRY_S = 5;

/** What was borne with a target so far. */
export interface Patience {
  /** Orders of which nothing came. */
  tries: number;
  /** Seconds for which its plugin, busy with something that comes first, has put its order off. */
  putOffS: number;
}

export interface TargetChange {
  state: TargetState;
  text: string;
  /** The attempt whose end decides. */
  follows: string | null;
  patience: Patience;
  /** Seconds until the order may be given again; only of a target that waits. */
  retryInS?: number;
}

/** `borne`: before this answer. */
export function afterOrder(kind: EmergencyKind, answer: Result<OrderReply>, borne: Patience): TargetChange {
  if (!answer.ok) return afterRefusal(answer.refusal, borne);
  const { would, text, attempt_id } = answer.value;
  const settled = (state: TargetState) => ({ state, text, follows: null, patience: borne });
  switch (would) {
    case "cancel":
      return settled("done");
    case "nothing":
      return settled("skipped");
    case "roll_back":
    case "revert":
      // A mere cancellation never gets here; were it to, nobody waits for its end.
      return kind === "cancel_pending" || attempt_id === null
        ? settled("skipped")
        : { state: "ordered", text, follows: attempt_id, patience: borne };
    default:
      return would satisfies never;
  }
}

function afterRefusal(refusal: Refusal, borne: Patience): TargetChange {
  if (refusal.reason === "unavailable") return putOff(refusal.message, refusal.retry_after_s, borne);
  const text = "message" in refusal ? refusal.message : `refused: ${refusal.reason}`;
  return { state: "skipped", text, follows: null, patience: borne };
}

/** The plugin answers, and is busy: only its own time is up for it, not the tries of those that say nothing. */
function putOff(why: string, retryAfterS: number, borne: Patience): TargetChange {
  if (borne.putOffS >= PUT_OFF_LIMIT_S) return givenUp(why, borne);
  const retryInS = Math.max(MIN_RETRY_S, retryAfterS);
  return waiting(why, { ...borne, putOffS: borne.putOffS + retryInS }, retryInS);
}

/** Nothing came of the order; `borne`: before it. */
export function afterSilence(why: string, borne: Patience): TargetChange {
  const tries = borne.tries + 1;
  const patience = { ...borne, tries };
  if (tries >= ORDER_TRIES) return givenUp(why, patience);
  return waiting(why, patience, MIN_RETRY_S * 2 ** Math.min(tries, 5));
}

function waiting(why: string, patience: Patience, retryInS: number): TargetChange {
  return { state: "waiting", text: why.slice(0, 500), follows: null, patience, retryInS };
}

function givenUp(why: string, patience: Patience): TargetChange {
  return { state: "failed", text: `given up: ${why}`.slice(0, 500), follows: null, patience };
}

/**
 * The end of the attempt that a target follows; `own`: it is the attempt that was to go, not one that takes it back. A way back
 * that was cancelled, as the kill switch does with what waits, is ordered again: whoever wants it no longer aborts the action.
 */
export function afterEnd(report: FinishedReport, own: boolean, borne: Patience): TargetChange {
  const ending = report.ending ?? report.outcome;
  const word = ending.replaceAll("_", " ");
  const back = own ? ["rolled_back", "cancelled", "rejected"] : ["success"];
  if (back.includes(ending))
    return { state: "done", text: own ? word : "taken back", follows: null, patience: borne };
  if (!own && ending === "cancelled") return afterSilence("the way back was cancelled", borne);
  return {
    state: "failed",
    text: own ? `it ended as ${word}` : `the way back ended as ${word}`,
    follows: null,
    patience: borne,
  };
}
