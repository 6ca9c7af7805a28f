/**
 * A signal of another kind begins, or one that was there grows graver, while a fix is being watched. The detectors start afresh with every change, so whatever fires in the
 * bake began after it, and a change is the likeliest cause of what begins just after it: the fix is held for its doing. It is
 * not tried again by itself here, and release, fleet and SIRA count it as failed. The new incident is decided on as any other
 * (the way back is among its candidates), but a person decides where there is no way back. What was healed bakes on. Pure.
 */
import { type Draft, note } from "./draft.ts";
import { excludeFix } from "./end-attempt.ts";
import { escalateIncident } from "./incidents.ts";
import { reportRelapse } from "./relapse.ts";
import type { HealedBy, IncidentState } from "./state.ts";

/** `opened`: has just been opened, or is a silence whose cause is now known to be the plugin; or was open, and has just grown graver. */
export function blameWatchedFix(draft: Draft, opened: IncidentState, what: Blamed = "began"): void {
  for (const baking of [...draft.state.incidents]) {
    const fix = baking.healedBy;
    if (baking === opened || baking.row.status !== "baking" || fix === null) continue;
    if (fix.takenBack || fix.regressed) continue;
    fix.regressed = true;
    blame(draft, opened, baking, fix, what);
  }
}

type Blamed = "began" | "grew worse";

function blame(
  draft: Draft,
  opened: IncidentState,
  baking: IncidentState,
  fix: HealedBy,
  what: Blamed,
): void {
  const { state, now } = draft;
  const name = fix.version ?? fix.remedy ?? fix.action;
  const signal = opened.row.type.replaceAll("_", " ");
  excludeFix(state, baking, fix, now);
  reportRelapse(draft, baking, fix, `${signal} ${what} in its bake`);
  const { attemptId } = fix;
  note(draft, baking, {
    kind: "fix_blamed",
    text: `${signal} ${what} while ${name} is being watched: ${name} is held for its doing, and is not tried again by itself.`,
    attemptId,
    data: { incident_id: opened.row.id },
  });
  note(draft, opened, {
    kind: what === "began" ? "began_in_bake" : "grew_in_bake",
    text: `It ${what} while ${name} was being watched, the fix of ${baking.row.type.replaceAll("_", " ")}: held for its doing.`,
    attemptId,
    data: { incident_id: baking.row.id },
  });
  const change = state.inPlace?.find((one) => one.attemptId === attemptId);
  if (change?.reversible === false)
    escalateIncident(draft, opened, `${name} cannot be taken back: a person must decide what follows.`);
}
