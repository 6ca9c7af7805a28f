/** What can happen to a plugin: everything the reducer accepts. */
import type { AckData, FailData } from "../../contract/command.ts";
import type { Decision } from "../../contract/decision.ts";
import type { HeartbeatData } from "../../contract/heartbeat.ts";
import type { ApproveRequest, ManualAction, Person, ReleaseRecord } from "../../contract/ops.ts";
import type { PluginOrder } from "../../contract/order.ts";
import type { PolicyDocument } from "../../contract/policy.ts";
import type { FleetGuard } from "../../contract/rpc/fleet.ts";
import type { Admission } from "../../contract/rpc/release.ts";
import type { SmokeReply } from "../../contract/staging.ts";
import type { TriageFacts } from "./triage.ts";

/** What the gate has to know from outside: the policy as the authority holds it, the release's admission, the fleet's guard. */
export interface GateFacts {
  policy: PolicyDocument;
  policyRevision: number;
  /** Null when the action needs no release. */
  admission: Admission | null;
  guard: FleetGuard;
}

export type PluginEvent =
  | { type: "beat"; beat: HeartbeatData }
  | { type: "ack"; data: AckData }
  | { type: "fail"; data: FailData }
  | { type: "tick" }
  | { type: "triaged"; workId: string; facts: TriageFacts }
  /** `shadow`: the mode is `shadow`, so that it is to be judged by these facts and not carried out. */
  | { type: "decided"; workId: string; decision: Decision; release: ReleaseRecord | null; shadow?: GateFacts }
  | { type: "gate_facts"; workId: string; facts: GateFacts }
  | { type: "staged"; workId: string; reply: SmokeReply }
  | { type: "work_failed"; workId: string; why: string; final: boolean }
  | { type: "hand_over"; commandId: string; facts: GateFacts }
  | { type: "approve"; incidentId: string; input: ApproveRequest; person: Person }
  | { type: "act"; incidentId: string; action: ManualAction; person: Person; release: ReleaseRecord | null }
  | { type: "order"; order: PluginOrder; release: ReleaseRecord | null };

/** What every step may read beside the state: the time, and the policy as last read (intervals and limits only). */
export interface StepContext {
  now: number;
  policy: PolicyDocument;
}
