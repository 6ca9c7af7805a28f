/** Drives the reducer through a story: a clock, a shop that beats, and answers of the outside that the test chooses. */
import { expect } from "vitest";
import type { Attempt } from "../../../src/contract/attempt.ts";
import type { FailCode } from "../../../src/contract/command.ts";
import type { Decision } from "../../../src/contract/decision.ts";
import type { Incident } from "../../../src/contract/incident.ts";
import type { LedgerRecord } from "../../../src/contract/ledger.ts";
import type { ApproveRequest, ManualAction, ReleaseRecord } from "../../../src/contract/ops.ts";
import type { OrderReply, PluginOrder } from "../../../src/contract/order.ts";
import type { PolicyDocument } from "../../../src/contract/policy.ts";
import type { Refusal } from "../../../src/contract/refusal.ts";
import type { FleetGuard } from "../../../src/contract/rpc/fleet.ts";
import type { SmokeReply } from "../../../src/contract/staging.ts";
import type { SiteProbe } from "../../../src/core/detect/silence-cause.ts";
import type { OutboxMessage } from "../../../src/core/plugin/draft.ts";
import type { GateFacts, PluginEvent } from "../../../src/core/plugin/event.ts";
import { brokenInvariants } from "../../../src/core/plugin/invariants.ts";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import { type CommandState, newPlugin, type PluginState } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { A_PLUGIN_ID, aHeartbeat, type HeartbeatOverrides, T0 } from "../../builders/heartbeat.ts";
import { aDecision, aPerson, aPolicy, aRelease, someFacts } from "../../builders/release.ts";

type RowOf<K extends LedgerRecord["kind"]> = Extract<LedgerRecord, { kind: K }>["row"];

