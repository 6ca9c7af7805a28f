/** The verbs of the fleet's object, and what plugins report to it. */

import type { AttemptStatus } from "../attempt.ts";
import type { Outcome } from "../decision.ts";
import type {
  CancelPendingRequest,
  ConfirmEmergencyRequest,
  Emergency,
  EmergencyDetail,
  EmergencyQuery,
  RollbackSinceRequest,
} from "../emergency.ts";
import type { AttemptUnderWay, FleetStanding } from "../guard.ts";
import type { Action } from "../ids.ts";
import type { IncidentType } from "../incident.ts";
import type { Person } from "../ops.ts";
import type { Result } from "../refusal.ts";

export interface FleetGuard {
  /** A fleet-wide loss of heartbeats or rise of one signal: no automatic patch. */
  storm: boolean;
  autonomy: "normal" | "degraded";
  actions_last_hour: number;
  explanation: string;
  /** The storms under way, by type of incident; absent from objects of an earlier version, whose storms are of silences. */
  storms?: { type: IncidentType; explanation: string }[];
  /** Half way to a storm within two minutes: an automatic command is not handed over with this beat. */
  rising?: boolean;
}

/** `actions_last_hour` then counts the others: below the limit, this one has its place, once however often it asks. */
export interface ActionReservation {
  attempt_id: string;
  /** Automatic actions per fleet and hour, by the policy in force. */
  limit: number;
}

/** A shop's webhook deliveries under one version, as its object tells the fleet of them: around failures only. */
export interface EvidenceReport {
  plugin_id: string;
  /** Rises with every report of this plugin; a repeated one is counted once. */
  number: number;
  version: string;
  platform_version: string | null;
  /** Since the last report. */
  trials: number;
  failures: number;
  /** What the shop holds against its cohorts after these, in nats. */
  held: number;
  /** Deliveries an hour, as the shop has come to know them; absent from plugins whose object runs earlier code. */
  per_hour?: number | undefined;
}

/** One plugin's incident of a type other than silence was opened, or is over (closed, or healed and watched). */
export interface SignalReport {
  plugin_id: string;
  type: IncidentType;
  open: boolean;
  /** What the plugin runs. */
  version: string;
  platform_version: string | null;
}

/** How far an attempt is, as its plugin tells the fleet when that changes. */
export interface AttemptReport {
  plugin_id: string;
  attempt_id: string;
  /** `waiting`: not in the shop's hands. `applied`: the shop runs it, under watch or kept. */
  phase: "waiting" | "handed_over" | "applied";
  action: Action;
  /** Version or remedy; null where the change has no name. */
  subject: string | null;
  automatic: boolean;
  /** It takes an earlier attempt back, and so is nothing to take back itself. */
  takes_back: boolean;
  /** Milliseconds since the epoch, on the plugin object's clock. */
  at: number;
}

/** The end of an attempt; the optional fields are absent from objects of an earlier version. */
export interface FinishedReport {
  attempt_id: string;
  outcome: Outcome | "cancelled";
  ending?: AttemptStatus;
  automatic?: boolean;
  /** It had finished before, and turned out otherwise since: replaces what was reported then. */
  revised?: boolean;
  /** The attempt that this one took back, if it succeeded. */
  reverts?: string | null;
}

export interface FleetRpc {
  /** Consumes the claim's nonce and puts the plugin on the roster. */
  enroll(input: {
    plugin_id: string;
    product: string;
    merchant_id: string;
    nonce: string;
    nonce_expires_at: string;
  }): Promise<Result<{ enrolled: true }>>;
  /**
   * With `reserve`, an automatic action about to be handed over is counted in the same breath, where the budget has room for it and
   * nothing else holds automatic changes back.
   */
  guard(reserve?: ActionReservation): Promise<FleetGuard>;
  /** Leave for one look at a shop from outside; false when this minute's are used up. */
  takeProbe(): Promise<boolean>;
  /** Counts one automatic action against the hourly budget, once per attempt, from the moment its command left. */
  countAction(attemptId: string): Promise<void>;
  /** Its command does not leave after all: a place that was reserved for it is free again. */
  giveBackAction(attemptId: string): Promise<void>;
  /** One plugin fell silent or came back: the storm guard's input. Fed by changes only. */
  presence(input: { plugin_id: string; silent: boolean }): Promise<void>;
  /** The same of its incidents of other types. */
  signal(report: SignalReport): Promise<void>;
  /** Webhook evidence of one shop, for its cohorts. */
  evidence(report: EvidenceReport): Promise<void>;
  /** How far an attempt is: what emergency actions list. */
  attempt(report: AttemptReport): Promise<void>;
  attemptFinished(report: FinishedReport): Promise<void>;
  standing(): Promise<FleetStanding>;
  /** Attempts that have not ended, the oldest first, at most `limit`. */
  underWay(limit: number): Promise<AttemptUnderWay[]>;
  /** After the autonomy budget was spent: automatic healing goes on, and outcomes so far count no more. */
  restoreAutonomy(reason: string, by: Person): Promise<Result<FleetStanding>>;
  /** Cancels attempts that are in no shop's hands; with `dry_run` only a plan. */
  cancelPending(input: CancelPendingRequest, by: Person): Promise<Result<Emergency>>;
  /** A plan to take back what was applied; nothing happens until it is confirmed. */
  rollbackSince(input: RollbackSinceRequest, by: Person): Promise<Result<Emergency>>;
  confirmEmergency(id: string, input: ConfirmEmergencyRequest, by: Person): Promise<Result<Emergency>>;
  /** Gives no further orders; what was ordered goes on, and is still followed. */
  abortEmergency(id: string, reason: string, by: Person): Promise<Result<Emergency>>;
  emergency(id: string, query: EmergencyQuery): Promise<Result<EmergencyDetail>>;
  /** Newest first. */
  emergencies(): Promise<Emergency[]>;
  /** The next plugins to sweep: the ones with work under way every time, the others in rotation. */
  sweepBatch(limit: number): Promise<string[]>;
  /** Marks a plugin as having work under way (an incident or attempt), or not. */
  busy(input: { plugin_id: string; busy: boolean }): Promise<void>;
}
