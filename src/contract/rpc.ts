/**
 * The verbs of each Durable Object, in the domain's words. The classes in `durable-objects/` implement them; callers see
 * only these interfaces. They must stay backward and forward compatible: during a deployment both sides may differ in version.
 */

import type { CommandReply } from "./command.ts";
import type { DecideReply, DecideRequest, FeedbackReply, FeedbackRequest, Outcome } from "./decision.ts";
import type {
  CancelPendingRequest,
  ConfirmEmergencyRequest,
  Emergency,
  EmergencyDetail,
  EmergencyQuery,
  RollbackSinceRequest,
} from "./emergency.ts";
import type { EnrollRequest } from "./enroll.ts";
import type { FeedMessage } from "./feed.ts";
import type { AttemptUnderWay, FleetStanding } from "./guard.ts";
import type { Environment, HeartbeatReply } from "./heartbeat.ts";
import type { Action } from "./ids.ts";
import type { AttemptStatus, IncidentType } from "./incident.ts";
import type { PluginCredential } from "./ledger.ts";
import type {
  MerchantNotifications,
  MerchantNotificationsPut,
  MerchantNotificationsReply,
  NotificationRecord,
  TestNotice,
} from "./notification.ts";
import type {
  ActionReply,
  ApproveRequest,
  ManualAction,
  Person,
  PluginDetail,
  ReleaseRecord,
  ReleaseStatus,
} from "./ops.ts";
import type { OrderReply, PluginOrder } from "./order.ts";
import type { KillRequest, Policy, PolicyDocument, PolicyPatch, PolicyPut } from "./policy.ts";
import type { Result } from "./refusal.ts";
import type { Remedy } from "./remedy.ts";
import type {
  EnvironmentHold,
  Floor,
  FloorRequest,
  HoldRequest,
  PlanReply,
  PlanShop,
  RevertReply,
  RevertReport,
  RevertRequest,
  RolloutDetail,
  RolloutPlan,
  RolloutState,
} from "./rollout.ts";
import type { RebuildReply, RebuildRequest, VoteRequest } from "./sira-memory.ts";

export type PluginRoute = "heartbeat" | "command.ack" | "command.fail";

/** A plugin's request after the edge's own checks (size, flood, headers, id MAC, timestamp): raw, its signature not yet verified. */
export interface PluginRequest {
  route: PluginRoute;
  /** Plugin id of the `x-plugin-id` header. */
  plugin_id: string;
  /** Command id of the path, for ack and fail. */
  command_id?: string;
  headers: { id: string; timestamp: string; signature: string };
  body: Uint8Array;
}

export type PluginAnswer = Result<{
  reply: HeartbeatReply | CommandReply;
  /**
   * Milliseconds since epoch on the caller's side of the wire after which `commands` must not leave any more: the
   * Worker strips them when the lease has run out. Null when the reply carries no command.
   */
  commands_valid_until: number | null;
}>;

export interface EnrollInput {
  plugin_id: string;
  merchant_id: string;
  merchant_name: string;
  request: EnrollRequest;
  credential: PluginCredential;
}

export type Acted = Omit<ActionReply, "incident"> & { incident: ActionReply["incident"] | null };

export interface PluginRpc {
  enroll(input: EnrollInput): Promise<Result<{ next_heartbeat_s: number }>>;
  receive(request: PluginRequest): Promise<PluginAnswer>;
  approve(incidentId: string, input: ApproveRequest, person: Person): Promise<Result<ActionReply>>;
  /** A vote may be about an incident that the object has forgotten: it is then null, and only the ledger has it. */
  act(incidentId: string, action: ManualAction, person: Person): Promise<Result<Acted>>;
  /**
   * Cancels or takes back an attempt of this plugin. Idempotent. Refused with `conflict` when it cannot be taken back (the
   * release is irreversible, or something newer runs or is under way), with `not_found` when the plugin knows no such attempt.
   */
  order(order: PluginOrder): Promise<Result<OrderReply>>;
  detail(): Promise<PluginDetail | null>;
  /** Re-arms a lost alarm and runs what is overdue; returns the next wake-up (ms since epoch) or null. */
  sweep(): Promise<number | null>;
}

/** Leave to hand one command over. The holder counts `lease_ms` from the moment it asked, so that clocks need not agree. */
export type Grant =
  | { granted: true; lease_id: string; lease_ms: number; policy: Policy }
  | { granted: false; why: string; policy: Policy };

export interface PolicyRpc {
  read(): Promise<Policy>;
  put(input: PolicyPut, by: Person): Promise<Result<Policy>>;
  patch(input: PolicyPatch, by: Person): Promise<Result<Policy>>;
  /** Answers only when no lease is outstanding: once it has answered, no command leaves. */
  kill(input: KillRequest, by: Person): Promise<Result<Policy>>;
  grant(request: { plugin_id: string; command_id: string }): Promise<Grant>;
  /** The command has left or was dropped: the lease need not be waited for. */
  release(leaseId: string): Promise<void>;
}

/**
 * May this attempt have this release, or remedy, now? `observed` and `bound` are for the gate's verdict. `held`: not for this
 * shop's environment. `below_floor`: the product may not go back so far. `expired`: no client takes its manifest any more. All three are
 * for good as far as the attempt is concerned.
 */
