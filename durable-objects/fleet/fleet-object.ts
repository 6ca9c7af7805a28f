/**
 * What can be judged only over the whole fleet; one object, "fleet". It hears of changes, never of single heartbeats.
 *
 * Invariants:
 * - A claim's nonce enrols one plugin, once.
 * - Every count is by attempt id, every piece of evidence by its number: a repeated report changes nothing.
 * - One storm of a type, and one incident per cohort, is open at a time; each change of them leaves through the outbox, committed with it.
 */
import { DurableObject } from "cloudflare:workers";
import type {
  CancelPendingRequest,
  ConfirmEmergencyRequest,
  Emergency,
  EmergencyDetail,
  EmergencyQuery,
  RollbackSinceRequest,
} from "../../src/contract/emergency.ts";
import type { AttemptUnderWay, FleetStanding } from "../../src/contract/guard.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result } from "../../src/contract/refusal.ts";
import type {
  ActionReservation,
  AttemptReport,
  EvidenceReport,
  FinishedReport,
  FleetGuard,
  FleetRpc,
  SignalReport,
} from "../../src/contract/rpc/fleet.ts";
import { FRESH_BUDGET, PROBES_PER_MINUTE, takeFrom } from "../../src/core/fleet/minute-budget.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { consumeClaim, type FleetEnrolment } from "./consume-claim.ts";
import { type FleetDesks, fleetDesks } from "./fleet-desks.ts";
import { FLEET_MIGRATIONS } from "./fleet-store.ts";

/** Pruning is a matter of space only: once an hour is often enough. */
const PRUNE_GRAIN_MS = 3_600_000;

