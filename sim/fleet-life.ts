/**
 * A whole fleet of reducers on one virtual clock, with the storm guard that they report to. The outside is kind to healing: every shop
 * answers when it is looked at, the decision is always to patch, the release is signed and admitted, the policy is automatic for all,
 * and a shop that is handed a command runs the new version with its next beat. What does not happen in such a world was
 * prevented by the core.
 */
import type { IncidentType } from "../src/contract/incident.ts";
import { PolicyDocument } from "../src/contract/policy.ts";
import type { FleetGuard } from "../src/contract/rpc/fleet.ts";
import { commandToHandOver } from "../src/core/plugin/commands.ts";
import type { PluginEvent } from "../src/core/plugin/event.ts";
import { nextWake } from "../src/core/plugin/schedule.ts";
import type { Work } from "../src/core/plugin/state.ts";
import type { Step } from "../src/core/plugin/step.ts";
import { aBeatingPlugin, type BeatingPlugin } from "./beating-plugin.ts";
import { SimulatedGuard } from "./fleet-guard.ts";
import { answerKindly, gateFacts, TARGET } from "./kind-outside.ts";
import { aPluginLife, type PluginLife } from "./plugin-life.ts";
import { binomial, poisson, type Random } from "./random.ts";

const TICK_MS = 1000;
const HOUR_MS = 3_600_000;
/** A client beats up to this part early, never late. */
const EARLY = 0.1;
const FIRST_BEATS_MS = 120_000;
const POLICY = PolicyDocument.parse({
  mode: "auto",
  whitelist: { all: true },
  max_severity: "critical",
  approvals: { by_severity: { high: 0, critical: 0 } },
});

export interface FleetSettings {
  size: number;
  startAt: number;
  random: Random;
  /** Whether a beat of this plugin at this time arrives. */
  arrives(plugin: number, at: number): boolean;
  /** What a plugin runs at first, and on what; the same for all when absent. */
  runs?(plugin: number): { version: string; platform: string };
  /** Webhooks an hour, and the share of them that fail for whoever runs `version` at `at`; none when absent. */
  webhooks?: { perHour: number; failing(plugin: number, version: string, at: number): number };
  /** Whether the plugins are told of a storm; without it, what the guard prevents can be seen. */
  guarded: boolean;
}

interface Member {
  index: number;
  life: PluginLife;
  beating: BeatingPlugin;
  beatsAt: number;
  dueAt: number;
  lastBeatAt: number;
  version: string;
  boots: number;
}

export class FleetLife {
  /** Distinct attempts, notifications and incidents that left for the ledger. */
  readonly attempts = new Set<string>();
  /** Those of the attempts whose command left. */
  readonly handedOver = new Set<string>();
  readonly notifications = new Set<string>();
  readonly incidents = new Set<string>();
  /** Those of the incidents that were marked unknown at some time. */
  readonly unknown = new Set<string>();
  /** The longest time without a beat, ms, by plugin. */
  readonly longestGapMs: number[] = [];
  steps = 0;
  readonly #settings: FleetSettings;
  readonly #members: Member[];
  /** Members by the tick at which they are next due; an entry that is no longer true is skipped. */
  readonly #due = new Map<number, Member[]>();
  readonly #guard: SimulatedGuard;
  /** When the guard is judged again though nobody reports. */
  #judgesAt: number | null = null;
  #now: number;

