/** What PluginObject keeps to itself: load, step, commit, perform. Not reachable over RPC. */
import type { SignedCommand } from "../../src/contract/command.ts";
import type { HeartbeatData, HeartbeatReply } from "../../src/contract/heartbeat.ts";
import type { ActionReply, ManualAction, PluginDetail, ReleaseRecord } from "../../src/contract/ops.ts";
import { defaultPolicyDocument, type PolicyDocument } from "../../src/contract/policy.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { EnrollInput, PluginAnswer, PluginRequest } from "../../src/contract/rpc.ts";
import { commandText, commandToHandOver } from "../../src/core/plugin/commands.ts";
import type { OutboxMessage } from "../../src/core/plugin/draft.ts";
import { incidentById } from "../../src/core/plugin/draft.ts";
import type { PluginEvent } from "../../src/core/plugin/event.ts";
import { commitText } from "../../src/core/plugin/reply.ts";
import { nextWake } from "../../src/core/plugin/schedule.ts";
import { iso, newPlugin, type PluginState } from "../../src/core/plugin/state.ts";
import { type Step, step } from "../../src/core/plugin/step.ts";
import { pluginDetail, pluginRecord } from "../../src/core/plugin/view.ts";
import { runnableWork } from "../../src/core/plugin/work.ts";
import { compareSemver } from "../../src/core/semver.ts";
import type { VerifyingKey } from "../../src/crypto/webhook-signature.ts";
import type { Env } from "../../src/env.ts";
import { controlKey, vault } from "../../src/settings.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { policyOf, releasesOf } from "../stubs.ts";
import { askLeave } from "./hand-over.ts";
import { openRequest, verifyingKey } from "./open-request.ts";
import { PluginStore } from "./plugin-store.ts";
import { policyForIntervals } from "./policy-cache.ts";
import { outboxRows, pluginReceivers } from "./receivers.ts";
import { perform } from "./work-runner.ts";

/** While a request to the outside or a drain is under way in memory, the alarm stands behind it in case this object dies. */
const BACKSTOP_MS = 30_000;
const DRAIN_BACKSTOP_MS = 5_000;

