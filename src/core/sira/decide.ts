/**
 * Pure: the built-in decision service. The rules of the heuristic name the moves; what earlier attempts on this product
 * taught about the same signature ranks them and sets the confidence.
 */
import type { Alternative, Candidate, DecideReply, DecideRequest } from "../../contract/decision.ts";
import { choiceOf, heuristicDecision, rankedCandidates } from "../heuristics.ts";
import { posteriorMean } from "./posterior.ts";
import { type FixRecord, fixKey, NO_RECORD } from "./record.ts";

const MAX_ALTERNATIVES = 8;

/**
 * Decides with what is known of this signature: `records` by `fixKey`. Without records it answers as the heuristic does.
 * Never answers an excluded fix, and escalates whenever the heuristic has no move for this kind of incident.
 */
export function decide(request: DecideRequest, records: ReadonlyMap<string, FixRecord>): DecideReply {
  const byRule = heuristicDecision(request);
  if (byRule.action === "escalate") return byRule;
  const scored = rankedCandidates(request).map((candidate) => score(candidate, request, records));
  // Only the kind of move that the rule chose competes for first place; a stable sort keeps the rule's order among equals
  // and puts a fix that failed here behind one that nothing is known of.
  const rivals = scored
    .filter(({ choice }) => choice.action === byRule.action)
    .sort((a, b) => Number(a.failedMore) - Number(b.failedMore) || evidence(b) - evidence(a));
  const chosen = rivals[0];
  if (!chosen) return byRule;
  const others = [...rivals.slice(1), ...scored.filter((s) => !rivals.includes(s))]
    .filter(({ choice }) => choice.action !== "escalate")
    .slice(0, MAX_ALTERNATIVES);
  return { ...chosen.choice, alternatives: others.map(({ choice }) => choice) };
}

interface Scored {
  choice: Alternative;
  record: FixRecord;
  /** Failed for this signature at least as often as it worked. */
  failedMore: boolean;
}

function score(
  candidate: Candidate,
  request: DecideRequest,
  records: ReadonlyMap<string, FixRecord>,
): Scored {
  const record = records.get(fixKey(candidate.action, candidate.version)) ?? NO_RECORD;
  const prior = choiceOf(candidate, request);
  const known = record.successes + record.failures;
  const seen =
    known === 0
      ? ""
      : ` For this signature it worked ${record.successes} and failed ${record.failures} time(s).`;
  return {
    record,
    failedMore: record.failures > 0 && record.failures >= record.successes,
    choice: {
      ...prior,
      confidence: posteriorMean(prior.confidence, record),
      explanation: `${prior.explanation}${seen}`,
    },
  };
}

/** Fixes with a record come before fixes without one, the surest first. */
function evidence({ record, choice }: Scored): number {
  return record.successes > 0 ? choice.confidence : 0;
}
