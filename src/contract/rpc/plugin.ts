/** The verbs of a plugin's object. */
import type { CommandReply } from "../command.ts";
import type { EnrollRequest } from "../enroll.ts";
import type { HeartbeatReply } from "../heartbeat.ts";
import type { PluginCredential } from "../ledger.ts";
import type { ActionReply, ApproveRequest, ManualAction, Person, PluginDetail } from "../ops.ts";
import type { OrderReply, PluginOrder } from "../order.ts";
import type { Result } from "../refusal.ts";

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
