/**
 * One plugin's object: a shell over `src/core/plugin`. It loads the state row, steps, commits state, outbox and alarm in one
 * transaction, answers on persistence, and then performs what the state asks for.
 *
 * Invariants: whatever happened is in the row before anybody is answered; a step sees the state of its own moment, never one
 * from before an await; a crash anywhere loses memory only, and the next wake-up derives the work again.
 */
import { DurableObject } from "cloudflare:workers";
import type {
  ActionReply,
  ApproveRequest,
  ManualAction,
  Person,
  PluginDetail,
} from "../../src/contract/ops.ts";
import type { OrderReply, PluginOrder } from "../../src/contract/order.ts";
import type { Result } from "../../src/contract/refusal.ts";
import type {
  Acted,
  EnrollInput,
  PluginAnswer,
  PluginRequest,
  PluginRpc,
} from "../../src/contract/rpc/plugin.ts";
import type { Env } from "../../src/env.ts";
import { PluginShell } from "./plugin-shell.ts";

export class PluginObject extends DurableObject<Env> implements PluginRpc {
  readonly #shell: PluginShell;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#shell = new PluginShell(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.#shell.open());
  }

  async enroll(input: EnrollInput): Promise<Result<{ next_heartbeat_s: number }>> {
    return this.#shell.enroll(input);
  }

  async receive(request: PluginRequest): Promise<PluginAnswer> {
    return this.#shell.receive(request);
  }

  async approve(incidentId: string, input: ApproveRequest, person: Person): Promise<Result<ActionReply>> {
    return this.#shell.approve(incidentId, input, person);
  }

  async act(incidentId: string, action: ManualAction, person: Person): Promise<Result<Acted>> {
    const release = await this.#shell.releaseFor(action);
    if (!release.ok) return release;
    return this.#shell.act(incidentId, { type: "act", incidentId, action, person, release: release.value });
  }

  async order(order: PluginOrder): Promise<Result<OrderReply>> {
    return this.#shell.order(order);
  }

  async detail(): Promise<PluginDetail | null> {
    return this.#shell.detail();
  }

  async sweep(): Promise<number | null> {
    return this.#shell.sweep();
  }

  override async alarm(): Promise<void> {
    await this.#shell.alarm();
  }
}
