/**
 * The part of the state that is about one incident. PERSISTED CONTRACT, as `state.ts` is, which hands all of it on.
 */
import type { Attempt } from "../../contract/attempt.ts";
import type { Incident } from "../../contract/incident.ts";
import type { ShadowDecision } from "../../contract/shadow.ts";

export type Millis = number;

export interface IncidentState {
  row: Incident;
  /** Number of the last timeline event. */
  events: number;
  /** After a successful attempt: watched until then. Null otherwise. */
  bakeUntil: Millis | null;
  /** Looks at the shop from outside during this silence; none when absent. */
  looks?: number;
  /** Looks since the shop was found to be down: it is looked at again by itself. */
  downLooks?: number;
  /** The fix whose success is being watched. */
  healedBy: HealedBy | null;
  /** When it came back, newest last: a few of the last day. */
  returns?: Millis[];
  /** Somebody was called because it flaps: once is enough. */
  flapTold?: true;
  /** What would have been done in mode `shadow`, while it is not known what became of it. */
  shadow?: ShadowDecision;
  /** Decisions in a row to do nothing but watch. */
  watched?: number;
  /** People were told of it: its end is told too. */
  told?: true;
  /** Notices that nobody was sent while it was quiet, and whether one would have been a page. */
  held?: { count: number; page: boolean };
}

/** Resolved a moment ago: should the same come back soon, it is this one again. */
export interface ClosedIncident {
  incident: IncidentState;
  at: Millis;
}

export interface HealedBy {
  attemptId: string;
  action: Attempt["action"];
  version: string | null;
  remedy?: string;
  /** What it set, of a `config`: a person's settings are those of no remedy, but may be the same. */
  set?: Record<string, string | number | boolean>;
  /** A change was taken back by order: the fault that it healed may well return, and is nobody's failure then. */
  takenBack?: true;
  /** Another signal began in its bake: it counts as failed, and has been reported so. */
  regressed?: true;
  /** A person kept it after an inconclusive check: that the trouble is over shows only when its bake ends. */
  unproved?: true;
}
