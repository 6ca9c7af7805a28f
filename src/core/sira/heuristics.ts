/**
 * Pure: the decision of last resort, rules in words. It knows nothing of what happened in other shops, so its confidence
 * is modest: a fixed prior per size of step, less for every fix that has already failed here.
 */
import type { Alternative, Candidate, DecideReply, DecideRequest } from "../../contract/decision.ts";
import { compareSemver, stepBetween } from "../semver.ts";
import { goesItsWay, isExcluded, ranHere } from "./moves.ts";

/**
 * Chance that the change mends the fault, before anything was learned. Chosen by judgement, not measured: a patch-level
 * release after a fault is usually its fix, a major one usually something else.
 */
export const PRIOR_CONFIDENCE = {
  patch: 0.7,
  minor: 0.55,
  major: 0.35,
  rollback: 0.6,
  /** The fault began with the change that a rollback takes back. */
  rollback_after_change: 0.7,
  resubscribe: 0.65,
  /** Settings that ops published for exactly this kind of incident. */
  config: 0.7,
  escalate: 0.5,
  /** A silent plugin cannot be handed a command: asking a person is the only move there is. */
  escalate_silent: 0.9,
  monitor: 0.3,
} as const;

/** A new error after a change is seldom mended by going further. */
const PENALTY_PATCH_ON_NEW_ERROR = 0.2;
/** A move that is no answer to this kind of incident, as far as the rules know. */
const BEST_OF_UNLIKELY = 0.25;
/** Taken off per fix that already failed for this signature on this plugin. */
const PENALTY_PER_FAILED_FIX = 0.1;
/** Taken off when the release cannot be rolled back. */
const PENALTY_IRREVERSIBLE = 0.1;
const LOWEST_CONFIDENCE = 0.1;
/** What is less likely to help than this is not proposed: a failed change costs more than asking a person at once. */
const WORTH_TRYING = 0.3;
const MAX_ALTERNATIVES = 8;

/** Candidates that have not failed here, best first for this kind of incident; only moves that can be made. */
export function rankedCandidates(request: DecideRequest): Candidate[] {
  const { version } = request.plugin;
  const open = request.candidates.filter(
    (candidate) =>
      !isExcluded(candidate, request.excluded) && isMove(candidate, version) && ranHere(candidate, request),
  );
  const order = answersTo(request);
  const rank = (candidate: Candidate) => {
    const index = order.indexOf(candidate.action);
    return index < 0 ? order.length : index;
  };
  const before = request.incident.changed_from;
  const goesBack = (candidate: Candidate) =>
    candidate.action === "rollback" && before !== undefined && candidate.version === before ? 0 : 1;
  return open.sort((a, b) => rank(a) - rank(b) || goesBack(a) - goesBack(b) || byDistance(a, b));
}

/** The prior confidence of one candidate for this request, 0 to 1. */
export function priorConfidence(candidate: Candidate, request: DecideRequest): number {
  const known = basePrior(candidate, request);
  const isMoveOnly = candidate.action !== "escalate" && candidate.action !== "monitor";
  const answers = !isMoveOnly || answersTo(request).includes(candidate.action);
  const base = answers ? known : Math.min(known, BEST_OF_UNLIKELY);
  const irreversible = candidate.reversible === false ? PENALTY_IRREVERSIBLE : 0;
  const failed = request.excluded.length * PENALTY_PER_FAILED_FIX;
  return round(Math.max(LOWEST_CONFIDENCE, base - irreversible - failed));
}

function basePrior(candidate: Candidate, request: DecideRequest): number {
  const { type, changed_from } = request.incident;
  switch (candidate.action) {
    case "patch": {
      if (candidate.version === undefined) return PRIOR_CONFIDENCE.patch;
      const prior = stepPrior(request.plugin.version, candidate.version);
      return type === "new_error" ? prior - PENALTY_PATCH_ON_NEW_ERROR : prior;
    }
    case "rollback":
      return changed_from === undefined ? PRIOR_CONFIDENCE.rollback : PRIOR_CONFIDENCE.rollback_after_change;
    default:
      return PRIOR_CONFIDENCE[candidate.action];
  }
}

