/** Pure: what people should know before they plan a rollout, or take one back. */
import type { RolloutPlan } from "../../contract/rollout.ts";

/** A date only ever delays: the next wave, larger, must not open on a change that was never seen to work. */
export function planNotes({ waves }: RolloutPlan): string[] {
  if (waves.length < 2) return [];
  return [
    "A wave opens the next one by its successes alone. One whose shops never need the change stays open, whatever the date of the next, until you plan again without it.",
  ];
}

/** `settings`: it is a remedy, which a client may have taken without keeping the former settings. */
export function revertNotes(settings: boolean): string[] {
  return [
    "Listed is what is on record here; no shop is asked before its turn. One that runs something newer by then is counted as refused, one that has gone back by itself as nothing to do.",
    ...(settings
      ? ["Settings cannot go back where the client kept no former ones: such shops are counted as refused."]
      : []),
  ];
}