  constructor(settings: FleetSettings) {
    const { size, startAt, random } = settings;
    this.#settings = settings;
    this.#now = startAt;
    const sizes = new Map<string, number>();
    const groups = new Map<string, readonly string[]>();
    this.#members = Array.from({ length: size }, (_, index) => {
      const id = `plg_${String(index).padStart(27, "A")}`;
      const beatsAt = startAt + Math.floor(random() * FIRST_BEATS_MS);
      const { version, platform } = settings.runs?.(index) ?? { version: "1.2.2", platform: "9.4.1" };
      groups.set(id, [version, platform]);
      for (const group of [version, platform]) sizes.set(group, (sizes.get(group) ?? 0) + 1);
      const life = aPluginLife(id, version, POLICY, startAt);
      life.state.env = { ...life.state.env, platform_version: platform };
      const beating = aBeatingPlugin();
      return { index, life, beating, beatsAt, dueAt: 0, lastBeatAt: startAt, version, boots: 1 };
    });
    this.#guard = new SimulatedGuard({
      roster: size,
      startAt,
      groupsOf: (id) => groups.get(id) ?? [],
      sizeOf: (group) => sizes.get(group) ?? 0,
    });
    for (const member of this.#members) this.#plan(member);
  }

  get storms(): SimulatedGuard["storms"] {
    return this.#guard.storms;
  }

  /** Incidents that are open now. */
  get open(): number {
    return this.#members.reduce((sum, { life }) => sum + life.state.incidents.length, 0);
  }

  run(until: number): this {
    for (; this.#now < until; this.#now += TICK_MS) {
      if (this.#judgesAt !== null && this.#judgesAt <= this.#now) this.#ask();
      const due = this.#due.get(this.#now) ?? [];
      this.#due.delete(this.#now);
      for (const member of due) if (member.dueAt === this.#now) this.#live(member);
    }
    return this;
  }

  #live(member: Member): void {
    const { life } = member;
    life.now = this.#now;
    if (member.beatsAt <= this.#now) this.#beat(member);
    const wake = nextWake({ ...life.state, work: [] }, POLICY.intervals);
    if (wake !== null && wake <= this.#now) this.#apply(member, { type: "tick" });
    for (const work of life.state.work)
      if (work.notBefore <= this.#now && life.state.work.some(({ id }) => id === work.id))
        this.#apply(member, this.#answer(member, work));
    this.#plan(member);
  }

  #beat(member: Member): void {
    if (this.#settings.arrives(member.index, this.#now)) {
      const gap = this.#now - member.lastBeatAt;
      this.longestGapMs[member.index] = Math.max(this.longestGapMs[member.index] ?? 0, gap);
      member.lastBeatAt = this.#now;
      this.#count(member, gap);
      const beat = {
        ...member.beating.beat(),
        plugin_id: member.life.state.id,
        version: member.version,
        boot_id: `boot-${member.boots}`,
      };
      this.#apply(member, { type: "beat", beat });
      this.#handOver(member);
    }
    const early = 1 - EARLY * this.#settings.random();
    member.beatsAt = this.#now + member.life.state.askedS * 1000 * early;
  }

  /** What happened in the shop since its last beat. */
  #count({ index, version, beating }: Member, gapMs: number): void {
    const { webhooks, random } = this.#settings;
    beating.counters.requests += 2;
    if (webhooks === undefined) return;
    const sent = poisson((webhooks.perHour * gapMs) / HOUR_MS, random);
    beating.counters.webhooks_sent += sent;
    beating.counters.webhooks_failed += binomial(sent, webhooks.failing(index, version, this.#now), random);
  }

  /** A command leaves with the reply if the gate lets it, and is carried out at once. */
  #handOver(member: Member): void {
    const { life } = member;
    const command = commandToHandOver(life.state, this.#now);
    if (command === null) return;
    const facts = gateFacts(this.#ask(), POLICY);
    if (this.#apply(member, { type: "hand_over", commandId: command.row.id, facts }).handOver === null)
      return;
    if (command.row.attempt_id !== null) this.handedOver.add(command.row.attempt_id);
    if (command.row.type !== "update") return;
    member.version = TARGET;
    member.boots += 1;
    Object.assign(member.beating.counters, { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 });
  }

  #plan(member: Member): void {
    const { state } = member.life;
    const wake = nextWake({ ...state, work: [] }, POLICY.intervals) ?? Infinity;
    const at = Math.min(member.beatsAt, wake, ...state.work.map(({ notBefore }) => notBefore));
    const { startAt } = this.#settings;
    const tick = startAt + Math.ceil((at - startAt) / TICK_MS) * TICK_MS;
    member.dueAt = Math.max(tick, this.#now + TICK_MS);
    const others = this.#due.get(member.dueAt);
    if (others === undefined) this.#due.set(member.dueAt, [member]);
    else others.push(member);
  }

  #apply(member: Member, event: PluginEvent): Step {
    this.steps += 1;
    const step = member.life.apply(event);
    const { id } = member.life.state;
    for (const message of step.outbox) {
      if (message.to === "fleet" && message.report === "presence")
        this.#report("heartbeat_missed", id, message.silent);
      if (message.to === "fleet" && message.report === "signal")
        this.#report(message.signal.type, id, message.signal.open);
      if (message.to !== "ledger") continue;
      const { kind, row } = message.record;
      if (kind === "attempt") this.attempts.add(row.id);
      if (kind === "notification") this.notifications.add(row.id);
      if (kind === "incident") this.incidents.add(row.id);
      if (kind === "incident" && row.status === "unknown") this.unknown.add(row.id);
    }
    return step;
  }

  #report(type: IncidentType, id: string, open: boolean): void {
    this.#guard.report(type, id, open, this.#now);
    this.#judgesAt = this.#guard.wake(this.#now);
  }

  #ask(): FleetGuard {
    const guard = this.#guard.ask(this.#now);
    this.#judgesAt = this.#guard.wake(this.#now);
    return this.#settings.guarded ? guard : { ...guard, storm: false, storms: [], rising: false };
  }

  #answer({ life }: Member, work: Work): PluginEvent {
    return answerKindly(work, life.state.attempt?.row.id ?? "none", this.#ask(), POLICY, this.#now);
  }
}