export class PluginShell {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: PluginStore;
  #state: PluginState | null = null;
  #policy: PolicyDocument = defaultPolicyDocument();
  #key: VerifyingKey | null = null;
  #drain: OutboxDrain | null = null;
  /** Work under way in this memory; after a crash it is empty, and everything in the state is started again. */
  readonly #running = new Set<string>();

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = new PluginStore(ctx.storage);
  }

  async open(): Promise<void> {
    this.#state = await this.#store.open();
  }

  async enroll(input: EnrollInput): Promise<Result<{ next_heartbeat_s: number }>> {
    if (this.#state !== null) return refuse({ reason: "conflict", message: "already enrolled" });
    await this.#readPolicy();
    if (this.#state !== null) return refuse({ reason: "conflict", message: "already enrolled" });
    const now = Date.now();
    const { request } = input;
    const state = newPlugin(
      {
        id: input.plugin_id,
        merchantId: input.merchant_id,
        product: request.product,
        version: request.version,
        env: request.environment,
        siteUrl: request.site_url ?? null,
        credential: input.credential,
      },
      this.#policy.intervals.heartbeat_s,
      now,
    );
    state.recordRevision = 1;
    state.recordedAt = now;
    const messages: OutboxMessage[] = [
      {
        to: "ledger",
        record: {
          kind: "merchant",
          row: { id: input.merchant_id, name: input.merchant_name, created_at: iso(now) },
        },
      },
      {
        to: "ledger",
        record: { kind: "plugin", row: pluginRecord(state, now), credential: input.credential },
      },
    ];
    this.#commit(state, messages, now);
    return ok({ next_heartbeat_s: state.askedS });
  }

  async receive(request: PluginRequest): Promise<PluginAnswer> {
    // An id with a genuine MAC that never enrolled here looks like any other failed proof.
    if (this.#state === null) return refuse({ reason: "unauthorized" });
    this.#key ??= await verifyingKey(this.#state.id, this.#state.credential, vault(this.#env));
    const opened = await openRequest(request, this.#key);
    if (!opened.ok) return opened;
    await this.#readPolicy();
    const { value } = opened;
    switch (value.type) {
      case "heartbeat":
        return this.#heartbeat(value.data);
      case "command.ack": {
        const done = this.#apply({ type: "ack", data: value.data });
        return done.ok ? this.#reported("acknowledged", value.data.command_id) : done;
      }
      case "command.fail": {
        const done = this.#apply({ type: "fail", data: value.data });
        return done.ok ? this.#reported("failed", value.data.command_id) : done;
      }
      default:
        return value satisfies never;
    }
  }

  /** The same answer for a repeat; a report that contradicts an earlier one is told how the command stands. */
  #reported(said: "acknowledged" | "failed", commandId: string): PluginAnswer {
    const row = this.#state?.commands.find((command) => command.row.id === commandId)?.row;
    const status =
      row?.status === "failed" ? "failed" : row?.status === "acknowledged" ? "acknowledged" : said;
    return ok({ reply: { status, command_id: commandId }, commands_valid_until: null });
  }

  async #heartbeat(beat: HeartbeatData): Promise<PluginAnswer> {
    const state = this.#state;
    // A repeat of the last beat lost its answer on the way: it gets it again, and counts nothing twice.
    const repeat = state !== null && beat.seq === state.seq && beat.boot_id === state.bootId;
    if (!repeat) {
      const stepped = this.#apply({ type: "beat", beat });
      if (!stepped.ok) return stepped;
    }
    const handed = await this.#handOver();
    const reply = await this.#reply(handed === null ? [] : [handed.command]);
    return ok({ reply, commands_valid_until: handed?.validUntil ?? null });
  }

  async #handOver(): Promise<{ command: SignedCommand; validUntil: number } | null> {
    const state = this.#state;
    const pending = state === null ? null : commandToHandOver(state, Date.now());
    if (state === null || pending === null) return null;
    const leave = await askLeave(state, pending, this.#env);
    if (leave === null) return null;
    const policy = leave.facts.policy;
    const stepped =
      leave.leaseId !== null || policy.kill_switch || policy.mode === "off"
        ? this.#apply({ type: "hand_over", commandId: pending.row.id, facts: leave.facts })
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
    const state = this.#state;
    const text = state === null ? null : commitText(state, now);
    const commit =
      text === null ? null : { signed: text, signature: await (await controlKey(this.#env)).sign(text) };
    return {
      next_heartbeat_s: state?.askedS ?? this.#policy.intervals.heartbeat_s,
      commands,
      ...(commit === null ? {} : { commit }),
      server_time: iso(now),
    };
  }

  /** The release a manual action names, or the newest earlier one for a rollback without a version. */
  async releaseFor(action: ManualAction): Promise<Result<ReleaseRecord | null>> {
    if (this.#state === null) return refuse({ reason: "not_found", message: "no such plugin" });
    if (action.action !== "patch" && action.action !== "rollback") return ok(null);
    const { product, version } = this.#state;
    const releases = await releasesOf(this.#env, product).list();
    if (action.version !== undefined)
      return ok(releases.find((release) => release.version === action.version) ?? null);
    const earlier = releases.filter((release) => compareSemver(release.version, version) < 0);
    return ok(earlier.sort((a, b) => compareSemver(b.version, a.version))[0] ?? null);
  }

  async act(
    incidentId: string,
    event: Extract<PluginEvent, { type: "approve" | "act" }>,
  ): Promise<Result<ActionReply>> {
    if (this.#state === null) return refuse({ reason: "not_found", message: "no such plugin" });
    await this.#readPolicy();
    const before = this.#state === null ? null : incidentById(this.#state, incidentId);
    const stepped = this.#apply(event);
    if (!stepped.ok) return stepped;
    const { state, outbox } = stepped.value;
    const incident =
      incidentById(state, incidentId)?.row ?? lastIncidentRow(outbox, incidentId) ?? before?.row;
    if (incident === undefined) return refuse({ reason: "not_found", message: "no such incident" });
    return ok({ incident, attempt: state.attempt?.row ?? null });
  }

  detail(): PluginDetail | null {
    return this.#state === null ? null : pluginDetail(this.#state, this.#store.outbox.size(), Date.now());
  }

  async sweep(): Promise<number | null> {
    if (this.#state === null) return null;
    await this.#wake();
    return this.#wakeAt(Date.now());
  }

  async alarm(): Promise<void> {
    this.#store.alarmFired();
    const now = Date.now();
    // Before anything that may fail: the platform drops an alarm after six failures, and this chain must never end.
    if (this.#state !== null) this.#store.arm(now + BACKSTOP_MS, now);
    try {
      await this.#wake();
    } catch (error) {
      console.error(JSON.stringify({ event: "alarm_failed", plugin: this.#state?.id, why: String(error) }));
    }
  }

  async #wake(): Promise<void> {
    if (this.#state === null) return;
    await this.#readPolicy();
    const now = Date.now();
    const due =
      this.#state === null ? null : nextWake(this.#withoutWork(this.#state), this.#policy.intervals, now);
    if (due !== null && due <= now) this.#apply({ type: "tick" });
    else if (this.#state !== null) {
      this.#startWork(now);
      this.#store.arm(this.#wakeAt(now), now);
    }
    await this.#drainOutbox();
  }

  #apply(event: PluginEvent): Result<Step> {
    if (this.#state === null) return refuse({ reason: "not_found", message: "no such plugin" });
    const now = Date.now();
    const result = step(this.#state, event, { now, policy: this.#policy });
    if (result.ok) this.#commit(result.value.state, result.value.outbox, now);
    return result;
  }

  #commit(state: PluginState, messages: readonly OutboxMessage[], now: number): void {
    const previous = this.#state;
    this.#state = state;
    try {
      this.#store.commit(state, outboxRows(state.id, messages), this.#wakeAt(now, messages.length > 0), now);
    } catch (error) {
      this.#state = previous;
      throw error;
    }
    this.#startWork(now);
    if (messages.length > 0) this.#ctx.waitUntil(this.#drainOutbox());
  }

  #startWork(now: number): void {
    const state = this.#state;
    if (state === null) return;
    for (const work of runnableWork(state, now)) {
      if (this.#running.has(work.id)) continue;
      this.#running.add(work.id);
      this.#ctx.waitUntil(
        perform(work, state, this.#env).then((answer) => {
          this.#running.delete(work.id);
          this.#apply(answer);
        }),
      );
    }
  }

  /** The earliest thing to wake for; `appended` rows are being drained at this moment, so their alarm is a backstop. */
  #wakeAt(now: number, appended = false): number | null {
    const state = this.#state;
    if (state === null) return null;
    const due: number[] = [];
    const own = nextWake(this.#withoutWork(state), this.#policy.intervals, now);
    if (own !== null) due.push(own);
    for (const work of state.work) due.push(work.notBefore <= now ? now + BACKSTOP_MS : work.notBefore);
    const outbox = this.#store.outbox.nextDue(now);
    if (outbox !== null || appended) due.push(Math.max(outbox ?? now, now + DRAIN_BACKSTOP_MS));
    return due.length === 0 ? null : Math.min(...due);
  }

  #withoutWork(state: PluginState): PluginState {
    return { ...state, work: [] };
  }

  async #drainOutbox(): Promise<void> {
    const state = this.#state;
    if (state === null) return;
    this.#drain ??= new OutboxDrain({
      owner: `plugin ${state.id}`,
      store: this.#store.outbox,
      receivers: pluginReceivers(this.#env, state.id),
    });
    await this.#drain.run();
    const now = Date.now();
    this.#store.arm(this.#wakeAt(now), now);
  }

  async #readPolicy(): Promise<void> {
    this.#policy = await policyForIntervals(this.#env, Date.now());
  }
}

function lastIncidentRow(messages: readonly OutboxMessage[], incidentId: string) {
  for (const message of [...messages].reverse())
    if (message.to === "ledger" && message.record.kind === "incident" && message.record.row.id === incidentId)
      return message.record.row;
  return undefined;
}
