/** One plugin from which two events are raced: a stored state, the world around it, and a shop that goes on living afterwards. */
import type { Attempt } from "../../../src/contract/attempt.ts";
import type { PolicyDocument } from "../../../src/contract/policy.ts";
import type { Refusal } from "../../../src/contract/refusal.ts";
import { commandToHandOver } from "../../../src/core/plugin/commands.ts";
import type { OutboxMessage } from "../../../src/core/plugin/draft.ts";
import type { GateFacts, PluginEvent } from "../../../src/core/plugin/event.ts";
import { brokenInvariants } from "../../../src/core/plugin/invariants.ts";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import type { CommandState, PluginState, Work } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { A_PLUGIN_ID, aHeartbeat, type HeartbeatOverrides } from "../../builders/heartbeat.ts";
import { aPerson, aPolicy, someFacts } from "../../builders/release.ts";
import type { PluginStory } from "./story.ts";

/** Where a race begins: the state that both events' givers saw, and the shop as it then was. */
export interface Grid {
  state: PluginState;
  now: number;
  policy: PolicyDocument;
  counters: { errors: number; requests: number; webhooks_sent: number; webhooks_failed: number };
  shopVersion: string;
}

export function gridOf(story: PluginStory): Grid {
  const { state, now, policy, counters, version: shopVersion } = story;
  return structuredClone({ state, now, policy, counters, shopVersion });
}

/** What the authorities say by now; hand-overs and gates read it at their moment. */
export interface World {
  killSwitch: boolean;
  halted: boolean;
}

export class Track {
  state: PluginState;
  now: number;
  readonly policy: PolicyDocument;
  readonly world: World = { killSwitch: false, halted: false };
  readonly handed: CommandState[] = [];
  readonly outbox: OutboxMessage[] = [];
  readonly refusals: Refusal["reason"][] = [];
  shopVersion: string;
  #counters: Grid["counters"];

  constructor(grid: Grid) {
    const { state, now, policy, counters, shopVersion } = structuredClone(grid);
    this.state = state;
    this.now = now;
    this.policy = policy;
    this.#counters = counters;
    this.shopVersion = shopVersion;
  }

  /** Every step is held to the invariants, and stored and loaded again as a sleeping object's state is. */
  apply(event: PluginEvent): this {
    const { state: before, now, policy } = this;
    const result = step(before, event, { now, policy });
    if (!result.ok) {
      this.refusals.push(result.refusal.reason);
      return this;
    }
    const { state: after, outbox, handOver } = result.value;
    const broken = brokenInvariants({ before, event, after, outbox, handOver, now, policy });
    if (broken.length > 0) throw new Error(`${event.type}: ${broken.join("; ")}`);
    this.outbox.push(...outbox);
    if (handOver) {
      // The authority is asked for each command, also for the way back.
      if (this.world.killSwitch) throw new Error(`handed over by ${event.type} after the kill switch`);
      this.handed.push(structuredClone(handOver));
    }
    this.state = JSON.parse(JSON.stringify(after));
    return this;
  }

  facts(): GateFacts {
    const policy = this.world.killSwitch ? aPolicy({ ...this.policy, kill_switch: true }) : this.policy;
    const status = this.world.halted ? ("halted" as const) : ("active" as const);
    const admission = {
      admitted: !this.world.halted,
      status,
      stage: "5 shops",
      observed: "1 in flight",
      bound: "5",
    };
    return someFacts(policy, { admission: this.state.attempt?.release === null ? null : admission });
  }

  /** Each of these many sent, so many of them refused. */
  beat(sent: number, failed: number, overrides: HeartbeatOverrides = {}): this {
    this.#counters.webhooks_sent += sent;
    this.#counters.webhooks_failed += failed;
    const inHand = this.state.attempt?.phase.name === "verifying" || this.state.commit !== null;
    const beat = aHeartbeat({
      seq: this.state.seq + 1,
      version: this.shopVersion,
      state: inHand ? "probation" : "running",
      boot_id: this.state.bootId ?? "boot-1",
      counters: { ...this.#counters },
      ...overrides,
    });
    return this.apply({ type: "beat", beat });
  }

  handOver(commandId: string | undefined): this {
    return this.apply({ type: "hand_over", commandId: commandId ?? "none", facts: this.facts() });
  }

  ack(commandId: string, version: string): this {
    return this.apply({
      type: "ack",
      data: { plugin_id: A_PLUGIN_ID, command_id: commandId, result: { version } },
    });
  }

  /** Nobody says anything more, and the clock passes: every attempt must end, each within its bounds. */
  silence(): this {
    for (let ticks = 0; this.state.attempt !== null; ticks++) {
      const wake = nextWake({ ...this.state, work: [] }, this.policy.intervals);
      if (wake === null || ticks > 60) throw new Error(`nothing ends ${this.state.attempt.phase.name}`);
      this.now = Math.max(this.now + 1, wake);
      this.apply({ type: "tick" });
    }
    return this;
  }

  /** The shop, people and all services live on and do as they are asked; then they fall silent. */
  liveOn(): this {
    for (let round = 0; round < 16 && this.state.attempt !== null; round++) {
      this.now += 15_000;
      const work = this.state.work.find((one) => one.kind !== "decide" && one.notBefore <= this.now);
      if (work) this.#answer(work);
      const asked = this.state.attempt;
      if (asked?.phase.name === "awaiting_approval") this.#approve(asked.row, `person-${round}`);
      const command = commandToHandOver(this.state, this.now);
      if (command) this.#carryOut(command);
      this.beat(20, 0);
    }
    return this.silence();
  }

  #approve({ id, incident_id: incidentId, evidence_hash }: Attempt, name: string): void {
    const input = { attempt_id: id, decision: "approve" as const, evidence_hash, reason: "seen" };
    this.apply({ type: "approve", incidentId, input, person: aPerson(name) });
  }

  #answer(work: Work): void {
    if (work.kind === "gate") this.apply({ type: "gate_facts", workId: work.id, facts: this.facts() });
    if (work.kind === "stage")
      this.apply({
        type: "staged",
        workId: work.id,
        reply: {
          ok: true,
          attempt_id: work.attemptId,
          checks: [{ name: "smoke", ok: true, ms: 3, log: "tested" }],
          total_ms: 3,
          runner: "race",
        },
      });
  }

  #carryOut(command: CommandState): void {
    const handed = this.handed.length;
    this.handOver(command.row.id);
    if (this.handed.length === handed) return;
    const { attempt } = this.state;
    if (attempt === null) return;
    const back = attempt.phase.name === "rolling_back";
    this.shopVersion = (back ? attempt.row.from_version : attempt.row.target_version) ?? this.shopVersion;
    this.ack(command.row.id, this.shopVersion);
  }

  /** The last status that was recorded of this attempt since the race began; null when nothing was. */
  endOf(attemptId: string): Attempt["status"] | null {
    let end: Attempt["status"] | null = null;
    for (const message of this.outbox)
      if (message.to === "ledger" && message.record.kind === "attempt" && message.record.row.id === attemptId)
        end = message.record.row.status;
    return end;
  }
}
