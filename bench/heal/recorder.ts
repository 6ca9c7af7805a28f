/** Watches the steps of every plugin, beside the truth about its shop, and writes the week down. */
import type { Attempt } from "../../src/contract/attempt.ts";
import type { Incident } from "../../src/contract/incident.ts";
import type { PluginState } from "../../src/core/plugin/state.ts";
import type { Step } from "../../src/core/plugin/step.ts";
import type { BenchShop } from "./bench-shop.ts";
import type { AttemptSeen, FaultKind, FaultSeen } from "./observe.ts";
import { badness, stands } from "./world.ts";

const NOTICEABLE = 0.05;
const TERMINAL: ReadonlySet<string> = new Set([
  "success",
  "rolled_back",
  "rollback_failed",
  "failed",
  "expired",
  "rejected",
  "cancelled",
]);

export class Recorder {
  readonly faults: FaultSeen[] = [];
  readonly attempts: AttemptSeen[] = [];
  readonly #open = new Map<string, AttemptSeen>();
  readonly #incidents = new Map<string, number>();
  incidents = 0;
  falseIncidents = 0;
  pages = 0;

  begin(shop: BenchShop, kind: FaultKind, at: number): FaultSeen {
    const { index, product } = shop.options;
    const fault: FaultSeen = {
      kind,
      shop: index,
      product,
      webhooksPerHour: shop.webhooksPerHourAt(at),
      at,
      detectedAt: null,
      endedAt: null,
      endedBy: null,
      attempt: null,
    };
    this.faults.push(fault);
    shop.notes.open.push(fault);
    return fault;
  }

  /** After each step: what the ledger is told. */
  saw(shop: BenchShop, _before: PluginState, { outbox }: Step, now: number): void {
    for (const message of outbox) {
      if (message.to !== "ledger") continue;
      const { kind, row } = message.record;
      if (kind === "incident") this.#incident(shop, row, now);
      if (kind === "attempt") this.#attempt(shop, row, now);
      if (kind === "notification" && row.urgency === "page") this.pages += 1;
    }
  }

  /** The shop's truth has changed: a fault may be over, a change may have been taken back. */
  renewed(shop: BenchShop, now: number, by: "vigie" | "person" | "itself"): void {
    const bad = badness(shop.effects);
    for (const attempt of shop.notes.attempts) {
      if (!attempt.madeWorse || attempt.restoredAt !== null) continue;
      if (bad > (attempt.badnessBefore ?? 0) + NOTICEABLE) continue;
      attempt.restoredAt = now;
      attempt.restoredBy = by === "person" ? "person" : "vigie";
    }
    if (badness(shop.effects) >= NOTICEABLE || shop.dead) return;
    const attempt = shop.object?.state.attempt ?? null;
    for (const fault of shop.notes.open) {
      fault.endedAt = now;
      fault.endedBy = by;
      if (by === "vigie") fault.attempt = attempt?.row.id ?? null;
    }
    // A change that goes back again leaves the fault where it was.
    shop.notes.ended.push(...shop.notes.open.splice(0));
  }

  /** A change of ours has brought back what was thought to be over. What strikes anew is another fault. */
  worsened(shop: BenchShop): void {
    if (shop.by !== "vigie") return;
    const back = shop.notes.ended.filter(({ kind, endedBy }) => endedBy === "vigie" && stands(shop, kind));
    if (back.length === 0) return;
    shop.notes.ended = shop.notes.ended.filter((fault) => !back.includes(fault));
    for (const fault of back) {
      fault.endedAt = null;
      fault.endedBy = null;
      fault.attempt = null;
      shop.notes.open.push(fault);
    }
  }

  #incident(shop: BenchShop, row: Incident, now: number): void {
    if (!this.#incidents.has(row.id)) {
      this.#incidents.set(row.id, now);
      this.incidents += 1;
      const faulty =
        shop.notes.open.length > 0 ||
        shop.notes.ended.some(({ endedAt }) => endedAt !== null && now - endedAt < 3_600_000);
      if (!faulty) this.falseIncidents += 1;
    }
    if (row.status === "resolved" || row.status === "dismissed") return;
    for (const fault of shop.notes.open) fault.detectedAt ??= now;
  }

  #attempt(shop: BenchShop, row: Attempt, now: number): void {
    let seen = this.#open.get(row.id);
    if (seen === undefined) {
      seen = this.#newAttempt(shop, row, now);
      this.#open.set(row.id, seen);
      this.attempts.push(seen);
      shop.notes.attempts.push(seen);
    }
    if (row.handed_over_at !== null && seen.handedOverAt === null) {
      seen.handedOverAt = now;
      const { effects } = shop;
      seen.badnessBefore = badness(effects);
      seen.wasHealthy = seen.badnessBefore < NOTICEABLE;
    }
    if (row.status !== seen.status) seen.entered[row.status] ??= now;
    seen.status = row.status;
    seen.reason = row.reason;
    seen.rule = row.health?.rule ?? seen.rule;
    if (!TERMINAL.has(row.status)) return;
    if (row.status === "success") seen.falseSuccess = badness(shop.effects) >= NOTICEABLE;
  }

  /** The attempt under way has changed the shop: for the worse? */
  applied(shop: BenchShop): void {
    const row = shop.object?.state.attempt?.row;
    const seen = row === undefined ? undefined : this.#open.get(row.id);
    if (seen === undefined || seen.badnessBefore === null || shop.by !== "vigie") return;
    if (badness(shop.effects) > seen.badnessBefore + NOTICEABLE) seen.madeWorse = true;
  }

  #newAttempt(shop: BenchShop, row: Attempt, now: number): AttemptSeen {
    const incident = shop.object.state.incidents.find((candidate) => candidate.row.id === row.incident_id);
    const remedy = row.decision.remedy;
    return {
      id: row.id,
      shop: shop.options.index,
      product: row.product,
      action: row.action,
      from: row.from_version,
      subject: row.target_version ?? remedy ?? "",
      source: row.decision.source,
      confidence: row.decision.confidence,
      incidentType: incident?.row.type ?? "",
      detectedAt: this.#incidents.get(row.incident_id) ?? now,
      createdAt: now,
      entered: { [row.status]: now },
      handedOverAt: null,
      status: row.status,
      reason: row.reason,
      rule: null,
      reverts: row.reverts !== null,
      wasHealthy: false,
      badnessBefore: null,
      madeWorse: false,
      restoredAt: null,
      restoredBy: null,
      falseSuccess: false,
      relapsed: false,
    };
  }
}
