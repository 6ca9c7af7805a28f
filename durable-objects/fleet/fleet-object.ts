/**
 * What can be judged only over the whole fleet; one object, "fleet". It hears of changes, never of single heartbeats.
 *
 * Invariants:
 * - A claim's nonce enrols one plugin, once.
 * - Every count is by attempt id, every piece of evidence by its number: a repeated report changes nothing.
 * - One storm, and one incident per cohort, is open at a time; each change of them leaves through the outbox, committed with it.
 */
import { DurableObject } from "cloudflare:workers";
import { FLEET_INCIDENT_PLUGINS } from "../../src/contract/fleet-incident.ts";
import type { FleetStanding } from "../../src/contract/guard.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type {
  ActionReservation,
  AttemptReport,
  EvidenceReport,
  FinishedReport,
  FleetGuard,
  FleetRpc,
} from "../../src/contract/rpc.ts";
import { FRESH_BUDGET, PROBES_PER_MINUTE, takeFrom } from "../../src/core/minute-budget.ts";
import { judgeStorm, ONSET_WINDOW_MS, type StormVerdict, stormWake } from "../../src/core/storm.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OutboxStore } from "../outbox/outbox-store.ts";
import { bodiesOf, feedReceiver, ledgerReceiver, noticeReceiver } from "../outbox/receivers.ts";
import { releasesOf } from "../stubs.ts";
import { AttemptRegister } from "./attempt-register.ts";
import { AutonomyDesk, explanationOf } from "./autonomy-desk.ts";
import { CohortDesk, type HaltOrder } from "./cohort-desk.ts";
import { CohortStore } from "./cohort-store.ts";
import { FleetIncidents } from "./fleet-incidents.ts";
import { ACTION_WINDOW_MS, FLEET_MIGRATIONS, FleetStore } from "./fleet-store.ts";

/** Pruning is a matter of space only: once an hour is often enough. */
const PRUNE_GRAIN_MS = 3_600_000;
/** Key of the fleet incident: there is one storm at a time. */
const STORM_KEY = "storm";

