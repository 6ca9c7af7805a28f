/**
 * Pure: why the answer of a decision service may not be taken. A service chooses among candidates, it cannot invent one; and no
 * service, however sure, is allowed a choice that the built-in one refuses itself.
 */
import type { Candidate, DecideReply, DecideRequest } from "../../contract/decision.ts";
import { sameSettings } from "../same-settings.ts";
import { isGrave } from "../severity-rank.ts";
import { goesItsWay, isExcluded, ranHere } from "./moves.ts";

export type Choice = Pick<DecideReply, "action" | "patch_version" | "config" | "remedy">;

/** Why this choice may not be taken; null when it may. Asking a person is always on offer, watching on unless it is grave. */
export function objectionTo(choice: Choice, request: DecideRequest): string | null {
  const { action, patch_version: version, remedy } = choice;
  const target = version ?? remedy;
  const named = target === undefined ? action : `${action} to ${target}`;
  const fix = { action, version, remedy };
  if (isExcluded(fix, request.excluded)) return `proposed ${named}, which already failed here`;
  if (action === "escalate") return null;
  if (action === "monitor")
    return isGrave(request.incident.severity)
      ? `proposed only to watch what is ${request.incident.severity}`
      : null;
  const offered = offerOf(choice, request);
  if (offered === undefined) return `proposed ${named}, which is not among the candidates`;
  const { version: from } = request.plugin;
  if (!goesItsWay(fix, from)) return `proposed ${named}, which is none from ${from}`;
  if (!ranHere(fix, request)) return `proposed ${named}, which is not known to have run here`;
  if (action !== "config") return null;
  if (Object.keys(offered.config ?? {}).length === 0) return "proposed config without settings";
  return choice.config === undefined || sameSettings(choice.config, offered.config ?? {})
    ? null
    : `proposed ${named} with other settings than were offered`;
}

/** Where an answer contradicts itself or the question; null where it does not. */
export function flawIn(
  { confidence, interval, explored }: DecideReply,
  { allowed }: DecideRequest,
): string | null {
  if (interval !== undefined && (confidence < interval[0] || confidence > interval[1]))
    return `is ${confidence} sure, but gives the interval ${interval.join(" to ")}`;
  if (explored && allowed === undefined) return "tried a move in order to learn, which nothing allowed";
  return null;
}

/** The candidate that is chosen; undefined when there is none such. */
export function offerOf(
  { action, patch_version, remedy }: Choice,
  request: DecideRequest,
): Candidate | undefined {
  return request.candidates.find(
    (candidate) =>
      candidate.action === action && candidate.version === patch_version && candidate.remedy === remedy,
  );
}
