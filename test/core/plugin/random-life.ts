/** A random life of one plugin: random moves, carried out against the reducer, every step held to the invariants. */
import type { ManualAction } from "../../../src/contract/ops.ts";
import type { PolicyDocument } from "../../../src/contract/policy.ts";
import type { OutboxMessage } from "../../../src/core/plugin/draft.ts";
import type { GateFacts, PluginEvent } from "../../../src/core/plugin/event.ts";
import { brokenInvariants } from "../../../src/core/plugin/invariants.ts";
import { nextWake } from "../../../src/core/plugin/schedule.ts";
import { keyOf, newPlugin, type PluginState } from "../../../src/core/plugin/state.ts";
import { step } from "../../../src/core/plugin/step.ts";
import { A_PLUGIN_ID, aHeartbeat, T0 } from "../../builders/heartbeat.ts";
import { aDecision, aPerson, aPolicy, aRelease, someFacts } from "../../builders/release.ts";
import { type Admitted, type Move, POLICIES, type VERSIONS } from "./random-moves.ts";

/** Waiting for a slot, for people, for staging, the command and the watch, one after the other, each to its end; with a day to spare. */
const LONGEST_ATTEMPT_MS = 3 * 86_400_000;
const A_REMEDY = "rmd_0123456789";

export class RandomLife {
  now = T0;
  readonly policy: PolicyDocument;
  state: PluginState;
  largest = 0;
  /** Everything that left, oldest first. */
  readonly sent: OutboxMessage[] = [];
  /** Statuses that attempts reached. */
  readonly reached = new Set<string>();
  readonly #counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };

  constructor(policy: PolicyDocument = aPolicy()) {
    this.policy = policy;
    this.state = newPlugin(
      {
        id: A_PLUGIN_ID,
        merchantId: "shop-1",
        product: "molam-woocommerce",
        version: "1.2.2",
        env: {},
        siteUrl: null,
        credential: { kind: "hmac", sealed: "v1.x" },
      },
      120,
      T0,
    );
  }

  /** One step; refusals change nothing. The state is stored and loaded again between steps, as a sleeping object's is. */
  apply(event: PluginEvent): void {
    const before = this.state;
    const result = step(before, event, { now: this.now, policy: this.policy });
    if (!result.ok) return;
    const { state: after, outbox, handOver } = result.value;
    const broken = brokenInvariants({
      before,
      event,
      after,
      outbox,
      handOver,
      now: this.now,
      policy: this.policy,
    });
    if (event.type === "tick") {
      const wake = nextWake({ ...after, work: [] }, this.policy.intervals);
      if (wake !== null && wake <= this.now) broken.push(`wakes at ${wake - this.now} ms from a tick`);
    }
    if (broken.length > 0) throw new Error(`${event.type}: ${broken.join("; ")}`);
    this.#note(outbox);
    const row = JSON.stringify(after);
    this.largest = Math.max(this.largest, row.length);
    this.state = JSON.parse(row);
  }