export class FleetObject extends DurableObject<Env> implements FleetRpc {
  readonly #store: FleetStore;
  readonly #outbox: OutboxStore;
  readonly #drain: OutboxDrain;
  readonly #incidents: FleetIncidents;
  readonly #cohorts: CohortDesk;
  readonly #attempts: AttemptRegister;
  readonly #autonomy: AutonomyDesk;
  /** What the alarm was last set to; null when nothing, or after an eviction, when it is not known. */
  #armedAt: number | null = null;
  /** In memory only: after an eviction nobody has been looking for a while. */
  #probes = FRESH_BUDGET;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, FLEET_MIGRATIONS);
    this.#store = new FleetStore(ctx.storage);
    this.#outbox = new OutboxStore(ctx.storage.sql);
    this.#incidents = new FleetIncidents(ctx.storage, this.#outbox);
    this.#cohorts = new CohortDesk(new CohortStore(ctx.storage.sql), this.#incidents, this.#outbox);
    this.#attempts = new AttemptRegister(ctx.storage.sql);
    this.#autonomy = new AutonomyDesk(ctx.storage, this.#store, this.#outbox);
    this.#drain = new OutboxDrain({
      owner: "FleetObject",
      store: this.#outbox,
      receivers: {
        ledger: ledgerReceiver(env),
        feed: feedReceiver(env),
        notify: noticeReceiver(env),
        release: async (rows) => {
          for (const { product, ...order } of bodiesOf<HaltOrder>(rows))
            await releasesOf(env, product).blame(order);
          return { status: "delivered" };
        },
      },
    });
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
      this.#arm(now);
    });
    return ok({ enrolled: true });
  }

  async guard(reserve?: ActionReservation): Promise<FleetGuard> {
    const now = Date.now();
    const storm = this.#judge(now, 0);
    const { record, verdict } = this.#autonomy.judge(now);
    const actions = reserve
      ? this.#store.reserveAction(reserve.attempt_id, reserve.limit, now)
      : this.#store.actionsSince(now - ACTION_WINDOW_MS);
    this.#arm(now);
    this.#flushSoon();
    return {
      storm: storm.storm,
      autonomy: record.downgraded === null ? "normal" : "degraded",
      actions_last_hour: actions,
      explanation: `${storm.explanation}. ${explanationOf(record, verdict)}.`,
    };
  }

  async standing(): Promise<FleetStanding> {
    return this.#standing(Date.now());
  }

  async restoreAutonomy(reason: string, by: Person): Promise<Result<FleetStanding>> {
    const now = Date.now();
    const restored = this.#autonomy.restore(reason, by, now);
    if (!restored.ok) return restored;
    this.#arm(now);
    this.#flushSoon();
    return ok(this.#standing(now));
  }

  async takeProbe(): Promise<boolean> {
    const { granted, next } = takeFrom(this.#probes, PROBES_PER_MINUTE, Date.now());
    this.#probes = next;
    return granted;
  }

  async countAction(attemptId: string): Promise<void> {
    const now = Date.now();
    this.#store.countAction(attemptId, now);
    this.#arm(now);
  }

  async presence(input: { plugin_id: string; silent: boolean }): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      const changed = this.#store.setSilent(input.plugin_id, input.silent, now);
      if (changed) this.#judge(now, input.silent ? 1 : 0);
    });
    this.#flushSoon();
  }

  async evidence(report: EvidenceReport): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      const product = this.#store.productOf(report.plugin_id);
      if (product === null) return;
      this.#cohorts.report(product, report, now);
      // Most reports leave nothing to wake for that is not waited for already.
      const armed = this.#armedAt !== null && this.#armedAt <= now + 2 * PRUNE_GRAIN_MS;
      if (!armed || this.#outbox.size() > 0) this.#arm(now);
    });
    this.#flushSoon();
  }

  async attempt(report: AttemptReport): Promise<void> {
    this.#attempts.report(report);
  }

  async attemptFinished(report: FinishedReport): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#store.giveBackAction(report.attempt_id);
      this.#attempts.finished(report);
      this.#autonomy.finished(report, now);
      this.#arm(now);
    });
    this.#flushSoon();
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
    armAlarm(this.ctx.storage, now + SAFETY_MS, now);
    this.ctx.storage.transactionSync(() => {
      this.#store.prune(now);
      this.#attempts.prune(now);
      this.#cohorts.expire(now);
      this.#judge(now, 0);
    });
    await this.#flush();
  }

  #standing(now: number): FleetStanding {
    const storm = this.#judge(now, 0);
    return {
      storm: storm.storm,
      storm_explanation: storm.explanation,
      autonomy: this.#autonomy.standing(now),
      actions_last_hour: this.#store.actionsSince(now - ACTION_WINDOW_MS),
      attempts: this.#attempts.counts(),
      emergency: null,
    };
  }

  /** The guard's answer now, `newly` plugins having fallen silent. Entering and leaving open and close the fleet's one incident. */
  #judge(now: number, newly: number): StormVerdict {
    const { storage } = this.ctx;
    const before = this.#store.storm(now);
    const facts = { now, roster: this.#store.roster(), ...this.#store.silences(now), newly };
    const verdict = judgeStorm(before, facts);
    const { state, storm } = verdict;
    const turned = storm !== (this.#incidents.open(STORM_KEY) !== null);
    // Time alone need not be written: in calm the next silence catches up with it, in a storm only its own figures count.
    const unmoved =
      before.storm?.peak === state.storm?.peak && before.storm?.calmSince === state.storm?.calmSince;
    if (newly === 0 && !turned && unmoved) return verdict;
    storage.transactionSync(() => {
      this.#store.setStorm(state);
      if (turned) {
        console.warn(JSON.stringify({ event: "storm", storm, why: verdict.explanation }));
        if (storm) this.#openStorm(verdict, facts, now);
        else {
          const { peak } = before.storm ?? { peak: 0 };
          this.#incidents.end(STORM_KEY, `Contact is back. ${verdict.explanation}.`, now, peak);
        }
      } else if (state.storm !== null) {
        const affected = () => this.#silent(facts.silent);
        this.#incidents.grow(STORM_KEY, affected, facts.silent, now);
      }
      this.#arm(now);
    });
    if (turned) this.#flushSoon();
    return verdict;
  }

  #openStorm(verdict: StormVerdict, facts: { silent: number; roster: number }, now: number): void {
    this.#incidents.begin(
      {
        kind: "storm",
        key: STORM_KEY,
        product: null,
        version: null,
        platform_version: null,
        signal: {
          type: "storm",
          method: "poisson-limit",
          value: verdict.value,
          bound: verdict.bound,
          sample: facts.roster,
          window_s: ONSET_WINDOW_MS / 1000,
          onset_at: null,
          explanation: verdict.explanation.slice(0, 500),
        },
      },
      this.#silent(facts.silent),
      now,
    );
  }

  #silent(count: number) {
    return { ids: this.#store.newlySilent(FLEET_INCIDENT_PLUGINS), count };
  }

  #flushSoon(): void {
    if (this.#outbox.size() > 0) this.ctx.waitUntil(this.#flush());
  }

  async #flush(): Promise<void> {
    await this.#drain.run();
    this.#arm(Date.now());
  }

  #arm(now: number): void {
    const housekeeping = [this.#store.nextPrune(), this.#cohorts.nextExpiry(now)]
      .filter((at) => at !== null)
      // Rounded up to the grain, so that most calls set the alarm that is set already, which writes nothing.
      .map((at) => Math.ceil(at / PRUNE_GRAIN_MS) * PRUNE_GRAIN_MS);
    const waiting = this.#outbox.nextDue(now);
    // Rows that are being sent at this moment: the alarm stands behind them.
    const drain = waiting === null ? null : Math.max(waiting, now + SAFETY_MS);
    const due = [...housekeeping, drain, stormWake(this.#store.storm(now), now)].filter((at) => at !== null);
    this.#armedAt = due.length === 0 ? null : Math.min(...due);
    armAlarm(this.ctx.storage, this.#armedAt, now);
  }
}