export class PluginStory {
  now = T0;
  policy: PolicyDocument;
  state: PluginState;
  outbox: OutboxMessage[] = [];
  handed: CommandState | null = null;
  refusal: Refusal | null = null;
  ordered: OrderReply | null = null;
  version = "1.2.2";
  #seq = 0;
  readonly counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };

  constructor(policy: PolicyDocument = aPolicy()) {
    this.policy = policy;
    this.state = newPlugin(
      {
        id: A_PLUGIN_ID,
        merchantId: "shop-1",
        product: "molam-woocommerce",
        version: this.version,
        env: {},
        siteUrl: null,
        credential: { kind: "hmac", sealed: "v1.x" },
      },
      120,
      T0,
    );
  }

  apply(event: PluginEvent): this {
    // Shared between the steps: whoever wrote to it would change the past.
    freeze(this.state.detection);
    const result = step(this.state, event, { now: this.now, policy: this.policy });
    this.refusal = result.ok ? null : result.refusal;
    if (!result.ok) return this;
    const { state: after, outbox, handOver } = result.value;
    const { state: before, now, policy } = this;
    expect(brokenInvariants({ before, event, after, outbox, handOver, now, policy })).toEqual([]);
    this.state = after;
    this.outbox.push(...result.value.outbox);
    this.ordered = result.value.order;
    if (event.type === "hand_over") this.handed = result.value.handOver;
    return this;
  }

  wait(seconds: number): this {
    this.now += seconds * 1000;
    return this;
  }

  /** The clock passes; every deadline on the way fires at its moment. */
  pass(seconds: number): this {
    const end = this.now + seconds * 1000;
    for (let i = 0; i < 1000; i++) {
      const wake = nextWake({ ...this.state, work: [] }, this.policy.intervals);
      if (wake === null || wake > end) break;
      this.now = Math.max(this.now + 1, wake);
      this.apply({ type: "tick" });
    }
    this.now = end;
    return this;
  }

  /** A beat after `seconds`, with so many webhooks delivered and refused since the last one. */
  beat(
    seconds: number,
    traffic: { sent?: number; failed?: number } = {},
    overrides: HeartbeatOverrides = {},
  ): this {
    this.wait(seconds);
    this.counters.webhooks_sent += traffic.sent ?? 0;
    this.counters.webhooks_failed += traffic.failed ?? 0;
    this.#seq += 1;
    const beat = aHeartbeat({
      seq: this.#seq,
      version: this.version,
      counters: { ...this.counters },
      ...overrides,
    });
    return this.apply({ type: "beat", beat });
  }

  /** From a broken shop to a fix that is kept: under watch, then sound, then out of probation. */
  toKept(decision: Partial<Decision> = {}, release: Partial<Parameters<typeof aRelease>[0]> = {}): this {
    this.toVerifying(decision, release);
    for (let i = 0; i < 40 && this.state.attempt; i++) this.beat(15, { sent: 20 }, { state: "probation" });
    return this.beat(15, { sent: 20 });
  }

  /** A shop whose webhooks begin to be refused: beats until its incident is open. */
  breakWebhooks(): this {
    this.beat(1, { sent: 20 })
      .beat(120, { sent: 20 })
      .beat(120, { sent: 20, failed: 12 })
      .beat(30, { sent: 20, failed: 12 });
    expect(this.incident.type).toBe("webhook_fail_rate");
    return this;
  }

  decide(
    decision: Partial<Decision> = {},
    release: Partial<Parameters<typeof aRelease>[0]> | null = {},
  ): this {
    const workId = this.work("decide");
    const chosen = aDecision(decision);
    const record =
      release === null || chosen.patch_version === undefined
        ? null
        : aRelease({ version: chosen.patch_version, ...release });
    return this.apply({ type: "decided", workId, decision: chosen, release: record });
  }

  gate(facts: Partial<GateFacts> = {}): this {
    return this.apply({ type: "gate_facts", workId: this.work("gate"), facts: this.facts(facts) });
  }

  stage(ok = true, reason?: string): this {
    const reply: SmokeReply = {
      ok,
      attempt_id: this.attempt.id,
      checks: [{ name: "smoke", ok, ms: 12, log: "tested", ...(reason === undefined ? {} : { reason }) }],
      total_ms: 900,
      runner: "test",
    };
    return this.apply({ type: "staged", workId: this.work("stage"), reply });
  }

  facts(facts: Partial<GateFacts> = {}): GateFacts {
    return someFacts(this.policy, facts);
  }

  handOver(facts: Partial<GateFacts> = {}): this {
    const command = this.state.commands.find((live) => live.row.finished_at === null);
    return this.apply({ type: "hand_over", commandId: command?.row.id ?? "none", facts: this.facts(facts) });
  }

  ack(version: string): this {
    this.version = version;
    const command_id = this.handed?.row.id ?? "none";
    return this.apply({ type: "ack", data: { plugin_id: A_PLUGIN_ID, command_id, result: { version } } });
  }

  fail(code: FailCode, version?: string, commandId: string = this.handed?.row.id ?? "none"): this {
    if (version !== undefined) this.version = version;
    return this.apply({
      type: "fail",
      data: {
        plugin_id: A_PLUGIN_ID,
        command_id: commandId,
        error: { code, message: `${code} it was` },
        ...(version === undefined ? {} : { version }),
      },
    });
  }

  /** Answers for the attempt in flight, for the evidence as it is now unless the test says otherwise. */
  approve(
    name: string,
    input: Partial<ApproveRequest> = {},
    incidentId: string = this.attempt.incident_id,
  ): this {
    return this.apply({
      type: "approve",
      incidentId,
      input: {
        attempt_id: this.attempt.id,
        decision: "approve",
        evidence_hash: this.attempt.evidence_hash,
        reason: "looks right",
        ...input,
      },
      person: aPerson(name),
    });
  }

  /** `release`: what the catalogue holds of the version named. */
  act(
    name: string,
    action: ManualAction,
    release: ReleaseRecord | null = "version" in action && action.version !== undefined
      ? aRelease({ version: action.version })
      : null,
    incidentId: string = this.incident.id,
  ): this {
    return this.apply({ type: "act", incidentId, action, person: aPerson(name), release });
  }

  /** By ada, for reasons of her own, unless the test says otherwise; what was answered is in `ordered`. */
  order(order: Partial<PluginOrder> & Pick<PluginOrder, "kind">, release: ReleaseRecord | null = null): this {
    const whole: PluginOrder = { reason: "it hurts elsewhere", by: "test:ada", cause: "emergency", ...order };
    return this.apply({ type: "order", order: whole, release });
  }

  /** From a broken shop to the new version under watch. */
  toVerifying(decision: Partial<Decision> = {}, release: Partial<Parameters<typeof aRelease>[0]> = {}): this {
    this.breakWebhooks().decide(decision, release).gate().stage().beat(15).handOver().wait(5);
    return this.ack(this.attempt.target_version ?? this.version);
  }

  /** Beats that show nothing, until the limit of the watch: a person is asked whether to keep the change. */
  toAsked(overrides: HeartbeatOverrides = { state: "probation" }): this {
    for (let i = 0; i < 600 && this.attempt.health === null; i++) this.beat(15, {}, overrides);
    expect(this.attempt).toMatchObject({ status: "verifying", health: { verdict: "inconclusive" } });
    return this;
  }

  /** The triage that is waited for is due, and the outside answers it. */
  triage(probe: SiteProbe | null, guard: Partial<FleetGuard> = {}): this {
    const workId = this.work("triage");
    const due = this.state.work.find((work) => work.id === workId)?.notBefore ?? this.now;
    this.now = Math.max(this.now, due);
    return this.apply({
      type: "triaged",
      workId,
      facts: { probe, guard: { ...this.facts().guard, ...guard } },
    });
  }

  work(kind: "triage" | "decide" | "gate" | "stage"): string {
    const work = this.state.work.find((candidate) => candidate.kind === kind);
    if (!work) throw new Error(`no ${kind} is waited for; there is ${JSON.stringify(this.state.work)}`);
    return work.id;
  }

  get incident(): Incident {
    return this.incidents[0] ?? fail("no incident is open");
  }
  get incidents(): Incident[] {
    return this.state.incidents.map((incident) => incident.row);
  }
  get attempt(): Attempt {
    return this.state.attempt?.row ?? fail("no attempt is in flight");
  }

  /** Rows of a kind as they left for the ledger, oldest first. */
  rows<K extends LedgerRecord["kind"]>(kind: K): RowOf<K>[] {
    const rows: RowOf<K>[] = [];
    // The kind was just compared; the compiler does not narrow a union by a type parameter.
    for (const message of this.outbox)
      if (message.to === "ledger" && message.record.kind === kind) rows.push(message.record.row as RowOf<K>);
    return rows;
  }
  get lastAttempt(): Attempt {
    return this.rows("attempt").at(-1) ?? fail("no attempt was recorded");
  }
  get lastIncident(): Incident {
    return this.rows("incident").at(-1) ?? fail("no incident was recorded");
  }
  statuses(): string[] {
    return this.rows("attempt")
      .map((row) => row.status)
      .filter((status, i, all) => status !== all[i - 1]);
  }
  notified(): string[] {
    return this.rows("notification").map((row) => row.kind);
  }
}

function fail(message: string): never {
  throw new Error(message);
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
