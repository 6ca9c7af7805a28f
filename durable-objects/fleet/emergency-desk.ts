/**
 * Emergency actions over storage and plugins: plans, confirmations, waves. Nothing here needs Postgres; whatever dies, the alarm
 * goes on from the stored targets, and an order that was given twice is one to its plugin. The rules are `src/core/emergency*.ts`.
 */
import type {
  CancelPendingRequest,
  ConfirmEmergencyRequest,
  Emergency,
  EmergencyDetail,
  EmergencyQuery,
  RollbackSinceRequest,
} from "../../src/contract/emergency.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { FinishedReport } from "../../src/contract/rpc/fleet.ts";
import {
  aborted,
  begun,
  confirmed,
  type EmergencyPlan,
  type EmergencyRow,
  planned,
  statusAt,
  warningsOf,
} from "../../src/core/fleet/emergency.ts";
import { afterEnd } from "../../src/core/fleet/emergency-outcome.ts";
import { holdReason } from "../../src/core/policy/hold-reason.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import type { AttemptRegister, AttemptScope, KnownAttempt } from "./attempt-register.ts";
import type { EmergencyPorts } from "./emergency-ports.ts";
import { EmergencyRecords } from "./emergency-records.ts";
import { EmergencyStore } from "./emergency-store.ts";
import { EmergencyTargets } from "./emergency-targets.ts";
import { EmergencyWork } from "./emergency-work.ts";

/** Changes that an order can take back. */
const CAN_GO_BACK: ReadonlySet<KnownAttempt["action"]> = new Set(["patch", "config"]);

export class EmergencyDesk {
  readonly #storage: DurableObjectStorage;
  readonly #register: AttemptRegister;
  readonly #store: EmergencyStore;
  readonly #targets: EmergencyTargets;
  readonly #records: EmergencyRecords;
  readonly #work: EmergencyWork;
  readonly #ports: EmergencyPorts;

  constructor(
    storage: DurableObjectStorage,
    register: AttemptRegister,
    outbox: OutboxStore,
    ports: EmergencyPorts,
  ) {
    this.#storage = storage;
    this.#register = register;
    this.#store = new EmergencyStore(storage.sql);
    this.#targets = new EmergencyTargets(storage.sql);
    this.#records = new EmergencyRecords(this.#store, this.#targets, outbox);
    this.#work = new EmergencyWork(storage, this.#store, this.#targets, this.#records, ports);
    this.#ports = ports;
  }

