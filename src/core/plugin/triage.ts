/**
 * Before anything is healed, silence is triaged: the incident is open already, and this finds out whether a decision makes
 * sense. During a storm nothing is judged, nobody is paged, and it is looked at again every minute.
 */
import type { IncidentType, SilenceCause } from "../../contract/incident.ts";
import type { FleetGuard } from "../../contract/rpc/fleet.ts";
import { judgeSilence, type SilenceVerdict, type SiteProbe, stormVerdict } from "../detect/silence-cause.ts";
import { stablePercent } from "../stable-hash.ts";
import { type Draft, incidentById, note, notify, recordIncident } from "./draft.ts";
import { escalateIncident, setIncidentStatus, titleOf } from "./incidents.ts";
import { blameWatchedFix } from "./regression.ts";
import type { IncidentState, PluginState, Work } from "./state.ts";
import {
  LOOK_AGAIN_MS,
  SHOP_DOWN_AGAIN_MS,
  SHOP_DOWN_LONGEST_MS,
  SHOP_DOWN_LOOKS,
  STORM_AGAIN_MS,
  STORM_MEMORY_MS,
} from "./tuning.ts";
import { startWork } from "./work.ts";

/** A storm ends before the last shop has shown its recovery: so long the others have to do so, before any of them is changed. */
const STRAGGLER_MS = 15 * 60_000;

/** What the triage has to know from outside. */
export interface TriageFacts {
  guard: FleetGuard;
  /** Null when nobody looked: in a storm, or without an address. */
  probe: SiteProbe | null;
}

/** The answer to a triage; or to a decision that was not asked for, because a storm is under way. */
export function onTriaged(draft: Draft, work: Work, facts: TriageFacts): void {
  if (work.kind !== "triage" && work.kind !== "decide") return;
  const { guard, probe } = facts;
  noteStorm(draft.state, guard, draft.now);
  const incident = incidentById(draft.state, work.incidentId);
  // A person's own change is under way: its end decides what becomes of the incident.
  if (incident === null || incident.row.status === "healing" || incident.row.status === "baking") return;
  if (guard.storm) return waitForStorm(draft, incident, guard);
  if (work.kind === "decide" || incident.row.type !== "heartbeat_missed") return calmAgain(draft, incident);
  if (probe !== null) incident.looks = (incident.looks ?? 0) + 1;
  const verdict = judgeSilence({
    siteKnown: draft.state.siteUrl !== null,
    probe,
    looks: incident.looks ?? 0,
  });
  conclude(draft, incident, facts, verdict);
}

/** Why the guard holds incidents of this type for a storm's; null when it does not. */
export function stormOf({ storm, storms, explanation }: FleetGuard, type: IncidentType): string | null {
  if (!storm) return null;
  const known = storms ?? [{ type: "heartbeat_missed", explanation }];
  return known.find((other) => other.type === type)?.explanation ?? null;
}

/** The storm of silences as this plugin last heard of it: the reply asks for slower beats while it is fresh. */
export function noteStorm(state: PluginState, guard: FleetGuard, now: number): void {
  if (stormOf(guard, "heartbeat_missed") !== null) state.stormSeenAt = now;
  else delete state.stormSeenAt;
}

export function inStorm(state: PluginState, now: number): boolean {
  return state.stormSeenAt !== undefined && now - state.stormSeenAt < STORM_MEMORY_MS;
}

/** Nothing is decided in a storm, and what it is about is not even judged: it is looked at again every minute. */
export function waitForStorm(draft: Draft, incident: IncidentState, guard: FleetGuard): void {
  const why = stormOf(guard, incident.row.type);
  // Once, not once a minute. An incident that a person was called for stays theirs.
  if (why !== null && incident.row.status === "open") {
    const verdict = stormVerdict(incident.row.type, why);
    setCause(draft, incident, verdict.cause, "unknown");
    evidence(draft, incident, { guard, probe: null }, verdict);
  }
  const spreadMs = STORM_AGAIN_MS * (stablePercent(draft.state.id) / 500);
  startWork(
    draft,
    { kind: "triage", incidentId: incident.row.id },
    draft.now + STORM_AGAIN_MS + Math.round(spreadMs),
  );
}

