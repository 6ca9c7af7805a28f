/** The verbs of PluginObject over its loop: check, turn into an event, apply, answer. Not reachable over RPC. */
import type { SignedCommand } from "../../src/contract/command.ts";
import type { HeartbeatData, HeartbeatReply } from "../../src/contract/heartbeat.ts";
import type {
  ActionReply,
  ApproveRequest,
  ManualAction,
  Person,
  PluginDetail,
  ReleaseRecord,
} from "../../src/contract/ops.ts";
import type { OrderReply, PluginOrder } from "../../src/contract/order.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { Acted, EnrollInput, PluginAnswer, PluginRequest } from "../../src/contract/rpc/plugin.ts";
import { releaseNamed } from "../../src/core/plugin/candidates.ts";
import { commandText, commandToHandOver } from "../../src/core/plugin/commands.ts";
import { incidentById, recordedIncident } from "../../src/core/plugin/draft.ts";
import { enrollPlugin } from "../../src/core/plugin/enroll.ts";
import type { PluginEvent } from "../../src/core/plugin/event.ts";
import { commitText, reportedStatus } from "../../src/core/plugin/reply.ts";
import { iso, type PluginState } from "../../src/core/plugin/state.ts";
import { pluginDetail } from "../../src/core/plugin/view.ts";
import { rememberedIncident } from "../../src/core/plugin/voting.ts";
import type { VerifyingKey } from "../../src/crypto/webhook-signature.ts";
import type { Env } from "../../src/env.ts";
import { controlKey, vault } from "../../src/settings.ts";
import { policyOf, releasesOf } from "../stubs.ts";
import { askLeave } from "./hand-over.ts";
import { openRequest, verifyingKey } from "./open-request.ts";
import { PluginLoop } from "./plugin-loop.ts";

