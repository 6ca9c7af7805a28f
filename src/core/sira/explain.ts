/** Pure: the words and figures of the evidence behind a choice, the most particular first. */
import type { Candidate, DecideRequest, Evidence } from "../../contract/decision.ts";
import { environmentClass } from "../rollout/environment-class.ts";
import type { Known } from "./belief.ts";
import { attemptsIn, type Place, sumOf, type Tally } from "./lesson.ts";

const MAX_EVIDENCE = 4;

/** Counts at each level that says more than the one before it; last, what other fixes of the kind came to. */
export function evidenceOf(
  candidate: Candidate,
  place: Place,
  request: DecideRequest,
  known: Known,
): Evidence[] {
  const fix = nameOf(candidate);
  const { type } = request.incident;
  const levels: [string, Tally][] = [
    [`${fix} on ${environmentClass(request.plugin.env)}`, known.tally(place.place)],
    [`${fix} for this very fault`, known.tally(place.fault)],
    [`${fix} for ${type} on ${request.plugin.version}`, known.tally(place.move)],
    [`${fix} for ${type} on any version`, known.tally(place.fix)],
    [`other fixes of this kind for ${type}`, sumOf(known.siblings(place.kind, place.fix))],
  ];
  const evidence: Evidence[] = [];
  let seen = 0;
  for (const [scope, tally] of levels) {
    const n = attemptsIn(tally);
    const others = scope.startsWith("other ");
    if (n === 0 || (!others && n <= seen) || (others && seen > 0)) continue;
    seen = n;
    evidence.push({ scope: scope.slice(0, 200), successes: tally.success, n });
  }
  return evidence.slice(0, MAX_EVIDENCE);
}

/** `11 of 12 shops recovered with 1.2.3 on woocommerce 9.1 / php 8.2; 14 of 16 with 1.2.3 for this very fault.` */
export function inWords(candidate: Candidate, evidence: readonly Evidence[]): string {
  // A setting or a subscription can be mended twice in one shop; a version mends a shop once.
  const what = candidate.version === undefined ? "attempts" : "shops";
  const parts = evidence.map(({ scope, successes, n }, i) => {
    const count = `${successes} of ${n}${i === 0 ? ` ${what} recovered` : ""}`;
    return `${count} with ${scope}`;
  });
  return parts.length === 0 ? "" : `${parts.join("; ")}.`;
}

export function nameOf(candidate: Candidate): string {
  return candidate.version ?? candidate.remedy ?? candidate.action;
}

/** `0.91 (90 % interval 0.76 to 0.98)`. */
export function chanceText(confidence: number, [low, high]: readonly [number, number]): string {
  return `${confidence.toFixed(2)} (90 % interval ${low.toFixed(2)} to ${high.toFixed(2)})`;
}
