/**
 * Everything one plugin's object remembers. PERSISTED CONTRACT: stored whole as one row; new fields are optional or come
 * with a migration in `durable-objects/plugin/`, and golden samples of every old schema stay in the tests.
 * Times are milliseconds since the epoch; rows that leave for the ledger carry ISO 8601 instants.
 */
import type { AckData } from "../../contract/command.ts";
import type { Cadence, Environment } from "../../contract/heartbeat.ts";
import type { AgentCommand, Attempt, Incident, IncidentType } from "../../contract/incident.ts";
import type { PluginCredential } from "../../contract/ledger.ts";
import type { ReleaseRecord } from "../../contract/ops.ts";
import type { AttemptReport } from "../../contract/rpc.ts";
import type { ShadowDecision } from "../../contract/shadow.ts";
import type { CounterMark } from "../counter-delta.ts";
import { type DetectionState, newDetection } from "../detection.ts";
import type { Sums } from "../rolling-window.ts";
import type { ShopEvidence } from "../shop-evidence.ts";
import type { HealthEvidence } from "./health-evidence.ts";
import type { Baseline } from "./yardstick.ts";

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
  /** People were told of it: its end is told too. */
  told?: true;
  /** Notices that nobody was sent while it was quiet, and whether one would have been a page. */
  held?: { count: number; page: boolean };
}

export interface HealedBy {
  attemptId: string;
  action: Attempt["action"];
  version: string | null;
  remedy?: string;
  /** A change was taken back by order: the fault that it healed may well return, and is nobody's failure then. */
  takenBack?: true;
  /** Another signal began in its bake: it counts as failed, and has been reported so. */
  regressed?: true;
}

/** A change that succeeded, and is in place as far as anybody here knows: what an order may take back. */
export interface InPlace {
  attemptId: string;
  incidentId: string;
  action: Attempt["action"];
  from: string;
  /** Null when the change is one of settings. */
  to: string | null;
  remedy?: string;
  reversible: boolean;
  commandId: string | null;
  /** The product's object knows its version or remedy. */
  listed?: boolean;
  /** What the decision was believed to be worth. */
  confidence?: number;
  at: Millis;
  /** The incident that it healed, from when the rest of the state forgets it. */
  incident?: IncidentState;
}

/** Resolved a moment ago: should the same come back soon, it is this one again. */
export interface ClosedIncident {
  incident: IncidentState;
  at: Millis;
}

/** The release an attempt would apply, as frozen when the attempt was made. */
export type ChosenRelease = Pick<ReleaseRecord, "version" | "sha256" | "reversible" | "signed">;

export type Phase =
  | { name: "pending"; until: Millis }
  | { name: "awaiting_approval"; until: Millis }
  | { name: "staging"; until: Millis }
  | {
      name: "applying";
      commandId: string;
      handedOver: boolean;
      until: Millis;
      tries: number;
      /** A beat said that the command failed; its report, which says why, is awaited until then. */
      reportBy?: Millis;
      /** Since then only a slot is missing at its turns, or its release is paused: it waits on. */
      waitsSince?: Millis;
    }
  | {
      name: "verifying";
      startedAt: Millis;
      /** The health check's deadline, and the last moment an inconclusive one may be watched. */
      checkAt: Millis;
      limitAt: Millis;
      /** Judged at the deadline, or since: what comes next is no matter of `checkAt` any more. */
      checked?: true;
      /** A person has been asked because the evidence stayed inconclusive; without an answer by then it is rolled back. */
      askedUntil: Millis | null;
      /** What the new version has reported since it was first seen. */
      beats: number;
      totals: Sums;
      probesOk: number;
      probesFailed: number;
      /** Probes asked for by command; `mute`: asking is no use. */
      probing?: { asked: number; mute?: true };
      /** What it weighs against the baseline; absent in phases stored before it was kept. */
      evidence?: HealthEvidence;
    }
  | {
      name: "rolling_back";
      commandId: string | null;
      until: Millis;
      why: string;
      /** Rollback commands queued so far; 1 when absent. */
      tries?: number;
    };

export interface AttemptState {
  row: Attempt;
  phase: Phase;
  release: ChosenRelease | null;
  /** Settings of a config action. */
  config: Record<string, string | number | boolean> | null;
  /** The command whose settings are to be taken back; of a taking-back only. */
  restores?: string;
  /** The shop keeps the former settings until the commit, as it does with an update. */
  provisional?: true;
  automatic: boolean;
  /** The plugin's figures before the fault; absent in attempts stored before they were frozen. */
  baseline?: Baseline;
  /** The dead-man's moment in the shop: without a commit the client restores its snapshot then. Null until applied. */
  deadManAt: Millis | null;
}

/** What a release or remedy is known by to its product's object; null for a change that is in no catalogue. */
export function subjectOf(row: Pick<Attempt, "target_version" | "remedy">): string | null {
  return row.target_version ?? row.remedy ?? null;
}

/** It is a release or a remedy that its product's object knows. */
export function isListed(attempt: Pick<AttemptState, "release" | "row">): boolean {
  return attempt.release !== null || Boolean(attempt.row.remedy);
}

/** The change is in the shop's hands: it may be applying, under watch, or on its way back. */
export function inShopsHands(attempt: AttemptState | null): boolean {
  if (attempt === null) return false;
  const { phase } = attempt;
  if (phase.name === "applying") return phase.handedOver;
  return phase.name === "verifying" || phase.name === "rolling_back";
}

