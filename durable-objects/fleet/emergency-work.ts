/** The running part of emergency actions: gives orders, a bounded number at a time, and follows the waves. One run at a time. */
import type { OrderReply, PluginOrder } from "../../src/contract/order.ts";
import type { Result } from "../../src/contract/refusal.ts";
import { type EmergencyRow, ended } from "../../src/core/fleet/emergency.ts";
import { afterOrder, afterSilence, type TargetChange } from "../../src/core/fleet/emergency-outcome.ts";
import { nextMove, OUTCOME_LIMIT_MS, waveSize } from "../../src/core/fleet/emergency-waves.ts";
import { holdReason } from "../../src/core/policy/hold-reason.ts";
import type { EmergencyPorts } from "./emergency-ports.ts";
import type { EmergencyRecords } from "./emergency-records.ts";
import type { EmergencyStore } from "./emergency-store.ts";
import type { EmergencyTargets, Target } from "./emergency-targets.ts";

const AT_ONCE = 20;
/** Calls of one run: the platform bounds the calls of one invocation. The alarm goes on with the rest. */
const CALLS_PER_RUN = 300;
/** While the policy lets nothing leave. */
const HOLD_CHECK_MS = 10_000;
/** An object that does not answer is asked again later, rather than holding up the others. */
const ORDER_TIMEOUT_MS = 10_000;

export class EmergencyWork {
  readonly #storage: DurableObjectStorage;
  readonly #store: EmergencyStore;
  readonly #targets: EmergencyTargets;
  readonly #records: EmergencyRecords;
  readonly #ports: EmergencyPorts;
  #running: Promise<void> | null = null;
  /** In memory only: after an eviction the policy is asked at once. */
  #heldUntil = 0;

  constructor(
    storage: DurableObjectStorage,
    store: EmergencyStore,
    targets: EmergencyTargets,
    records: EmergencyRecords,
    ports: EmergencyPorts,
  ) {
    this.#storage = storage;
    this.#store = store;
    this.#targets = targets;
    this.#records = records;
    this.#ports = ports;
  }

  run(): Promise<void> {
    this.#running ??= this.#runAll().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  nextDue(now: number): number | null {
    const moments = this.#store.running().map((row) => {
      const move = nextMove(row, this.#targets.facts(row), now);
      if (move.do === "wait") return move.until;
      return row.held === null ? now : Math.max(now, this.#heldUntil);
    });
    const known = moments.filter((at) => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  async #runAll(): Promise<void> {
    let calls = CALLS_PER_RUN;
    for (const { id } of this.#store.running()) calls = await this.#advance(id, calls);
  }

  /** @returns the calls that are left. */
  async #advance(id: string, calls: number): Promise<number> {
    for (let left = calls; left > 0; ) {
      const now = Date.now();
      // Read afresh after every await: it may have been aborted meanwhile.
      const row = this.#store.load(id);
      if (row?.status !== "running") return left;
      const move = nextMove(row, this.#targets.facts(row), now);
      switch (move.do) {
        case "wait":
          return left;
        case "give_up":
          this.#targets.giveUp(row, now - OUTCOME_LIMIT_MS);
          break;
        case "end":
          this.#end(row, "done", null, now);
          break;
        case "stop":
          this.#end(row, "stopped", move.why, now);
          break;
        case "begin_wave":
        case "order": {
          if (!(await this.#mayGo(row, now))) return left;
          if (move.do === "begin_wave") this.#beginWave(id);
          else left -= await this.#order(id);
          break;
        }
        default:
          move satisfies never;
      }
    }
    return 0;
  }

  /** A way back is a command too: while none may leave, no shop is asked to begin. */
  async #mayGo(row: EmergencyRow, now: number): Promise<boolean> {
    if (row.kind !== "rollback_since") return true;
    if (now < this.#heldUntil) return false;
    const policy = await this.#ports
      .policy()
      .read()
      .catch(() => null);
    const held = policy === null ? "The policy's authority does not answer." : holdReason(policy.document);
    const fresh = this.#store.load(row.id);
    if (fresh?.status !== "running") return false;
    if (fresh.held !== held) this.#store.save({ ...fresh, held });
    this.#heldUntil = held === null ? 0 : now + HOLD_CHECK_MS;
    return held === null;
  }

  #beginWave(id: string): void {
    const row = this.#store.load(id);
    if (row?.status !== "running") return;
    const next = { ...row, wave: row.wave + 1, waveAt: Date.now() };
    this.#storage.transactionSync(() => {
      this.#store.save(next);
      this.#targets.assign(next, waveSize(next, next.wave));
    });
  }

  /** Gives some of the orders that are due. @returns how many */
  async #order(id: string): Promise<number> {
    const row = this.#store.load(id);
    if (row?.status !== "running") return 1;
    const due = this.#targets.due(row, Date.now(), AT_ONCE);
    await Promise.all(
      due.map(async (target) => {
        const change = await this.#give(row, target);
        this.#targets.change(target, change, Date.now());
      }),
    );
    return Math.max(1, due.length);
  }

  async #give(row: EmergencyRow, target: Target): Promise<TargetChange> {
    const order: PluginOrder = {
      kind: row.kind === "cancel_pending" ? "cancel" : "revert",
      attempt_id: target.attempt_id,
      reason: `${row.id}: ${row.reason}`.slice(0, 500),
      by: row.confirmed_by ?? row.planned_by,
      cause: "emergency",
    };
    const { plugin_id, patience } = target;
    try {
      return afterOrder(row.kind, await inTime(this.#ports.plugin(plugin_id).order(order)), patience);
    } catch (error) {
      return afterSilence(error instanceof Error ? error.message : String(error), patience);
    }
  }

  #end(row: EmergencyRow, how: "done" | "stopped", why: string | null, now: number): void {
    this.#storage.transactionSync(() =>
      this.#records.turn(how, ended(row, how, why, now), row.confirmed_by ?? row.planned_by, now),
    );
  }
}

async function inTime(answer: Promise<Result<OrderReply>>): Promise<Result<OrderReply>> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error("the plugin's object did not answer in time")),
      ORDER_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}
