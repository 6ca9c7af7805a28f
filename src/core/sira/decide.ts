/**
 * Pure: the built-in decision service. The rules of the heuristic say which moves there are and how likely each is before anything
 * was seen; what earlier attempts on this product taught makes that a belief; the move with the highest expected utility is
 * chosen. Within what the policy allows without a person, and only there, a move that may be better is sometimes tried instead
 * (Thompson sampling; Russo et al., "A Tutorial on Thompson Sampling", 2018). Same records, request and random: same answer.
 */
import type { Alternative, Candidate, DecideReply, DecideRequest } from "../../contract/decision.ts";
import { isGrave } from "../severity-rank.ts";
import { beliefIn, type Known } from "./belief.ts";
import { type Beta, betaMean, betaQuantile } from "./beta.ts";
import { chanceText, evidenceOf, inWords, nameOf } from "./explain.ts";
import { answersTo, choiceOf, escalation, heuristicDecision, rankedCandidates } from "./heuristics.ts";
import { attemptsIn, type Place, placeOf } from "./lesson.ts";
import { actionable, type Opinion, votesAgainst } from "./opinion.ts";
import { candidateWaits, utilityOfAsking, utilityOfMove, utilityOfWaiting } from "./utility.ts";

const MAX_ALTERNATIVES = 8;
/** A best move that was tried less often than this teaches most by being used itself. */
const TRIED_ENOUGH = 5;
/** The interval that is shown holds the chance with 90 % certainty. */
const INTERVAL = [0.05, 0.95] as const;

export interface Learned extends Known {
  opinion(signature: string): Opinion;
}

interface Move {
  candidate: Candidate;
  place: Place;
  belief: Beta;
  utility: number;
}

/**
 * Never answers an excluded fix, and gives a silent plugin, and a kind of incident without any known answer, to a person.
 * `random` draws from [0, 1); without it, or without `request.allowed`, nothing is tried in order to learn.
 */
export function decide(request: DecideRequest, learned: Learned, random?: () => number): DecideReply {
  if (answersTo(request).length === 0) return heuristicDecision(request);
  const opinion = learned.opinion(request.incident.signature);
  const worth = actionable(opinion);
  const moves = rankedCandidates(request)
    .filter(({ action }) => action !== "escalate" && action !== "monitor")
    .map((candidate) => moveOf(candidate, request, learned, worth));
  // A stable sort: among equals the rule's order holds.
  const ranked = moves.filter(isPermitted(request)).sort((a, b) => b.utility - a.utility);
  const best = ranked[0];
  const others = (chosen: Move | null): Alternative[] =>
    [...ranked, ...moves.filter((move) => !ranked.includes(move))]
      .filter((move) => move !== chosen)
      .slice(0, MAX_ALTERNATIVES)
      .map((move) => {
        // Their words say the same, and eight lists of evidence would fill the plugin's state.
        const { evidence: _, ...rest } = choice(move, request, learned);
        return rest;
      });

  const asking = utilityOfAsking(worth);
  const waiting = isGrave(request.incident.severity) ? Number.NEGATIVE_INFINITY : utilityOfWaiting(worth);
  if (best === undefined || best.utility < Math.max(asking, waiting)) {
    const rest = { alternatives: others(null) };
    if (waiting > asking) return { ...watching(worth, opinion), ...rest };
    return { ...asked(request, best, worth, opinion), ...rest };
  }
  const chosen = explored(ranked, best, request, worth, learned, random);
  const reply = { ...choice(chosen, request, learned), alternatives: others(chosen) };
  if (chosen === best) return reply;
  return {
    ...reply,
    explored: true,
    explanation: `${reply.explanation} Tried in order to learn: it may be better than ${nameOf(best.candidate)}.`,
  };
}