export class FleetObject extends DurableObject<Env> implements FleetRpc {
  readonly #desks: FleetDesks;
  /** What the alarm was last set to; null when nothing, or after an eviction, when it is not known. */
  #armedAt: number | null = null;
  /** In memory only: after an eviction nobody has been looking for a while. */
  #probes = FRESH_BUDGET;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, FLEET_MIGRATIONS);
    this.#desks = fleetDesks(ctx.storage, env, () => this.#flushSoon());
  }

  async enroll(input: FleetEnrolment): Promise<Result<{ enrolled: true }>> {
    const now = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const consumed = consumeClaim(this.#desks.store, input, now);
      if (consumed.ok) this.#arm(now);
      return consumed;
    });
  }

  async guard(reserve?: ActionReservation): Promise<FleetGuard> {
    const now = Date.now();
    const guard = this.#desks.guard.guard(reserve, now);
    this.#arm(now);
    this.#flushSoon();
    return guard;
  }

  async standing(): Promise<FleetStanding> {
    const now = Date.now();
    const standing = this.#desks.guard.standing(now);
    this.#arm(now);
    this.#flushSoon();
    return standing;
  }

  async underWay(limit: number): Promise<AttemptUnderWay[]> {
    return this.#desks.guard.underWay(limit);
  }

  async restoreAutonomy(reason: string, by: Person): Promise<Result<FleetStanding>> {
    const now = Date.now();
    const restored = this.#desks.autonomy.restore(reason, by, now);
    if (!restored.ok) return restored;
    this.#arm(now);
    this.#flushSoon();
    return ok(this.#desks.guard.standing(now));
  }

  cancelPending(input: CancelPendingRequest, by: Person): Promise<Result<Emergency>> {
    return this.#emergency(this.#desks.emergencies.cancelPending(input, by, Date.now()));
  }

  rollbackSince(input: RollbackSinceRequest, by: Person): Promise<Result<Emergency>> {
    return this.#emergency(this.#desks.emergencies.rollbackSince(input, by, Date.now()));
  }

  confirmEmergency(id: string, input: ConfirmEmergencyRequest, by: Person): Promise<Result<Emergency>> {
    return this.#emergency(this.#desks.emergencies.confirm(id, input, by, Date.now()));
  }

  abortEmergency(id: string, reason: string, by: Person): Promise<Result<Emergency>> {
    return this.#emergency(this.#desks.emergencies.abort(id, reason, by, Date.now()));
  }

  emergency(id: string, query: EmergencyQuery): Promise<Result<EmergencyDetail>> {
    return this.#desks.emergencies.detail(id, query, Date.now());
  }

  async emergencies(): Promise<Emergency[]> {
    return this.#desks.emergencies.list(Date.now());
  }

  async takeProbe(): Promise<boolean> {
    const { granted, next } = takeFrom(this.#probes, PROBES_PER_MINUTE, Date.now());
    this.#probes = next;
    return granted;
  }

  async countAction(attemptId: string): Promise<void> {
    const now = Date.now();
    this.#desks.store.countAction(attemptId, now);
    this.#arm(now);
  }

  async giveBackAction(attemptId: string): Promise<void> {
    this.#desks.store.giveBackAction(attemptId);
  }

  async presence(input: { plugin_id: string; silent: boolean }): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#desks.storms.presence(input.plugin_id, input.silent, now);
      this.#arm(now);
    });
    this.#flushSoon();
  }

  async signal(report: SignalReport): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#desks.storms.signal(report, now);
      this.#arm(now);
    });
    this.#flushSoon();
  }

  async evidence(report: EvidenceReport): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      const product = this.#desks.store.productOf(report.plugin_id);
      if (product === null) return;
      this.#desks.cohorts.report(product, report, now);
      // Most reports leave nothing to wake for that is not waited for already.
      const armed = this.#armedAt !== null && this.#armedAt <= now + 2 * PRUNE_GRAIN_MS;
      if (!armed || this.#desks.outbox.size() > 0) this.#arm(now);
    });
    this.#flushSoon();
  }

  async attempt(report: AttemptReport): Promise<void> {
    this.#desks.attempts.report(report);
  }

  async attemptFinished(report: FinishedReport): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      // What turned out otherwise is in place as before.
      if (!report.revised) {
        this.#desks.store.giveBackAction(report.attempt_id);
        this.#desks.attempts.finished(report);
        this.#desks.emergencies.heard(report, now);
      }
      this.#desks.autonomy.finished(report, now);
      this.#arm(now);
    });
    this.#flushSoon();
    this.#goOn();
  }

  async sweepBatch(limit: number): Promise<string[]> {
    const busy = this.#desks.store.nextInRotation("busy", limit);
    const others = this.#desks.store.nextInRotation("plugins", limit - busy.length);
    return [...new Set([...busy, ...others])];
  }

  async busy(input: { plugin_id: string; busy: boolean }): Promise<void> {
    this.#desks.store.setBusy(input.plugin_id, input.busy);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    armAlarm(this.ctx.storage, now + SAFETY_MS, now);
    this.ctx.storage.transactionSync(() => {
      this.#desks.store.prune(now);
      this.#desks.attempts.prune(now);
      this.#desks.cohorts.expire(now);
      this.#desks.storms.judgeAll(now);
    });
    await Promise.all([this.#desks.emergencies.run(), this.#flush()]);
    this.#arm(Date.now());
  }

  /** A turn of an emergency action is written: its work begins with the answer. */
  async #emergency(turn: Promise<Result<Emergency>>): Promise<Result<Emergency>> {
    const answer = await turn;
    this.#arm(Date.now());
    this.#flushSoon();
    this.#goOn();
    return answer;
  }

  #goOn(): void {
    if (this.#desks.emergencies.running() === null) return;
    this.ctx.waitUntil(this.#desks.emergencies.run().then(() => this.#flush()));
  }

  #flushSoon(): void {
    if (this.#desks.outbox.size() > 0) this.ctx.waitUntil(this.#flush());
  }

  async #flush(): Promise<void> {
    await this.#desks.drain.run();
    this.#arm(Date.now());
  }

  #arm(now: number): void {
    const housekeeping = [this.#desks.store.nextPrune(), this.#desks.cohorts.nextExpiry(now)]
      .filter((at) => at !== null)
      // Rounded up to the grain, so that most calls set the alarm that is set already, which writes nothing.
      .map((at) => Math.ceil(at / PRUNE_GRAIN_MS) * PRUNE_GRAIN_MS);
    const waiting = this.#desks.outbox.nextDue(now);
    // Rows that are being sent at this moment: the alarm stands behind them.
    const drain = waiting === null ? null : Math.max(waiting, now + SAFETY_MS);
    const due = [
      ...housekeeping,
      drain,
      this.#desks.emergencies.nextDue(now),
      this.#desks.storms.nextWake(now),
    ].filter((at) => at !== null);
    this.#armedAt = due.length === 0 ? null : Math.min(...due);
    armAlarm(this.ctx.storage, this.#armedAt, now);
  }
}