  #note(outbox: readonly OutboxMessage[]): void {
    this.sent.push(...outbox);
    for (const message of outbox)
      if (message.to === "ledger" && message.record.kind === "attempt")
        this.reached.add(message.record.row.status);
  }

  live(moves: readonly Move[]): this {
    for (const next of moves) this.move(next);
    return this;
  }

  move(next: Move): void {
    if ("wait" in next) this.now += next.wait * 1000;
    switch (next.kind) {
      case "beat":
        return this.#beat(next);
      case "advance":
        return this.#advance(next.version);
      case "tick":
        return this.apply({ type: "tick" });
      case "due":
        this.passDue();
        return;
      case "ack":
        return this.apply({
          type: "ack",
          data: {
            plugin_id: A_PLUGIN_ID,
            command_id: this.#command(next.pick),
            result: { version: next.version },
          },
        });
      case "fail":
        return this.apply({
          type: "fail",
          data: {
            plugin_id: A_PLUGIN_ID,
            command_id: this.#command(next.pick),
            error: { code: next.code, message: "because" },
            ...(next.version === null ? {} : { version: next.version }),
          },
        });
      case "answer":
        return this.#answer(next);
      case "handOver":
        return this.#handOver(this.#facts(next.facts));
      case "approve": {
        const { attempt } = this.state;
        if (attempt === null) return;
        const evidence_hash = next.rightEvidence ? attempt.row.evidence_hash : "0".repeat(64);
        return this.apply({
          type: "approve",
          incidentId: attempt.row.incident_id,
          input: { attempt_id: attempt.row.id, decision: next.decision, evidence_hash, reason: "seen" },
          person: aPerson(next.person),
        });
      }
      case "act": {
        const incident = this.state.incidents[next.pick % Math.max(1, this.state.incidents.length)];
        const release = next.inCatalogue ? aRelease({ version: next.version }) : null;
        return this.apply({
          type: "act",
          incidentId: incident?.row.id ?? `inc_${"A".repeat(27)}_1`,
          action: manualAction(next.action, next.version, this.now),
          person: aPerson(next.person),
          release: next.action === "patch" || next.action === "rollback" ? release : null,
        });
      }
      case "order": {
        const attempt_id = next.attempt === null ? undefined : this.#attemptId(next.attempt);
        return this.apply({
          type: "order",
          order: {
            kind: next.order,
            cause: next.cause,
            by: "ada",
            reason: "ordered",
            ...(attempt_id === undefined ? {} : { attempt_id }),
            ...(next.dryRun ? { dry_run: true } : {}),
          },
          release: next.inCatalogue
            ? aRelease({ version: this.state.inPlace?.at(-1)?.from ?? this.state.version })
            : null,
        });
      }
      default:
        return next satisfies never;
    }
  }

  /** The newest attempt, or one before it. */
  #attemptId(back: number): string {
    return `att_${keyOf(A_PLUGIN_ID)}_${Math.max(1, this.state.numbers.attempt - back)}`;
  }

  /** Nobody says anything more: every attempt must end at its own deadlines, of which it has a handful. */
  fallSilent(): this {
    const begun = this.now;
    for (let ticks = 0; this.state.attempt !== null; ticks++) {
      if (ticks > 60 || !this.passDue())
        throw new Error(`4: every attempt ends: nothing ends ${this.state.attempt.phase.name}`);
      if (this.now - begun > LONGEST_ATTEMPT_MS)
        throw new Error(`4: every attempt ends: ${this.state.attempt.phase.name} lasts too long`);
    }
    return this;
  }

  /** The next deadline fires at its moment. */
  passDue(): boolean {
    const wake = nextWake({ ...this.state, work: [] }, this.policy.intervals);
    if (wake === null) return false;
    this.now = Math.max(this.now, wake);
    this.apply({ type: "tick" });
    return true;
  }

  #beat(next: Extract<Move, { kind: "beat" }>): void {
    const { errors, requests, sent, failed } = next.counts;
    this.#counters.errors += errors;
    this.#counters.requests += Math.max(requests, errors);
    this.#counters.webhooks_sent += Math.max(sent, failed);
    this.#counters.webhooks_failed += failed;
    this.apply({
      type: "beat",
      beat: aHeartbeat({
        seq: this.state.seq + (next.stale ? 0 : 1),
        boot_id: `boot-${next.boot}`,
        version: next.version ?? this.state.version,
        state: next.state,
        cadence: next.cadence,
        counters: { ...this.#counters },
        ...(next.subscription === undefined ? {} : { webhook_subscription: next.subscription }),
        ...(next.probesOk === undefined ? {} : { probes: [{ name: "checkout", ok: next.probesOk, ms: 4 }] }),
        ...(next.last === null
          ? {}
          : { last_command: { id: this.#command(next.last.pick), outcome: next.last.outcome } }),
        ...(next.errorName === null
          ? {}
          : { errors: [{ fingerprint: next.errorName, message: "boom", count: 2 }] }),
      }),
    });
  }

  #advance(target: (typeof VERSIONS)[number]): void {
    // A gate that was passed is only asked again from time to time; the way forward does not wait for it.
    const passed = ["staging", "applying"].includes(this.state.attempt?.phase.name ?? "");
    const work = this.state.work.find(({ kind }) => kind !== "gate" || !passed);
    if (work) this.now = Math.max(this.now, work.notBefore);
    if (work?.kind === "triage") return this.#triage(work.id, this.state.numbers.work);
    if (work?.kind === "decide")
      return this.apply({
        type: "decided",
        workId: work.id,
        decision: aDecision({ patch_version: target }),
        release: aRelease({ version: target }),
      });
    if (work?.kind === "gate")
      return this.apply({
        type: "gate_facts",
        workId: work.id,
        facts: someFacts(POLICIES[1] ?? this.policy),
      });
    if (work?.kind === "stage")
      return this.apply({ type: "staged", workId: work.id, reply: this.#staged(true) });
    const { attempt } = this.state;
    const command = this.state.commands.find((one) => one.row.finished_at === null);
    if (command?.row.status === "queued") return this.#handOver(someFacts(POLICIES[1] ?? this.policy));
    if (command && attempt) {
      const back = attempt.phase.name === "rolling_back";
      const version = (back ? attempt.row.from_version : attempt.row.target_version) ?? this.state.version;
      return this.apply({
        type: "ack",
        data: { plugin_id: A_PLUGIN_ID, command_id: command.row.id, result: { version } },
      });
    }
    this.now += 15_000;
    this.#counters.webhooks_sent += 20;
    if (this.state.incidents.length === 0) this.#counters.webhooks_failed += 18;
    this.apply({
      type: "beat",
      beat: aHeartbeat({
        seq: this.state.seq + 1,
        version: this.state.version,
        boot_id: this.state.bootId ?? "boot-0",
        state: attempt ? "probation" : "running",
        counters: { ...this.#counters },
      }),
    });
  }

  #answer(next: Extract<Move, { kind: "answer" }>): void {
    const work = this.state.work[next.pick % Math.max(1, this.state.work.length)];
    if (work === undefined) return;
    if (next.failed !== "no")
      return this.apply({
        type: "work_failed",
        workId: work.id,
        why: "away",
        final: next.failed === "final",
      });
    const { version: chosen } = next;
    if (work.kind === "triage") return this.#triage(work.id, next.pick);
    if (work.kind === "decide") {
      const { patch_version: _none, ...rest } = aDecision({ action: next.action });
      return this.apply({
        type: "decided",
        workId: work.id,
        decision: {
          ...rest,
          ...(chosen === null ? {} : { patch_version: chosen }),
          ...(next.action === "config" && next.ok ? { config: { retries: 3 } } : {}),
          ...(next.action === "config" && next.remedy ? { remedy: A_REMEDY } : {}),
        },
        release:
          chosen === null || !next.inCatalogue
            ? null
            : aRelease({ version: chosen, reversible: next.reversible }),
        ...(this.policy.mode === "shadow" ? { shadow: someFacts(this.policy) } : {}),
      });
    }
    if (work.kind === "gate")
      return this.apply({ type: "gate_facts", workId: work.id, facts: this.#facts(next.facts) });
    this.apply({ type: "staged", workId: work.id, reply: this.#staged(next.ok) });
  }

  /** A storm, a shop that is down, up, or out of sight, or one that nobody looked at. */
  #triage(workId: string, drawn: number): void {
    const storm = drawn % 5 === 0;
    const status = (["up", "down", "unknown"] as const)[drawn % 3] ?? "up";
    const reason = status === "up" ? "answered" : status === "down" ? "timeout" : "budget";
    const probe =
      storm || drawn % 7 === 0 ? null : ({ status, reason, detail: "", http_status: null, ms: 3 } as const);
    const guard = { storm, autonomy: "normal", actions_last_hour: 0, explanation: "" } as const;
    this.apply({ type: "triaged", workId, facts: { guard, probe } });
  }

  #handOver(given: GateFacts): void {
    const command = this.state.commands.find((one) => one.row.finished_at === null);
    this.apply({ type: "hand_over", commandId: command?.row.id ?? "none", facts: given });
  }

  #facts(drawn: { policy: number; admission: Admitted; storm: boolean }): GateFacts {
    const { admission: kind, storm } = drawn;
    const admission =
      kind === "none"
        ? null
        : {
            admitted: kind === "active",
            status:
              kind === "halted" || kind === "held" || kind === "below_floor" ? kind : ("active" as const),
            ...(kind === "paused" ? { paused: true } : {}),
            stage: "5 shops",
            observed: "3 in flight",
            bound: "5",
          };
    return someFacts(POLICIES[drawn.policy] ?? this.policy, {
      admission,
      guard: { storm, autonomy: "normal", actions_last_hour: 0, explanation: "" },
    });
  }

  #staged(ok: boolean) {
    return {
      ok,
      attempt_id: this.state.attempt?.row.id ?? "att_none",
      checks: [{ name: "smoke" as const, ok, ms: 3, log: "tested" }],
      total_ms: 3,
      runner: "random",
    };
  }

  /** Any command this plugin ever had, the newest most often. */
  #command(at: number): string {
    const { commands } = this.state;
    return commands[commands.length - 1 - (at % Math.max(1, commands.length))]?.row.id ?? "cmd_none";
  }
}

function manualAction(action: ManualAction["action"], to: string, now: number): ManualAction {
  const reason = "because I say so";
  switch (action) {
    case "patch":
    case "rollback":
      return { action, version: to, reason };
    case "config":
      return { action, set: { retries: 3 }, reason };
    case "snooze":
      return { action, until: new Date(now + 3_600_000).toISOString(), reason };
    case "vote":
      return { action, vote: "useful", reason };
    default:
      return { action, reason };
  }
}
