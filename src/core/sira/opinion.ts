/** Pure: what people's votes say of a signature: is it worth acting on at all? */
import type { VOTES } from "../../contract/incident.ts";

export type Vote = (typeof VOTES)[number];

/** Votes about one signature, each person once for each incident. */
export type Opinion = Record<Vote, number>;

export const NO_OPINION: Opinion = { useful: 0, not_actionable: 0, false_positive: 0 };

/** Detectors are built to be right: as if three votes had been cast, nearly all of them useful. */
const PRIOR_ACTIONABLE = 0.95;
const PRIOR_WEIGHT = 3;

/** Chance, 0 to 1, that an incident with this signature is one to act on: the mean of a Beta posterior. */
export function actionable(opinion: Opinion): number {
  const against = opinion.false_positive + opinion.not_actionable;
  return (PRIOR_ACTIONABLE * PRIOR_WEIGHT + opinion.useful) / (PRIOR_WEIGHT + opinion.useful + against);
}

export function votesAgainst(opinion: Opinion): number {
  return opinion.false_positive + opinion.not_actionable;
}

/** The vote that counts of one person on one incident: the highest revision, whatever the order of arrival. */
export function newerVote<T extends { revision: number }>(known: T | null, vote: T): boolean {
  return known === null || vote.revision > known.revision;
}
