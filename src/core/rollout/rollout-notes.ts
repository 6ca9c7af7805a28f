/** Pure: what people should know before they plan a rollout, or take one back. */
import type { ReleaseStatus } from "../../contract/release.ts";
import type { RolloutPlan } from "../../contract/rollout-plan.ts";

/** What bars a release, or a remedy, from everybody at this moment. */
export interface Bars {
  status: ReleaseStatus;
  /** Until when clients take its manifest, ms since epoch; null for a remedy, which has none. */
  expires: number | null;
  /** The product's floor when the version lies below it; null otherwise. */
  belowFloor: string | null;
}

/** Nobody gets it whatever is planned; a person who resumes what is halted or paused lets the plan begin. */
export function isBarred({ status, expires, belowFloor }: Bars, now: number): boolean {
  return status === "blocked" || belowFloor !== null || (expires !== null && expires <= now);
}

/** Why the waves reach nobody, or nobody yet. */
export function barNotes(
  { status, expires, belowFloor }: Bars,
  { waves }: RolloutPlan,
  now: number,
): string[] {
  const notes: string[] = [];
  if (status === "blocked") notes.push("It is blocked: nobody gets it unless an admin undoes that.");
  if (status === "halted" || status === "paused")
    notes.push(
      `It is ${status}: nobody new gets it until a person resumes it. Counted is whom it may reach then.`,
    );
  if (belowFloor !== null)
    notes.push(`It lies below the product's floor ${belowFloor}: nobody gets it while that stands.`);
  if (expires === null) return notes;
  const until = new Date(expires).toISOString();
  if (expires <= now) return [...notes, `Its manifest expired at ${until}: no client takes it any more.`];
  const late = waves.findIndex(
    ({ not_before }) => not_before !== undefined && Date.parse(not_before) >= expires,
  );
  return late < 0 ? notes : [...notes, `Its manifest expires at ${until}, before wave ${late + 1} may open.`];
}

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
