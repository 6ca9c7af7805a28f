/**
 * What can be judged only over the whole fleet; one object, "fleet". It hears of changes, never of single heartbeats.
 *
 * Invariants:
 * - A claim's nonce enrols one plugin, once.
 * - Every count is by attempt id: a repeated report changes nothing.
 */
import { DurableObject } from "cloudflare:workers";
import type { Outcome } from "../../src/contract/decision.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { FleetGuard, FleetRpc } from "../../src/contract/rpc.ts";
import { judgeAutonomy } from "../../src/core/autonomy.ts";
import { judgeStorm } from "../../src/core/storm.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { ACTION_WINDOW_MS, FLEET_MIGRATIONS, FleetStore } from "./fleet-store.ts";

/** Pruning is a matter of space only: once an hour is often enough. */
const PRUNE_GRAIN_MS = 3_600_000;

export class FleetObject extends DurableObject<Env> implements FleetRpc {
  readonly #store: FleetStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, FLEET_MIGRATIONS);
    this.#store = new FleetStore(ctx.storage);
  }

  async enroll(input: {
    plugin_id: string;
    product: string;
    merchant_id: string;
    nonce: string;
    nonce_expires_at: string;
  }): Promise<Result<{ enrolled: true }>> {
    const now = Date.now();
    const expiresAt = Date.parse(input.nonce_expires_at);
    if (!(expiresAt > now)) return refuse({ reason: "unauthorized" });
    const owner = this.#store.nonceOwner(input.nonce);
    if (owner !== null) {
      if (owner === input.plugin_id) return ok({ enrolled: true });
      return refuse({ reason: "conflict", message: "this claim code was used before" });
    }
    this.ctx.storage.transactionSync(() => {
      this.#store.enroll({
        pluginId: input.plugin_id,
        product: input.product,
        merchantId: input.merchant_id,
        nonce: input.nonce,
        expiresAt,
      });
      this.#armPrune(now);
    });
    return ok({ enrolled: true });
  }

  async guard(): Promise<FleetGuard> {
    const now = Date.now();
    const storm = this.#judgeStorm(now);
    const autonomy = judgeAutonomy(this.#store.outcomes(now));
    return {
      storm: storm.storm,
      autonomy: autonomy.state,
      actions_last_hour: this.#store.actionsSince(now - ACTION_WINDOW_MS),
      explanation: `${storm.explanation}. ${autonomy.explanation}.`,
    };
  }

  async countAction(attemptId: string): Promise<void> {
    const now = Date.now();
    this.#store.countAction(attemptId, now);
    this.#armPrune(now);
  }

  async presence(input: { plugin_id: string; silent: boolean }): Promise<void> {
    const now = Date.now();
    this.#store.setSilent(input.plugin_id, input.silent, now);
    this.#judgeStorm(now);
  }

  async attemptFinished(input: { attempt_id: string; outcome: Outcome | "cancelled" }): Promise<void> {
    if (input.outcome === "cancelled") return;
    const now = Date.now();
    this.#store.addOutcome(input.attempt_id, input.outcome, now);
    this.#armPrune(now);
  }

  async sweepBatch(limit: number): Promise<string[]> {
    const busy = this.#store.nextInRotation("busy", limit);
    const others = this.#store.nextInRotation("plugins", limit - busy.length);
    return [...new Set([...busy, ...others])];
  }

  async busy(input: { plugin_id: string; busy: boolean }): Promise<void> {
    this.#store.setBusy(input.plugin_id, input.busy);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#store.prune(now);
    this.#armPrune(now);
  }

  /** The guard's answer now; a change of it is stored, because entering and leaving have different levels. */
  #judgeStorm(now: number) {
    const before = this.#store.storm();
    const verdict = judgeStorm({
      now,
      roster: this.#store.roster(),
      silentSince: this.#store.silentSince(),
      storm: before,
    });
    if (verdict.storm !== before) {
      this.#store.setStorm(verdict.storm);
      console.warn(JSON.stringify({ event: "storm", storm: verdict.storm, why: verdict.explanation }));
    }
    return verdict;
  }

  #armPrune(now: number): void {
    const next = this.#store.nextPrune();
    // Rounded up to the grain, so that most calls set the alarm that is set already, which writes nothing.
    const at = next === null ? null : Math.ceil(next / PRUNE_GRAIN_MS) * PRUNE_GRAIN_MS;
    armAlarm(this.ctx.storage, at, now);
  }
}