export interface Admission {
  admitted: boolean;
  status: ReleaseStatus | "unknown" | "held" | "below_floor" | "expired";
  /** A person has paused it: the attempt waits, as for a slot. */
  paused?: boolean;
  stage: string;
  observed: string;
  bound: string;
}
export interface AdmissionRequest {
  /** A version, or the id of a remedy. */
  version: string;
  plugin_id: string;
  attempt_id: string;
  canary: PolicyDocument["canary"];
  /** For holds; who does not say is held by none. */
  env?: Environment;
  /** For waves of merchants; who does not say is in none. */
  merchant_id?: string;
  /**
   * `rollback`: the way back waits for no stage and takes no slot, but goes to no version that is halted, blocked, held or below
   * the floor. Anything else, and nothing, is a change that is rolled out.
   */
  action?: "patch" | "config" | "rollback";
}

/** What a shop of this environment may be offered: active, not expired, not held, not below the floor. */
export interface Offers {
  /** Newest version first. */
  releases: ReleaseRecord[];
  remedies: Remedy[];
}

/** One object per product: its catalogue of releases and the slots of each. */
export interface ReleaseRpc {
  publish(release: ReleaseRecord): Promise<Result<ReleaseRecord>>;
  list(): Promise<ReleaseRecord[]>;
  /** Would it be admitted? Takes no slot. */
  check(request: AdmissionRequest): Promise<Admission>;
  /** Takes a slot, once per attempt. */
  admit(request: AdmissionRequest): Promise<Admission>;
  /** Gives the slot back and counts the outcome, once per attempt. */
  finish(report: { version: string; attempt_id: string; outcome: Outcome | "cancelled" }): Promise<void>;
  /** The signature of a healed attempt came back in its bake: its success is a failure now. Once per attempt. */
  relapse(report: { version: string; attempt_id: string }): Promise<void>;
  /** A taking-back has ended. `version` and `attempt_id` are those of the attempt that was taken back. */
  reverted(report: RevertReport): Promise<void>;
  /** A cohort blames a release that is active or paused: halts it. Any other standing, and one that is not published, stay as they are. */
  blame(report: { version: string; reason: string; incident: string }): Promise<void>;
  setStatus(
    version: string,
    status: ReleaseStatus,
    reason: string,
    by: Person,
  ): Promise<Result<ReleaseRecord | Remedy>>;
  offers(shop: { env: Environment }): Promise<Offers>;
  remedies(): Promise<Remedy[]>;
  publishRemedy(remedy: Remedy): Promise<Result<Remedy>>;
  /** Of every release and remedy, by version or id; of one only when it is named. */
  rollouts(canary: PolicyDocument["canary"], version?: string): Promise<Record<string, RolloutState>>;
  rollout(version: string, canary: PolicyDocument["canary"]): Promise<Result<RolloutDetail>>;
  /** Null cancels the plan. */
  plan(
    version: string,
    plan: RolloutPlan | null,
    reason: string,
    by: Person,
  ): Promise<Result<ReleaseRecord | Remedy>>;
  /** Whom each wave would reach among these shops; changes nothing. */
  reach(
    version: string,
    plan: RolloutPlan,
    shops: PlanShop[],
    canary: PolicyDocument["canary"],
  ): Promise<Result<Pick<PlanReply, "out_of_reach" | "waves">>>;
  hold(version: string, request: HoldRequest, by: Person): Promise<Result<EnvironmentHold>>;
  revert(
    version: string,
    request: RevertRequest & { canary: PolicyDocument["canary"] },
    by: Person,
  ): Promise<Result<RevertReply>>;
  floor(): Promise<Floor>;
  setFloor(request: FloorRequest & { product: string }, by: Person): Promise<Result<Floor>>;
}

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
  /** With `reserve`, an automatic action about to be handed over is counted in the same breath, where the budget has room for it. */
  guard(reserve?: ActionReservation): Promise<FleetGuard>;
  /** Leave for one look at a shop from outside; false when this minute's are used up. */
  takeProbe(): Promise<boolean>;
  /** Counts one automatic action against the hourly budget, once per attempt. */
  countAction(attemptId: string): Promise<void>;
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

/** A page of the records, oldest first. */
export interface RebuildPage {
  feedback: FeedbackRequest[];
  votes: VoteRequest[];
}

export interface SiraRpc {
  decide(request: DecideRequest): Promise<DecideReply>;
  learn(feedback: FeedbackRequest): Promise<FeedbackReply>;
  vote(vote: VoteRequest): Promise<FeedbackReply>;
  /** Begins a memory beside the one in use, dropping one that was begun before; returns its number for the pages. */
  beginRebuild(): Promise<number>;
  /** Refuses `conflict` when another rebuild has begun since. */
  rebuildPage(rebuild: number, page: RebuildPage): Promise<Result<{ taken: number }>>;
  /** Puts the new memory in the place of the old one, at once and whole; a dry run throws the new one away. */
  finishRebuild(rebuild: number, request: RebuildRequest, by: Person): Promise<Result<RebuildReply>>;
}

/** The one desk that tells people: dedupes, limits, sends, and records what became of each notice. */
export interface NoticeRpc {
  /** Takes notices over, once by id: from then on the desk sees to them. */
  take(records: NotificationRecord[]): Promise<void>;
  /** Where a merchant wants its notices; null when nothing was ever set. */
  merchant(merchantId: string): Promise<MerchantNotifications | null>;
  setMerchant(
    merchantId: string,
    input: MerchantNotificationsPut,
    by: Person,
  ): Promise<Result<MerchantNotificationsReply>>;
  /** Sends one now, past every limit, and says how that went. `merchantId` null: to ops. */
  sendTest(merchantId: string | null, by: Person): Promise<Result<TestNotice>>;
}

export interface FeedRpc {
  changed(messages: FeedMessage[]): Promise<void>;
}