/** A person has closed the incident of this very silence. */
export function isSettledSilence(state: PluginState): boolean {
  return state.settledSilence !== undefined && state.settledSilence === state.lastBeatAt;
}

/** The fix's commit has not been confirmed: whether the shop still runs it is not known yet, however long its bake has been. */
export function commitUnheard(state: PluginState, incident: IncidentState): boolean {
  return state.commit !== null && state.commit.attemptId === incident.healedBy?.attemptId;
}

export interface CommandState {
  row: AgentCommand;
  expiresAt: Millis;
  /** Not handed over before then: what failed a moment ago is not sent again at once. */
  readyAt?: Millis;
}

export interface PastAttempt {
  attemptId: string;
  at: Millis;
  automatic: boolean;
  outcome: Attempt["status"];
  /** False when it ended before the shop was told. */
  reached?: boolean;
  /** A success that an order has taken back since. */
  takenBack?: true;
}

/** A request to the outside whose answer comes back as an event. It is derived again from the state after any crash. */
export type Work =
  | { id: string; kind: "triage"; incidentId: string; tries: number; notBefore: Millis }
  | { id: string; kind: "decide"; incidentId: string; tries: number; notBefore: Millis }
  | { id: string; kind: "gate"; attemptId: string; tries: number; notBefore: Millis }
  | { id: string; kind: "stage"; attemptId: string; tries: number; notBefore: Millis };

export interface PluginState {
  schema: 1;
  id: string;
  merchantId: string;
  product: string;
  siteUrl: string | null;
  credential: PluginCredential;
  enrolledAt: Millis;

  version: string;
  env: Environment;
  cadence: Cadence;
  runState: "running" | "probation" | "goodbye";
  seq: number;
  bootId: string | null;
  /** Cumulative counters of the last beat, for what happened since the change under watch. */
  counters: CounterMark | null;
  lastBeatAt: Millis | null;
  /** When a report, not a beat, last changed what runs: what the next beat counts partly belongs to what ran before. */
  changedAt?: Millis;
  /** The last change of what runs, whoever made it. */
  lastChange?: { from: string; at: Millis };
  /** Seconds asked for in the last reply. */
  askedS: number;
  detection: DetectionState;
  /** Last beat before a silence whose incident a person closed: that silence opens no other one. */
  settledSilence?: Millis;
  /** When the fleet's guard last told this plugin of a storm; absent when it last told of none. */
  stormSeenAt?: Millis;

  incidents: IncidentState[];
  attempt: AttemptState | null;
  commands: CommandState[];
  /** A healthy verdict whose commit the plugin has not confirmed yet. */
  commit: { commandId: string; attemptId: string; version: string; expiresAt: Millis } | null;
  work: Work[];
  /** Fixes that failed, newest last: never tried again automatically for that signature. */
  excluded: {
    signature: string;
    action: Attempt["action"];
    version: string | null;
    remedy?: string;
    at: Millis;
  }[];
  /** Finished attempts of the last week, for the day's budget and the penalty box. */
  history: PastAttempt[];

  /** At most one change of version and one of settings, oldest first. */
  inPlace?: InPlace[];
  /** Changes that cannot be had in this shop for now, so that a decision made afresh does not come to them again. */
  setAside?: { action: Attempt["action"]; subject: string; until: Millis }[];

  numbers: { incident: number; attempt: number; command: number; work: number; vote?: number };
  /** Newest last, one for each dedupe key. */
  closed?: ClosedIncident[];
  recordRevision: number;
  recordedAt: Millis;
  recordedAs: string;
  /** What the fleet's cohorts are told of this shop's webhooks; absent before the first beat with counters. */
  evidence?: ShopEvidence;
  presence: "present" | "silent";
  busy: boolean;
  /** Types of incident, silences apart, that the storm guard was told of as open; absent when none. */
  toldSignals?: IncidentType[];
  /** What the fleet was last told of an attempt; absent before the first. */
  told?: { attemptId: string; phase: AttemptReport["phase"] };
}

export const EXCLUDED_LIMIT = 32;
export const HISTORY_LIMIT = 32;
export const CLOSED_LIMIT = 3;
/** The longest penalty box that a policy may set. */
export const HISTORY_MS = 604_800_000;
/** Finished commands kept so that a repeated ack or fail gets the same answer. */
export const COMMANDS_LIMIT = 12;
export const SET_ASIDE_LIMIT = 16;

export interface Enrollment {
  id: string;
  merchantId: string;
  product: string;
  version: string;
  env: Environment;
  siteUrl: string | null;
  credential: PluginCredential;
}

export function newPlugin(input: Enrollment, askedS: number, now: Millis): PluginState {
  return {
    schema: 1,
    ...input,
    enrolledAt: now,
    cadence: "resident",
    runState: "running",
    seq: 0,
    bootId: null,
    counters: null,
    lastBeatAt: null,
    askedS,
    detection: newDetection(now),
    incidents: [],
    attempt: null,
    commands: [],
    commit: null,
    work: [],
    excluded: [],
    history: [],
    numbers: { incident: 0, attempt: 0, command: 0, work: 0 },
    recordRevision: 0,
    recordedAt: 0,
    recordedAs: "",
    presence: "present",
    busy: false,
  };
}

/** The part that incident, attempt and command ids share with their plugin's id. */
export function keyOf(pluginId: string): string {
  return pluginId.slice("plg_".length);
}

export function iso(at: Millis): string {
  return new Date(at).toISOString();
}

export type AckResult = AckData["result"];
