/**
 * One plugin's object on a virtual clock: the loop of `durable-objects/plugin/` without its storage. The reducer, the requests to the
 * outside, the hand-over and the receivers are the real ones; what is simulated is time between them.
 */
import type { AckData, FailData, SignedCommand } from "../src/contract/command.ts";
import type { HeartbeatData, HeartbeatReply } from "../src/contract/heartbeat.ts";
import type { OrderReply, PluginOrder } from "../src/contract/order.ts";
import type { PolicyDocument } from "../src/contract/policy.ts";
import type { Result } from "../src/contract/refusal.ts";
import { commandText, commandToHandOver } from "../src/core/plugin/commands.ts";
import type { OutboxMessage } from "../src/core/plugin/draft.ts";
import type { PluginEvent } from "../src/core/plugin/event.ts";
import { commitText } from "../src/core/plugin/reply.ts";
import { nextWake } from "../src/core/plugin/schedule.ts";
import { type Enrollment, iso, newPlugin, type PluginState } from "../src/core/plugin/state.ts";
import { type Step, step } from "../src/core/plugin/step.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Planned } from "./event-queue.ts";
import type { Random } from "./random.ts";
import type { VirtualRealm } from "./virtual-realm.ts";

const LEASE_MARGIN_MS = 250;
/** Between two objects; a request to a service takes its own time. */
const HOP_MS = 80;

export interface PluginObjectParts {
  realm: VirtualRealm;
  plane: ControlPlane;
  random: Random;
  policy(): PolicyDocument;
  /** How long a request to the outside takes, ms. */
  latencyMs(kind: string): number;
  /** After every step that was not refused. */
  onStep(object: PluginObject, event: PluginEvent, before: PluginState, result: Step): void;
}

export class PluginObject {
  state: PluginState;
  readonly #parts: PluginObjectParts;
  readonly #running = new Set<string>();
  #armed: Planned | null = null;
  #outbox: OutboxMessage[] = [];
  #draining = false;

  constructor(enrollment: Enrollment, parts: PluginObjectParts) {
    this.#parts = parts;
    this.state = newPlugin(enrollment, parts.policy().intervals.heartbeat_s, parts.realm.queue.now);
  }

  apply(event: PluginEvent): Result<Step> {
    const { queue } = this.#parts.realm;
    const now = Math.floor(queue.now);
    const before = this.state;
    const result = step(before, event, { now, policy: this.#parts.policy() });
    if (!result.ok) return result;
    const { state, outbox } = result.value;
    this.state = state;
    this.#parts.onStep(this, event, before, result.value);
    if (outbox.length > 0) this.#send(outbox);
    if (state.work.length > 0) this.#startWork();
    this.#arm(now);
    return result;
  }

  /** A beat whose reply is of no interest: from a shop in which nothing is under way. */
  beat(beat: HeartbeatData): void {
    this.apply({ type: "beat", beat });
  }

  async heartbeat(beat: HeartbeatData): Promise<Result<HeartbeatReply>> {
    const repeat = beat.seq === this.state.seq && beat.boot_id === this.state.bootId;
    if (!repeat) {
      const stepped = this.apply({ type: "beat", beat });
      if (!stepped.ok) return stepped;
    }
    const command = await this.#handOver();
    const now = Date.now();
    const text = commitText(this.state, now);
    const { plane } = this.#parts;
    const value: HeartbeatReply = {
      next_heartbeat_s: this.state.askedS,
      commands: command === null ? [] : [command],
      ...(text === null ? {} : { commit: { signed: text, signature: plane.sign(text) } }),
      server_time: iso(now),
    };
    return { ok: true, value };
  }

  report(event: { type: "ack"; data: AckData } | { type: "fail"; data: FailData }): Result<Step> {
    return this.apply(event);
  }

  /** As the object answers it; a version that the shop holds no more is not looked up. */
  async order(order: PluginOrder): Promise<Result<OrderReply>> {
    const stepped = this.apply({ type: "order", order, release: null });
    if (!stepped.ok) return stepped;
    const { order: reply } = stepped.value;
    if (reply === null) throw new Error("an order was stepped and not answered");
    return { ok: true, value: reply };
  }

  async #handOver(): Promise<SignedCommand | null> {
    const { plane } = this.#parts;
    const pending = commandToHandOver(this.state, Date.now());
    if (pending === null) return null;
    const leave = await plane.parts.askLeave(this.state, pending, plane.env);
    if (leave === null) return null;
    const { policy } = leave.facts;
    const stepped =
      leave.leaseId !== null || policy.kill_switch || policy.mode === "off"
        ? this.apply({ type: "hand_over", commandId: pending.row.id, facts: leave.facts })
        : null;
    const command = stepped?.ok ? stepped.value.handOver : null;
    if (leave.leaseId === null) return null;
    await plane.policy.release(leave.leaseId);
    if (command === null || Date.now() > leave.validUntil + LEASE_MARGIN_MS) return null;
    const signed = commandText(command, leave.facts.policyRevision, Date.now());
    return { id: command.row.id, signed, signature: plane.sign(signed) };
  }

  #startWork(): void {
    const { realm, plane } = this.#parts;
    for (const work of this.state.work) {
      if (this.#running.has(work.id)) continue;
      this.#running.add(work.id);
      const at = Math.max(realm.queue.now, work.notBefore) + this.#parts.latencyMs(work.kind);
      realm.queue.plan(at, () => {
        this.#running.delete(work.id);
        if (!this.state.work.some(({ id }) => id === work.id)) return;
        this.#running.add(work.id);
        const answered = plane.parts.perform(work, this.state, plane.env).then((answer) => {
          this.#running.delete(work.id);
          this.apply(answer);
        });
        realm.track(answered);
      });
    }
  }

  /** For exactly what is next: here a new alarm costs less than one that rings in vain. */
  #arm(now: number): void {
    const due = nextWake({ ...this.state, work: [] }, this.#parts.policy().intervals);
    if (due === null) return;
    const at = Math.max(due, now + 100);
    if (this.#armed !== null) {
      if (this.#armed.at === at) return;
      this.#armed.cancelled = true;
    }
    this.#armed = this.#parts.realm.queue.plan(at, () => this.#ring());
  }

  #ring(): void {
    this.#armed = null;
    const now = Date.now();
    const due = nextWake({ ...this.state, work: [] }, this.#parts.policy().intervals);
    if (due !== null && due <= now) this.apply({ type: "tick" });
    else this.#arm(now);
  }

  #send(messages: readonly OutboxMessage[]): void {
    for (const message of messages) if (message.to !== "ledger") this.#outbox.push(message);
    if (this.#outbox.length === 0 || this.#draining) return;
    this.#draining = true;
    const { realm } = this.#parts;
    realm.queue.after(HOP_MS, () => realm.track(this.#drain()));
  }

  async #drain(): Promise<void> {
    const { plane } = this.#parts;
    const { parts, env } = plane;
    const receivers = parts.pluginReceivers(env, this.state.id);
    for (;;) {
      const message = this.#outbox.shift();
      if (message === undefined) break;
      const rows = parts.outboxRows(this.state.id, [message]);
      for (const row of rows) {
        const sent = await receivers[row.kind]?.([row]);
        if (sent?.status !== "delivered")
          throw new Error(`${row.kind} not delivered: ${sent?.why ?? "no receiver"}`);
      }
    }
    this.#draining = false;
  }
}
