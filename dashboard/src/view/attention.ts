/** Pure. Which incidents come first: those that wait for a person, then by severity, then the newest. */

import type { Attempt } from "../../../src/contract/attempt.ts";
import { SEVERITIES } from "../../../src/contract/ids.ts";
import type { Incident } from "../../../src/contract/incident.ts";
import { questionOf } from "./question.ts";

/** What an incident waits for, from most to least urgent. */
export type Attention = "approval" | "person" | "nobody-acts" | "none";

const RANK: Record<Attention, number> = { approval: 0, person: 0, "nobody-acts": 1, none: 2 };

export function attentionOf(incident: Incident, awaiting: ReadonlySet<string>): Attention {
  if (incident.status === "resolved" || incident.status === "dismissed") return "none";
  // Put aside on purpose, with an end: it is in the lists all the same.
  if (incident.muted || incident.in_maintenance || incident.snoozed) return "none";
  if (awaiting.has(incident.id)) return "approval";
  if (incident.status === "escalated") return "person";
  return incident.status === "open" && incident.acknowledged_by === null ? "nobody-acts" : "none";
}

/** Incident ids of the attempts that ask a person: to let them begin, or to keep what they changed. */
export function awaitingAnswer(attempts: readonly Attempt[]): ReadonlySet<string> {
  return new Set(attempts.filter((a) => questionOf(a) !== null).map((a) => a.incident_id));
}

/**
 * Splits what the API answered into "needs attention" and the rest; no incident is in both.
 * @param open incidents that are open, whatever the page shows
 * @param page the list as the API ordered it
 */
export function splitByAttention(
  open: readonly Incident[],
  page: readonly Incident[],
  awaiting: ReadonlySet<string>,
): { attention: Incident[]; rest: Incident[] } {
  const byId = new Map([...open, ...page].map((incident) => [incident.id, incident]));
  const attention = [...byId.values()]
    .filter((incident) => attentionOf(incident, awaiting) !== "none")
    .sort((a, b) => urgency(a, b, awaiting));
  const first = new Set(attention.map((incident) => incident.id));
  return { attention, rest: page.filter((incident) => !first.has(incident.id)) };
}

function urgency(a: Incident, b: Incident, awaiting: ReadonlySet<string>): number {
  return (
    RANK[attentionOf(a, awaiting)] - RANK[attentionOf(b, awaiting)] ||
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
    b.detected_at.localeCompare(a.detected_at)
  );
}