/** Decides by rule alone. Never throws, never answers an excluded fix; escalates when nothing fits. */
export function heuristicDecision(request: DecideRequest): DecideReply {
  const ranked = rankedCandidates(request);
  const answers = answersTo(request);
  const chosen = ranked.find(
    (candidate) => answers.includes(candidate.action) && priorConfidence(candidate, request) >= WORTH_TRYING,
  );
  const alternatives = ranked
    .filter((candidate) => candidate !== chosen && candidate.action !== "escalate")
    .slice(0, MAX_ALTERNATIVES)
    .map((candidate) => choiceOf(candidate, request));
  if (chosen) return { ...choiceOf(chosen, request), alternatives };
  return { ...escalation(request), alternatives };
}

/** The words of one choice: shared with the learning decision, which only changes the figures. */
export function choiceOf(candidate: Candidate, request: DecideRequest): Alternative {
  return {
    action: candidate.action,
    ...(candidate.version === undefined ? {} : { patch_version: candidate.version }),
    ...(candidate.remedy === undefined ? {} : { remedy: candidate.remedy }),
    ...(candidate.config === undefined ? {} : { config: candidate.config }),
    confidence: priorConfidence(candidate, request),
    explanation: explain(candidate, request),
  };
}

/** Asking a person, with the reason. */
export function escalation(request: DecideRequest): Alternative {
  const { type } = request.incident;
  const silent = type === "heartbeat_missed";
  const failed = request.excluded.length;
  const why = silent
    ? "The plugin is silent, so no command can reach it; a person must look at the shop."
    : failed > 0
      ? `Nothing is left to try for ${type}: ${failed} fix(es) already failed on this plugin.`
      : `No release or setting on offer is known to mend ${type}.`;
  return {
    action: "escalate",
    confidence: silent ? PRIOR_CONFIDENCE.escalate_silent : PRIOR_CONFIDENCE.escalate,
    explanation: why,
  };
}

/**
 * Which moves answer this kind of incident, in this order: what is easily taken back before what is not, and the way back before
 * the way on when the fault began with a change. A kind that is not listed goes to a person.
 */
export function answersTo({ incident }: DecideRequest): readonly Candidate["action"][] {
  switch (incident.type) {
    case "webhook_fail_rate":
    case "error_spike":
      return incident.changed_from === undefined ? ["config", "patch"] : ["config", "rollback", "patch"];
    // Fingerprints never seen before a version change: the release did it, so go back before going on.
    case "new_error":
      return ["config", "rollback", "patch"];
    case "webhook_disabled":
      return ["config", "resubscribe"];
    default:
      return [];
  }
}

/** Settings must be named; a version must lie where the action goes. */
function isMove(candidate: Candidate, from: string): boolean {
  if (candidate.action === "config") return Object.keys(candidate.config ?? {}).length > 0;
  return goesItsWay(candidate, from);
}

/** The nearest version first: upwards for a patch, downwards for a rollback. */
function byDistance(a: Candidate, b: Candidate): number {
  const upwards = compareSemver(a.version ?? "", b.version ?? "");
  return a.action === "rollback" ? -upwards : upwards;
}

function stepPrior(from: string, to: string): number {
  const step = stepBetween(from, to);
  return step === "downgrade" ? PRIOR_CONFIDENCE.rollback : PRIOR_CONFIDENCE[step];
}

function explain(candidate: Candidate, request: DecideRequest): string {
  const { type } = request.incident;
  const { version } = request.plugin;
  const to = candidate.version;
  switch (candidate.action) {
    case "patch": {
      const step = to === undefined ? "patch" : stepBetween(version, to);
      return `${to} is a release above ${version} (${step} step) that has not failed here; ${type} on a release is most often mended by a later one.`;
    }
    case "rollback":
      if (!answersTo(request).includes("rollback"))
        return `Going back to ${to ?? "the version before"}; nothing says that ${type} began with ${version}.`;
      return `The fault appeared with ${version}; ${to === undefined ? "the version before it" : to} ran without it.`;
    case "resubscribe":
      return "The platform switched the webhook subscription off; subscribing again restores delivery.";
    case "config":
      return `A change of settings is on offer for ${type}, and is easily taken back.`;
    case "monitor":
      return `Watching ${type} without acting.`;
    case "escalate":
      return escalation(request).explanation;
    default:
      return candidate.action satisfies never;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