/** The storm is over: should the signal go on, it is this shop's own after all. */
function calmAgain(draft: Draft, incident: IncidentState): void {
  const held = incident.row.status === "unknown";
  if (held) {
    setIncidentStatus(draft, incident, "open");
    note(draft, incident, {
      kind: "triaged",
      text: "The storm is over, the signal has not cleared yet.",
      data: {},
    });
  }
  startWork(draft, { kind: "decide", incidentId: incident.row.id }, draft.now + (held ? STRAGGLER_MS : 0));
}

function conclude(draft: Draft, incident: IncidentState, facts: TriageFacts, verdict: SilenceVerdict): void {
  const { next, cause, explanation } = verdict;
  // Found down before, and not found up now: nothing new.
  if (next === "escalate" && incident.downLooks !== undefined) return shopDown(draft, incident, explanation);
  const judged = incident.row.status === "unknown" || (next === "decide" && incident.downLooks !== undefined);
  setCause(draft, incident, cause, judged ? "open" : incident.row.status);
  evidence(draft, incident, facts, verdict);
  const incidentId = incident.row.id;
  switch (next) {
    case "look_again":
      return startWork(draft, { kind: "triage", incidentId }, draft.now + LOOK_AGAIN_MS);
    case "decide":
      delete incident.downLooks;
      notify(draft, incident, "incident_detected", "notice", titleOf(draft, incident), explanation);
      startWork(draft, { kind: "decide", incidentId });
      return blameWatchedFix(draft, incident);
    case "escalate":
      if (cause === "shop_down") return shopDown(draft, incident, explanation);
      return escalateIncident(draft, incident, explanation);
    default:
      return next satisfies never;
  }
}

/**
 * Nobody of ours can mend a shop that is down in the middle of the night: its merchant is told in the morning, once. It is
 * looked at again by itself, ever more rarely: a shop that answers again may have a plugin that is still dead.
 */
function shopDown(draft: Draft, incident: IncidentState, explanation: string): void {
  const seen = incident.downLooks ?? 0;
  if (seen === 0) escalateIncident(draft, incident, explanation, "vigie", "notice");
  if (seen >= SHOP_DOWN_LOOKS) return;
  incident.downLooks = seen + 1;
  const waitMs = Math.min(SHOP_DOWN_LONGEST_MS, SHOP_DOWN_AGAIN_MS * 2 ** seen);
  startWork(draft, { kind: "triage", incidentId: incident.row.id }, draft.now + waitMs);
}

/** No answer, however often it was asked. */
export function triageFailed(draft: Draft, incidentId: string, why: string): void {
  const incident = incidentById(draft.state, incidentId);
  if (incident === null || incident.row.status === "healing" || incident.row.status === "baking") return;
  // It was told already, and is looked at again.
  if (incident.row.cause === "shop_down" && incident.downLooks !== undefined)
    return shopDown(draft, incident, why);
  const explanation = `Why it is silent could not be found out: ${why}`;
  setCause(draft, incident, "unknown", incident.row.status);
  escalateIncident(draft, incident, explanation);
}

function setCause(
  draft: Draft,
  incident: IncidentState,
  cause: SilenceCause | null,
  status: IncidentState["row"]["status"],
): void {
  if ((incident.row.cause ?? null) === cause && incident.row.status === status) return;
  if (cause !== null || incident.row.cause) incident.row.cause = cause;
  incident.row.status = status;
  recordIncident(draft, incident);
}

function evidence(
  draft: Draft,
  incident: IncidentState,
  facts: TriageFacts,
  verdict: Pick<SilenceVerdict, "cause" | "explanation">,
): void {
  note(draft, incident, {
    kind: verdict.cause === null && !facts.guard.storm ? "probed" : "triaged",
    text: verdict.explanation,
    data: {
      cause: verdict.cause,
      storm: facts.guard.storm,
      looks: incident.looks ?? 0,
      ...(facts.probe === null ? {} : { probe: facts.probe }),
    },
  });
}
