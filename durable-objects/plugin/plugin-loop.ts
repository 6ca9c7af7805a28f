/**
 * The loop of one plugin's object: an event is stepped, its outcome committed, and what the new state asks for is started.
 * It owns the state in memory, the work under way, the drain and the alarm; what the events are is its callers' affair.
 */
import { defaultPolicyDocument, type PolicyDocument } from "../../src/contract/policy.ts";
import { type Result, refuse } from "../../src/contract/refusal.ts";
import type { OutboxMessage } from "../../src/core/plugin/draft.ts";
import type { PluginEvent } from "../../src/core/plugin/event.ts";
import { nextWake } from "../../src/core/plugin/schedule.ts";
import type { PluginState } from "../../src/core/plugin/state.ts";
import { type Step, step } from "../../src/core/plugin/step.ts";
import { runnableWork } from "../../src/core/plugin/work.ts";
import type { Env } from "../../src/env.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { PluginStore } from "./plugin-store.ts";
import { policyForIntervals } from "./policy-cache.ts";
import { outboxRows, pluginReceivers } from "./receivers.ts";
import { perform } from "./work-runner.ts";

/** While a request to the outside is under way in memory, the alarm stands behind it in case this object dies. */
const WORK_BACKSTOP_MS = 30_000;
/** Likewise for rows that are being drained. */
const DRAIN_BACKSTOP_MS = 5_000;

export class PluginLoop {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: PluginStore;
  #state: PluginState | null = null;
  #policy: PolicyDocument = defaultPolicyDocument();
  #drain: OutboxDrain | null = null;
  /** Work under way in this memory; after a crash it is empty, and everything in the state is started again. */
  readonly #running = new Set<string>();

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = new PluginStore(ctx.storage);
  }

  /** For the constructor's `blockConcurrencyWhile`. */
  async open(): Promise<void> {
    this.#state = await this.#store.open();
  }

  /** The state of this moment; null before enrolment. Read it again after every await that is not storage. */
  get state(): PluginState | null {
    return this.#state;
  }

  /** Intervals and limits as last read. */
  get policy(): PolicyDocument {
    return this.#policy;
  }

  /** Outbox rows that wait. */
  get waiting(): number {
    return this.#store.outbox.size();
  }

  async readPolicy(): Promise<void> {
    this.#policy = await policyForIntervals(this.#env, Date.now());
  }

  /** What `apply` would do, without doing it. */
  tryOut(event: PluginEvent): Result<Step> {
    if (this.#state === null) return refuse({ reason: "not_found", message: "no such plugin" });
    return step(this.#state, event, { now: Date.now(), policy: this.#policy });
  }

  apply(event: PluginEvent): Result<Step> {
    if (this.#state === null) return refuse({ reason: "not_found", message: "no such plugin" });
    const now = Date.now();
    const result = step(this.#state, event, { now, policy: this.#policy });
    if (result.ok) this.commit(result.value.state, result.value.outbox, now);
    return result;
  }

  /** State, outbox rows and alarm together; then the work that the new state asks for. */
  commit(state: PluginState, messages: readonly OutboxMessage[], now: number): void {
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

  async alarm(): Promise<void> {
    this.#store.alarmFired();
    const now = Date.now();
    // Before anything that may fail: the platform drops an alarm after six failures, and this chain must never end.
    if (this.#state !== null) this.#store.arm(now + WORK_BACKSTOP_MS, now);
    try {
      await this.wake();
      // The backstop has done its work: left in place it would ring for ever, every 30 s, in every plugin.
      const done = Date.now();
      this.#store.rearm(this.#wakeAt(done), done);
    } catch (error) {
      console.error(JSON.stringify({ event: "alarm_failed", plugin: this.#state?.id, why: String(error) }));
    }
  }

  /** Does what is due, and arms for what is next. @returns when that is (ms since epoch), or null */
  async wake(): Promise<number | null> {
    if (this.#state === null) return null;
    await this.readPolicy();
    const now = Date.now();
    const due = nextWake(withoutWork(this.#state), this.#policy.intervals);
    if (due !== null && due <= now) this.apply({ type: "tick" });
    else this.#startWork(now);
    await this.#drainOutbox();
    return this.#wakeAt(Date.now());
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
          this.apply(answer);
        }),
      );
    }
  }

  /** The earliest thing to wake for; `appended` rows are being drained at this moment, so their alarm is a backstop. */
  #wakeAt(now: number, appended = false): number | null {
    const state = this.#state;
    if (state === null) return null;
    const due: number[] = [];
    const own = nextWake(withoutWork(state), this.#policy.intervals);
    if (own !== null) due.push(own);
    for (const work of state.work) due.push(work.notBefore <= now ? now + WORK_BACKSTOP_MS : work.notBefore);
    const outbox = this.#store.outbox.nextDue(now);
    if (outbox !== null || appended) due.push(Math.max(outbox ?? now, now + DRAIN_BACKSTOP_MS));
    return due.length === 0 ? null : Math.min(...due);
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
}

function withoutWork(state: PluginState): PluginState {
  return { ...state, work: [] };
}