  /** Without `dry_run` it begins at once. */
  async cancelPending(input: CancelPendingRequest, by: Person, now: number): Promise<Result<Emergency>> {
    const { dry_run, reason, ...scope } = input;
    const plan: EmergencyPlan = {
      kind: "cancel_pending",
      scope,
      minutes: null,
      // Nothing to be learned between waves: what waits changes no shop.
      wave_size: 500,
      wave_growth: 1,
      pause_s: 0,
      stop_failed_percent: 100,
      reason,
    };
    const targets = this.#register.waiting(scopeOf(scope));
    const row = this.#plan(plan, targets, 0, by, now);
    if (dry_run) return ok(await this.#view(row, now));
    const running = begun(row, by.id, now);
    this.#storage.transactionSync(() => this.#records.turn("confirmed", running, by.id, now));
    return ok(await this.#view(running, now));
  }

  async rollbackSince(input: RollbackSinceRequest, by: Person, now: number): Promise<Result<Emergency>> {
    const { minutes, wave_size, wave_growth, pause_s, stop_failed_percent, reason, ...scope } = input;
    const waves = { wave_size, wave_growth, pause_s, stop_failed_percent };
    const plan: EmergencyPlan = { kind: "rollback_since", scope, minutes, ...waves, reason };
    const known = this.#register.appliedSince(now - minutes * 60_000, scopeOf(scope));
    const targets = known.filter(({ action }) => CAN_GO_BACK.has(action));
    const row = this.#plan(plan, targets, known.length - targets.length, by, now);
    return ok(await this.#view(row, now));
  }

  async confirm(
    id: string,
    input: ConfirmEmergencyRequest,
    by: Person,
    now: number,
  ): Promise<Result<Emergency>> {
    const row = this.#store.load(id);
    if (row === null) return unknown(id);
    const running = this.#store.running().find(({ kind }) => kind === row.kind) ?? null;
    const { targets } = this.#targets.counts(row);
    const next = confirmed(row, input, targets, running, by.id, now);
    if (!next.ok) return next;
    this.#storage.transactionSync(() => this.#records.turn("confirmed", next.value, by.id, now));
    return ok(await this.#view(next.value, now));
  }

  async abort(id: string, reason: string, by: Person, now: number): Promise<Result<Emergency>> {
    const row = this.#store.load(id);
    if (row === null) return unknown(id);
    const next = aborted(row, by.name, reason, now);
    if (!next.ok) return next;
    this.#storage.transactionSync(() => this.#records.turn("aborted", next.value, by.id, now));
    return ok(await this.#view(next.value, now));
  }

  async detail(id: string, query: EmergencyQuery, now: number): Promise<Result<EmergencyDetail>> {
    const row = this.#store.load(id);
    if (row === null) return unknown(id);
    return ok({ ...(await this.#view(row, now)), ...this.#targets.page(row, query) });
  }

  list(now: number): Emergency[] {
    return this.#store.all().map((row) => this.#shown(row, null, now));
  }

  /** The id of an action that runs; null when none does. */
  running(): string | null {
    return this.#store.running()[0]?.id ?? null;
  }

  /** An attempt has ended: the outcome of whoever follows it, also after the action was aborted. */
  heard(report: FinishedReport, now: number): void {
    for (const target of this.#targets.following(report.attempt_id))
      this.#targets.change(target, afterEnd(report, target.own, target.patience), now);
  }

  /** Does what is due, a bounded part of it. */
  run(): Promise<void> {
    return this.#work.run();
  }

  /** When to run next, ms since the epoch; null when nothing runs. */
  nextDue(now: number): number | null {
    return this.#work.nextDue(now);
  }

  #plan(
    plan: EmergencyPlan,
    targets: readonly KnownAttempt[],
    leftOut: number,
    by: Person,
    now: number,
  ): EmergencyRow {
    const ids = targets.map(({ id }) => id);
    const row = planned(this.#store.nextNumber(), plan, ids, leftOut, by.id, now);
    this.#storage.transactionSync(() => {
      this.#store.add(row);
      this.#targets.add(row, targets);
      this.#targets.prune();
      this.#records.turn("planned", row, by.id, now);
    });
    return row;
  }

  async #view(row: EmergencyRow, now: number): Promise<Emergency> {
    const asks = row.kind === "rollback_since" && (row.status === "planned" || row.status === "running");
    if (!asks) return this.#shown(row, null, now);
    const policy = await this.#ports
      .policy()
      .read()
      .catch(() => null);
    return this.#shown(row, policy === null ? null : holdReason(policy.document), now);
  }

  #shown(row: EmergencyRow, hold: string | null, now: number): Emergency {
    const { waveAt: _at, leftOut: _left, ...shown } = row;
    const counts = this.#targets.counts(row);
    return {
      ...shown,
      status: statusAt(row, now),
      held: row.status === "running" ? (hold ?? row.held) : null,
      counts,
      changes: this.#targets.changes(row),
      warnings: warningsOf(row, counts, hold),
    };
  }
}

function scopeOf({ product, version, merchant_id }: Emergency["scope"]): AttemptScope {
  return {
    ...(product === undefined ? {} : { product }),
    ...(version === undefined ? {} : { subject: version }),
    ...(merchant_id === undefined ? {} : { merchant_id }),
  };
}

function unknown(id: string) {
  return refuse({ reason: "not_found", message: `no emergency action ${id}` });
}
