/**
 * Everything one plugin's object remembers. PERSISTED CONTRACT: stored whole as one row; new fields are optional or come
 * with a migration in `durable-objects/plugin/`, and golden samples of every old schema stay in the tests.
 * Times are milliseconds since the epoch; rows that leave for the ledger carry ISO 8601 instants.
 */

import type { AgentCommand } from "../../contract/agent-command.ts";
import type { Attempt } from "../../contract/attempt.ts";
import type { AckData } from "../../contract/command.ts";
import type { Cadence, Environment } from "../../contract/heartbeat.ts";
import type { IncidentType } from "../../contract/incident.ts";
import type { PluginCredential } from "../../contract/ledger.ts";
import type { AttemptReport } from "../../contract/rpc/fleet.ts";
import type { CounterMark } from "../detect/counter-delta.ts";
import { type DetectionState, newDetection } from "../detect/detection.ts";
import type { ShopEvidence } from "../fleet/shop-evidence.ts";
import type { AttemptState, InPlace, PastAttempt } from "./attempt-state.ts";
import type { ClosedIncident, IncidentState, Millis } from "./incident-state.ts";

export * from "./attempt-state.ts";
export * from "./incident-state.ts";

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
  /** Of an attempt's own change, for when the shop tells of it only after the attempt is over. */
  change?: { attemptId: string; incidentId: string; reversible: boolean };
  /** The shop carried it out when its attempt was over. `from`: what ran until then; `over`: it is gone again, or stays. */
  late?: { from: string | null; over?: true };
  /** The command that was carried out too late, which this one takes back. */
  takesBack?: string;
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
  /** The last change of what runs, whoever made it. `denied`: a beat has contradicted the report of it, and was left out. */
  lastChange?: { from: string; at: Millis; denied?: true };
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
  /** What this version's probes last said, heard while no change of ours could be at work. */
  probes?: { version: string; said: { name: string; ok: boolean }[] };
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
/** As many as a policy may allow in a day, or else the day's budget could not be counted. */
export const HISTORY_LIMIT = 100;
/** Of those that ended before the shop was told: they count in no budget, and must not push out those that do. */
export const UNREACHED_LIMIT = 16;
export const CLOSED_LIMIT = 3;
/** The longest penalty box that a policy may set. */
export const HISTORY_MS = 604_800_000;
/** Finished commands kept so that a repeated ack or fail gets the same answer. */
export const COMMANDS_LIMIT = 12;
export const SET_ASIDE_LIMIT = 16;
/** As many as a beat may carry. */
export const PROBES_LIMIT = 16;

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