function moveOf(candidate: Candidate, request: DecideRequest, learned: Learned, worth: number): Move {
  const { incident, plugin } = request;
  const { type, signature } = incident;
  const { action, version, remedy } = candidate;
  const place = placeOf({ type, signature, env: plugin.env, from: plugin.version, action, version, remedy });
  const belief = beliefIn(place, choiceOf(candidate, request).confidence, learned);
  const odds = { heals: betaMean(belief), actionable: worth };
  return {
    candidate,
    place,
    belief,
    utility: utilityOfMove(candidate, request, odds, learned.tally(place.fix)),
  };
}

/** What the policy forbids outright would be decided in vain; where it lets nothing happen alone, a person may allow any. */
function isPermitted({ allowed }: DecideRequest): (move: Move) => boolean {
  const actions = allowed?.actions ?? [];
  return ({ candidate }) => actions.length === 0 || actions.includes(candidate.action);
}

/** Draws a chance from each belief and takes the best; only among moves that may go without a person and can be taken back. */
function explored(
  ranked: readonly Move[],
  best: Move,
  request: DecideRequest,
  worth: number,
  learned: Learned,
  random: (() => number) | undefined,
): Move {
  if (random === undefined || request.allowed === undefined) return best;
  if (attemptsIn(learned.tally(best.place.fix)) < TRIED_ENOUGH) return best;
  const open = ranked.filter(
    ({ candidate, belief }) =>
      candidate.reversible !== false && !candidateWaits(candidate, request, betaMean(belief)),
  );
  if (!open.includes(best)) return best;
  const drawn = open.map((move) => {
    const odds = { heals: betaQuantile(move.belief, random()), actionable: worth };
    const outcomes = learned.tally(move.place.fix);
    return { move, utility: utilityOfMove(move.candidate, request, odds, outcomes) };
  });
  return drawn.reduce((a, b) => (b.utility > a.utility ? b : a)).move;
}

function choice({ candidate, place, belief }: Move, request: DecideRequest, learned: Learned): Alternative {
  const rule = choiceOf(candidate, request);
  const evidence = evidenceOf(candidate, place, request, learned);
  const confidence = round(betaMean(belief));
  const [low, high] = INTERVAL.map((q) => round(betaQuantile(belief, q)));
  const interval: [number, number] = [Math.min(low ?? 0, confidence), Math.max(high ?? 1, confidence)];
  const n = attemptsIn(learned.tally(place.fix));
  const words = inWords(candidate, evidence);
  return {
    ...rule,
    confidence,
    interval,
    n,
    ...(evidence.length === 0 ? {} : { evidence }),
    // What was seen comes first: of an alternative only the beginning is kept.
    explanation: [words, `Chance to heal ${chanceText(confidence, interval)}.`, rule.explanation]
      .filter((part) => part !== "")
      .join(" ")
      .slice(0, 2000),
  };
}

/** A person decides: nothing on offer is worth its risk, or people said that such incidents are not worth a change. */
function asked(request: DecideRequest, best: Move | undefined, worth: number, opinion: Opinion): Alternative {
  const reply = escalation(request);
  if (best === undefined) return reply;
  const chance = betaMean(best.belief).toFixed(2);
  const why =
    votesAgainst(opinion) > 0
      ? `${votesText(opinion)}; a person should look before anything is changed.`
      : `The best move on offer, ${best.candidate.action} ${nameOf(best.candidate)}, heals with a chance of ${chance}: not worth its risk.`;
  return { ...reply, confidence: round(Math.max(reply.confidence, 1 - worth)), explanation: why };
}

function watching(worth: number, opinion: Opinion): Alternative {
  return {
    action: "monitor",
    confidence: round(1 - worth),
    explanation: `${votesText(opinion)}: watched without acting.`,
  };
}

function votesText(opinion: Opinion): string {
  const { false_positive: wrong, not_actionable: idle, useful } = opinion;
  return `For this very fault people voted false positive ${wrong}, not actionable ${idle}, useful ${useful} time(s)`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
