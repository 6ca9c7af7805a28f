/** The verbs of a product's releases and remedies. */
import type { Outcome } from "../decision.ts";
import type { Floor, FloorReach, FloorRequest } from "../floor.ts";
import type { Environment } from "../heartbeat.ts";
import type { Person, ReleaseRecord, ReleaseStatus } from "../ops.ts";
import type { PolicyDocument } from "../policy.ts";
import type { Result } from "../refusal.ts";
import type { SeenStanding } from "../release.ts";
import type { Remedy } from "../remedy.ts";
import type { RevertReply, RevertReport, RevertRequest } from "../revert.ts";
import type { EnvironmentHold, HoldRequest, PlanReply, RolloutDetail, RolloutState } from "../rollout.ts";
import type { PlanShop, RolloutPlan } from "../rollout-plan.ts";

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
  /** Its command did not leave at `at` (ms since epoch), and it waits for people: it gives its slot back, and may take one again. */
  callBack(report: { version: string; attempt_id: string; at: number }): Promise<void>;
  /** The signature of a healed attempt came back in its bake: its success is a failure now. Once per attempt. */
  relapse(report: { version: string; attempt_id: string }): Promise<void>;
  /** A taking-back has ended. `version` and `attempt_id` are those of the attempt that was taken back. */
  reverted(report: RevertReport): Promise<void>;
  /** A cohort blames a release that is active or paused: halts it. Any other standing, and one that is not published, stay as they are. */
  blame(report: { version: string; reason: string; incident: string }): Promise<void>;
  /** `seen`: what the person who lets it go on saw of it; a conflict when it has changed since. */
  setStatus(
    version: string,
    status: ReleaseStatus,
    reason: string,
    by: Person,
    seen?: SeenStanding,
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
  ): Promise<Result<Pick<PlanReply, "notes" | "out_of_reach" | "waves">>>;
  hold(version: string, request: HoldRequest, by: Person): Promise<Result<EnvironmentHold>>;
  revert(
    version: string,
    request: RevertRequest & { canary: PolicyDocument["canary"] },
    by: Person,
  ): Promise<Result<RevertReply>>;
  floor(): Promise<Floor>;
  /** What a floor would shut out; changes nothing. */
  tryFloor(version: string | null): Promise<FloorReach>;
  setFloor(request: FloorRequest & { product: string }, by: Person): Promise<Result<Floor>>;
}
