/**
 * When silence after a change counts. A resident client beats by a timer, every few seconds on probation; one that beats when a page is
 * viewed is quiet whenever its shop is, and is held to the hush that was learned of it. Pure.
 */
import type { PolicyDocument } from "../../contract/policy.ts";
import { silenceDeadline } from "../detect/detection.ts";
import type { Millis, PluginState } from "./state.ts";
import { PROBATION_SILENCE_BEATS } from "./tuning.ts";
import type { Verifying } from "./watching.ts";

/** Milliseconds since the epoch; null while nobody knows how long this shop is quiet when all is well. */
export function watchSilentAt(
  state: PluginState,
  { startedAt }: Verifying,
  intervals: PolicyDocument["intervals"],
): Millis | null {
  const silenceMs = PROBATION_SILENCE_BEATS * intervals.probation_s * 1000;
  const byTimer = (state.lastBeatAt ?? startedAt) + silenceMs;
  if (state.cadence === "resident") return byTimer;
  const learned = silenceDeadline(state.detection, state.askedS * 1000);
  return learned === null ? null : Math.max(byTimer, learned);
}
