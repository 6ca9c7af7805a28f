/**
 * A whole fleet of reducers on one virtual clock, with the storm guard that they report to. The outside is kind to healing: every shop
 * answers when it is looked at, the decision is always to patch, the release is signed and admitted, the policy is automatic for all.
 * What does not happen in such a world was prevented by the core.
 */
import type { Decision } from "../src/contract/decision.ts";
import type { ReleaseRecord } from "../src/contract/ops.ts";
import { PolicyDocument } from "../src/contract/policy.ts";
import type { FleetGuard } from "../src/contract/rpc.ts";
import type { PluginEvent } from "../src/core/plugin/event.ts";
import { nextWake } from "../src/core/plugin/schedule.ts";
import type { Work } from "../src/core/plugin/state.ts";
import {
  judgeStorm,
  LOST_AFTER_MS,
  newStorm,
  ONSET_WINDOW_MS,
  type StormState,
  stormWake,
} from "../src/core/storm.ts";
import { aBeatingPlugin, type BeatingPlugin } from "./beating-plugin.ts";
import { aPluginLife, type PluginLife } from "./plugin-life.ts";
import type { Random } from "./random.ts";

const TICK_MS = 1000;
/** A client beats up to this part early, never late. */
const EARLY = 0.1;
const FIRST_BEATS_MS = 120_000;
const POLICY = PolicyDocument.parse({ mode: "auto", whitelist: { all: true } });
const TARGET = "1.2.3";

export interface FleetSettings {
  size: number;
  startAt: number;
  random: Random;
  /** Whether a beat of this plugin at this time arrives. */
  arrives(plugin: number, at: number): boolean;
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
}

export class FleetLife {
  readonly storms: { from: number; to: number | null }[] = [];
  /** Distinct attempts, notifications and incidents that left for the ledger. */
  readonly attempts = new Set<string>();
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
  readonly #silentSince = new Map<string, number>();
  #storm: StormState;
  /** When the guard is judged again though nobody reports. */
  #judgesAt: number | null = null;
  #now: number;

  constructor(settings: FleetSettings) {
    const { size, startAt, random } = settings;
    this.#settings = settings;
    this.#now = startAt;
    this.#storm = newStorm(startAt);
    this.#members = Array.from({ length: size }, (_, index) => {
      const id = `plg_${String(index).padStart(27, "A")}`;
      const beatsAt = startAt + Math.floor(random() * FIRST_BEATS_MS);
      const life = aPluginLife(id, "1.2.2", POLICY, startAt);
      return { index, life, beating: aBeatingPlugin(), beatsAt, dueAt: 0, lastBeatAt: startAt };
    });
    for (const member of this.#members) this.#plan(member);
  }

  /** Incidents that are open now. */
  get open(): number {
    return this.#members.reduce((sum, { life }) => sum + life.state.incidents.length, 0);
  }

  run(until: number): this {
    for (; this.#now < until; this.#now += TICK_MS) {
      if (this.#judgesAt !== null && this.#judgesAt <= this.#now) this.#judge(0);
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
      member.beating.counters.requests += 2;
      const beat = { ...member.beating.beat(), plugin_id: member.life.state.id };
      this.#apply(member, { type: "beat", beat });
    }
    const early = 1 - EARLY * this.#settings.random();
    member.beatsAt = this.#now + member.life.state.askedS * 1000 * early;
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

  #apply(member: Member, event: PluginEvent): void {
    this.steps += 1;
    for (const message of member.life.apply(event).outbox) {
      if (message.to === "fleet" && message.report === "presence")
        this.#presence(member.life.state.id, message.silent);
      if (message.to !== "ledger") continue;
      const { kind, row } = message.record;
      if (kind === "attempt") this.attempts.add(row.id);
      if (kind === "notification") this.notifications.add(row.id);
      if (kind === "incident") this.incidents.add(row.id);
      if (kind === "incident" && row.status === "unknown") this.unknown.add(row.id);
    }
  }

  #presence(id: string, silent: boolean): void {
    const known = this.#silentSince.has(id);
    if (silent && !known) this.#silentSince.set(id, this.#now);
    if (!silent) this.#silentSince.delete(id);
    this.#judge(silent && !known ? 1 : 0);
  }

  #judge(newly: number): FleetGuard {
    const now = this.#now;
    let silent = 0;
    let fresh = 0;
    for (const since of this.#silentSince.values()) {
      if (now - since < LOST_AFTER_MS) silent += 1;
      if (now - since <= ONSET_WINDOW_MS) fresh += 1;
    }
    const lost = this.#silentSince.size - silent;
    const facts = { now, roster: this.#members.length, silent, fresh, lost, newly };
    const { state, storm, explanation } = judgeStorm(this.#storm, facts);
    this.#storm = state;
    this.#judgesAt = stormWake(state, now);
    const last = this.storms.at(-1);
    const underWay = last !== undefined && last.to === null;
    if (storm && !underWay) this.storms.push({ from: now, to: null });
    if (!storm && underWay) last.to = now;
    const told = storm && this.#settings.guarded;
    return { storm: told, explanation, autonomy: "normal", actions_last_hour: 0 };
  }

  #answer({ life }: Member, work: Work): PluginEvent {
    const workId = work.id;
    const guard = this.#judge(0);
    if (work.kind === "triage") {
      const probe = { status: "up", reason: "answered", detail: "200", http_status: 200, ms: 120 } as const;
      return { type: "triaged", workId, facts: { guard, probe: guard.storm ? null : probe } };
    }
    if (work.kind === "decide") {
      const decision: Decision = {
        action: "patch",
        patch_version: TARGET,
        confidence: 0.8,
        explanation: "The next version.",
        alternatives: [],
        source: "heuristic",
        decided_at: new Date(this.#now).toISOString(),
      };
      return { type: "decided", workId, decision, release: aSignedRelease(this.#settings.startAt) };
    }
    if (work.kind === "gate") {
      const admission = {
        admitted: true,
        status: "active",
        stage: "100 %",
        observed: "0 in flight",
        bound: "20",
      } as const;
      return { type: "gate_facts", workId, facts: { policy: POLICY, policyRevision: 1, admission, guard } };
    }
    const attempt_id = life.state.attempt?.row.id ?? "none";
    const reply = { ok: true, attempt_id, checks: [], total_ms: 900, runner: "simulated" };
    return { type: "staged", workId, reply };
  }
}

function aSignedRelease(now: number): ReleaseRecord {
  return {
    revision: 1,
    product: "molam-woocommerce",
    version: TARGET,
    sha256: "ab".repeat(32),
    size: 1000,
    min_from: "1.0.0",
    reversible: true,
    expires: new Date(now + 365 * 86_400_000).toISOString(),
    status: "active",
    signed: { manifest: `{"version":"${TARGET}"}`, signatures: [{ key_id: "k1", signature: "AAAA" }] },
    notes: "",
    published_by: "publisher",
    published_at: new Date(now).toISOString(),
  };
}
