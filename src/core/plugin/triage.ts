/**
 * Before anything is healed, silence is triaged: the incident is open already, and this finds out whether a decision makes
 * sense. During a storm nothing is judged, nobody is paged, and it is looked at again every minute.
 */
import type { FleetGuard } from "../../contract/rpc.ts";
import { judgeSilence, type SilenceVerdict, type SiteProbe } from "../silence-cause.ts";
import { stablePercent } from "../stable-hash.ts";
import { type Draft, incidentById, note, notify, recordIncident } from "./draft.ts";
import { escalateIncident, titleOf } from "./incidents.ts";
import type { IncidentState, PluginState, Work } from "./state.ts";
import { LOOK_AGAIN_MS, STORM_AGAIN_MS, STORM_MEMORY_MS } from "./tuning.ts";
import { startWork } from "./work.ts";

/** What the triage has to know from outside. */
export interface TriageFacts {
  guard: FleetGuard;
  /** Null when nobody looked: in a storm, or without an address. */
  probe: SiteProbe | null;
}

export function onTriaged(draft: Draft, work: Work, facts: TriageFacts): void {
  if (work.kind !== "triage") return;
  noteStorm(draft.state, facts.guard, draft.now);
  const incident = incidentById(draft.state, work.incidentId);
  // A person's own change is under way: its end decides what becomes of the incident.
  if (incident === null || incident.row.status === "healing" || incident.row.status === "baking") return;
  if (facts.probe !== null) incident.looks = (incident.looks ?? 0) + 1;
  const verdict = judgeSilence({
    storm: facts.guard.storm,
    stormExplanation: facts.guard.explanation,
    siteKnown: draft.state.siteUrl !== null,
    probe: facts.probe,
    looks: incident.looks ?? 0,
  });
  if (verdict.next === "wait") return waitForStorm(draft, incident, facts, verdict);
  conclude(draft, incident, facts, verdict);
}

/** The storm as this plugin last heard of it: the reply asks for slower beats while it is fresh. */
export function noteStorm(state: PluginState, guard: FleetGuard, now: number): void {
  if (guard.storm) state.stormSeenAt = now;
  else delete state.stormSeenAt;
}

export function inStorm(state: PluginState, now: number): boolean {
  return state.stormSeenAt !== undefined && now - state.stormSeenAt < STORM_MEMORY_MS;
}

function waitForStorm(
  draft: Draft,
  incident: IncidentState,
  facts: TriageFacts,
  verdict: SilenceVerdict,
): void {
  // Once, not once a minute. An incident that a person was called for stays theirs.
  if (incident.row.status === "open") {
    setCause(draft, incident, verdict, "unknown");
    evidence(draft, incident, facts, verdict);
  }
  const spreadMs = STORM_AGAIN_MS * (stablePercent(draft.state.id) / 500);
  startWork(
    draft,
    { kind: "triage", incidentId: incident.row.id },
    draft.now + STORM_AGAIN_MS + Math.round(spreadMs),
  );
}

function conclude(draft: Draft, incident: IncidentState, facts: TriageFacts, verdict: SilenceVerdict): void {
  setCause(draft, incident, verdict, incident.row.status === "unknown" ? "open" : incident.row.status);
  evidence(draft, incident, facts, verdict);
  const incidentId = incident.row.id;
  const { next, cause, explanation } = verdict;
  switch (next) {
    case "wait":
      return;
    case "look_again":
      return startWork(draft, { kind: "triage", incidentId }, draft.now + LOOK_AGAIN_MS);
    case "decide":
      notify(draft, incident, "incident_detected", "notice", titleOf(draft, incident), explanation);
      return startWork(draft, { kind: "decide", incidentId });
    case "escalate":
      // Nobody of ours can mend a shop that is down in the middle of the night: its merchant is told in the morning.
      return escalateIncident(
        draft,
        incident,
        explanation,
        "vigie",
        cause === "shop_down" ? "notice" : "page",
      );
    default:
      return next satisfies never;
  }
}

/** No answer, however often it was asked. */
export function triageFailed(draft: Draft, incidentId: string, why: string): void {
  const incident = incidentById(draft.state, incidentId);
  if (incident === null || incident.row.status === "healing" || incident.row.status === "baking") return;
  const explanation = `Why it is silent could not be found out: ${why}`;
  setCause(draft, incident, { next: "escalate", cause: "unknown", explanation }, incident.row.status);
  escalateIncident(draft, incident, explanation);
}

function setCause(
  draft: Draft,
  incident: IncidentState,
  verdict: SilenceVerdict,
  status: IncidentState["row"]["status"],
): void {
  if ((incident.row.cause ?? null) === verdict.cause && incident.row.status === status) return;
  incident.row.cause = verdict.cause;
  incident.row.status = status;
  recordIncident(draft, incident);
}

function evidence(draft: Draft, incident: IncidentState, facts: TriageFacts, verdict: SilenceVerdict): void {
  note(draft, incident, {
    kind: verdict.cause === null ? "probed" : "triaged",
    text: verdict.explanation,
    data: {
      cause: verdict.cause,
      storm: facts.guard.storm,
      looks: incident.looks ?? 0,
      ...(facts.probe === null ? {} : { probe: facts.probe }),
    },
  });
}
