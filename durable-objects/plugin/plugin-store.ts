/** Everything the plugin's object keeps: one state row, the outbox, the one alarm. All writes of a step commit together. */
import type { PluginState } from "../../src/core/plugin/state.ts";
import { migrate } from "../migrations.ts";
import { OUTBOX_MIGRATION, type OutboxMessage, OutboxStore } from "../outbox/outbox-store.ts";

/** The alarm is never nearer than this. */
const SOONEST_MS = 100;

const STATE_KEY = "state";
const MIGRATIONS = [OUTBOX_MIGRATION];

export class PluginStore {
  readonly outbox: OutboxStore;
  readonly #storage: DurableObjectStorage;
  /** When the platform will call `alarm()`; null when it will not. */
  #armedAt: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.outbox = new OutboxStore(storage.sql);
  }

  /** For the constructor's `blockConcurrencyWhile`. */
  async open(): Promise<PluginState | null> {
    migrate(this.#storage, MIGRATIONS);
    this.#armedAt = await this.#storage.getAlarm();
    return this.#storage.kv.get<PluginState>(STATE_KEY) ?? null;
  }

  /** State, outbox and alarm in one transaction: all of it, or nothing. */
  commit(state: PluginState, messages: readonly OutboxMessage[], wake: number | null, now: number): void {
    const armedBefore = this.#armedAt;
    try {
      this.#storage.transactionSync(() => {
        this.#storage.kv.put(STATE_KEY, state);
        if (messages.length > 0) this.outbox.append(messages, now);
        this.arm(wake, now);
      });
    } catch (error) {
      // The alarm was taken back with the rest: to believe in it would be to lose it.
      this.#armedAt = armedBefore;
      throw error;
    }
  }

  /**
   * Arms the alarm when it would come too late. A later deadline leaves it alone: the alarm then finds nothing due and
   * arms itself again, which costs less than a written row with every heartbeat.
   */
  arm(wake: number | null, now: number): void {
    if (wake === null) return;
    // Never for this very instant: from inside an alarm that would break the chain, and a deadline that cannot be met must not spin.
    const at = Math.max(wake, now + SOONEST_MS);
    if (this.#armedAt !== null && this.#armedAt > now && this.#armedAt <= at) return;
    this.#armedAt = at;
    void this.#storage.setAlarm(at);
  }

  /** Arms the alarm for exactly this wake-up, also when that is later than now armed; null switches it off. */
  rearm(wake: number | null, now: number): void {
    if (wake !== null) {
      const at = Math.max(wake, now + SOONEST_MS);
      if (this.#armedAt === at) return;
      this.#armedAt = at;
      void this.#storage.setAlarm(at);
    } else if (this.#armedAt !== null) {
      this.#armedAt = null;
      void this.#storage.deleteAlarm();
    }
  }

  alarmFired(): void {
    this.#armedAt = null;
  }
}