export class PluginShell {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #loop: PluginLoop;
  #key: VerifyingKey | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
    this.#loop = new PluginLoop(ctx, env);
  }

  open(): Promise<void> {
    return this.#loop.open();
  }

  alarm(): Promise<void> {
    return this.#loop.alarm();
  }

  sweep(): Promise<number | null> {
    return this.#loop.wake();
  }

  async enroll(input: EnrollInput): Promise<Result<{ next_heartbeat_s: number }>> {
    await this.#loop.readPolicy();
    if (this.#loop.state !== null) return refuse({ reason: "conflict", message: "already enrolled" });
    const { request } = input;
    const enrollment = {
      id: input.plugin_id,
      merchantId: input.merchant_id,
      product: request.product,
      version: request.version,
      env: request.environment,
      siteUrl: request.site_url ?? null,
      credential: input.credential,
    };
    const now = Date.now();
    const { heartbeat_s } = this.#loop.policy.intervals;
    const { state, outbox } = enrollPlugin(enrollment, input.merchant_name, heartbeat_s, now);
    this.#loop.commit(state, outbox, now);
    return ok({ next_heartbeat_s: state.askedS });
  }

  async receive(request: PluginRequest): Promise<PluginAnswer> {
    // An id with a genuine MAC that never enrolled here looks like any other failed proof.
    const { state } = this.#loop;
    if (state === null) return refuse({ reason: "unauthorized" });
    this.#key ??= await verifyingKey(state.id, state.credential, vault(this.#env));
    const opened = await openRequest(request, this.#key);
    if (!opened.ok) return opened;
    await this.#loop.readPolicy();
    const { value } = opened;
    switch (value.type) {
      case "heartbeat":
        return this.#heartbeat(value.data);
      case "command.ack": {
        const done = this.#loop.apply({ type: "ack", data: value.data });
        return done.ok ? this.#reported("acknowledged", value.data.command_id) : done;
      }
      case "command.fail": {
        const done = this.#loop.apply({ type: "fail", data: value.data });
        return done.ok ? this.#reported("failed", value.data.command_id) : done;
      }
      default:
        return value satisfies never;
    }
  }

  #reported(said: "acknowledged" | "failed", commandId: string): PluginAnswer {
    const status = reportedStatus(this.#loop.state, commandId, said);
    return ok({ reply: { status, command_id: commandId }, commands_valid_until: null });
  }

  async #heartbeat(beat: HeartbeatData): Promise<PluginAnswer> {
    const { state } = this.#loop;
    // A repeat of the last beat lost its answer on the way: it gets it again, and counts nothing twice.
    const repeat = state !== null && beat.seq === state.seq && beat.boot_id === state.bootId;
    if (!repeat) {
      const stepped = this.#loop.apply({ type: "beat", beat });
      if (!stepped.ok) return stepped;
    }
    const handed = await this.#handOver();
    const reply = await this.#reply(handed === null ? [] : [handed.command]);
    return ok({ reply, commands_valid_until: handed?.validUntil ?? null });
  }

  async #handOver(): Promise<{ command: SignedCommand; validUntil: number } | null> {
    const { state } = this.#loop;
    const pending = state === null ? null : commandToHandOver(state, Date.now());
    if (state === null || pending === null) return null;
    const leave = await askLeave(state, pending, this.#env);
    if (leave === null) return null;
    const policy = leave.facts.policy;
    const stepped =
      leave.leaseId !== null || policy.kill_switch || policy.mode === "off"
        ? this.#loop.apply({ type: "hand_over", commandId: pending.row.id, facts: leave.facts })
        : null;
    const command = stepped?.ok ? stepped.value.handOver : null;
    if (command !== null && leave.leaseId !== null) {
      const signed = commandText(command, leave.facts.policyRevision, Date.now());
      const signature = await (await controlKey(this.#env)).sign(signed);
      if (Date.now() <= leave.validUntil)
        return { command: { id: command.row.id, signed, signature }, validUntil: leave.validUntil };
    }
    if (leave.leaseId !== null)
      this.#ctx.waitUntil(
        policyOf(this.#env)
          .release(leave.leaseId)
          .catch(() => undefined),
      );
    return null;
  }

  async #reply(commands: SignedCommand[]): Promise<HeartbeatReply> {
    const now = Date.now();
    const { state } = this.#loop;
    const text = state === null ? null : commitText(state, now);
    const commit =
      text === null ? null : { signed: text, signature: await (await controlKey(this.#env)).sign(text) };
    return {
      next_heartbeat_s: state?.askedS ?? this.#loop.policy.intervals.heartbeat_s,
      commands,
      ...(commit === null ? {} : { commit }),
      server_time: iso(now),
    };
  }

  /** The release that a manual action names, from the catalogue. */
  async releaseFor(action: ManualAction): Promise<Result<ReleaseRecord | null>> {
    const { state } = this.#loop;
    if (state === null) return refuse({ reason: "not_found", message: "no such plugin" });
    if (action.action !== "patch" && action.action !== "rollback") return ok(null);
    return ok(releaseNamed(state, action.version, await releasesOf(this.#env, state.product).list()));
  }

  async approve(incidentId: string, input: ApproveRequest, person: Person): Promise<Result<ActionReply>> {
    const done = await this.act(incidentId, { type: "approve", incidentId, input, person });
    if (!done.ok) return done;
    const { incident, attempt } = done.value;
    if (incident === null) return refuse({ reason: "not_found", message: "no such incident" });
    return ok({ incident, attempt });
  }

  async act(
    incidentId: string,
    event: Extract<PluginEvent, { type: "approve" | "act" }>,
  ): Promise<Result<Acted>> {
    await this.#loop.readPolicy();
    const stepped = this.#loop.apply(event);
    if (!stepped.ok) return stepped;
    const { state, outbox } = stepped.value;
    const open = incidentById(state, incidentId) ?? rememberedIncident(state, incidentId);
    return ok({
      incident: open?.row ?? recordedIncident(outbox, incidentId),
      attempt: state.attempt?.row ?? null,
    });
  }

  async order(order: PluginOrder): Promise<Result<OrderReply>> {
    const before = this.#loop.state;
    if (before === null) return refuse({ reason: "not_found", message: "no such plugin" });
    await this.#loop.readPolicy();
    const event = { type: "order", order, release: await this.#releaseBefore(before, order) } as const;
    const stepped = order.dry_run ? this.#loop.tryOut(event) : this.#loop.apply(event);
    if (!stepped.ok) return stepped;
    const reply = stepped.value.order;
    if (reply === null) throw new Error("an order was stepped and not answered");
    return ok(reply);
  }

  /** For a shop that no longer holds the former version on its disk; most do, so it must not fail the order. */
  async #releaseBefore(state: PluginState, order: PluginOrder): Promise<ReleaseRecord | null> {
    const change = state.inPlace?.find(
      ({ attemptId, to }) => to !== null && (order.attempt_id ?? attemptId) === attemptId,
    );
    if (order.kind === "cancel" || change === undefined) return null;
    try {
      const releases = await releasesOf(this.#env, state.product).list();
      return releases.find(({ version }) => version === change.from) ?? null;
    } catch (error) {
      console.warn(JSON.stringify({ event: "catalogue_unreadable", plugin: state.id, why: String(error) }));
      return null;
    }
  }

  detail(): PluginDetail | null {
    const { state } = this.#loop;
    return state === null ? null : pluginDetail(state, this.#loop.waiting, Date.now());
  }
}
