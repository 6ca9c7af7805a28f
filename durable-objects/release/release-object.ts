/**
 * A product's releases; one object per product, named by it.
 *
 * Invariants:
 * - A version names one file for ever: publishing another sha256 under it is refused.
 * - A release that is not active is admitted to nobody, not even to an attempt that holds a slot.
 * - An attempt takes one slot and gives it back once, however often it asks.
 */
import { DurableObject } from "cloudflare:workers";
import type { Outcome } from "../../src/contract/decision.ts";
import type { Person, ReleaseRecord, ReleaseStatus } from "../../src/contract/ops.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { Admission, AdmissionRequest, ReleaseRpc } from "../../src/contract/rpc.ts";
import { admission, advance, breachedRule } from "../../src/core/canary.ts";
import { compareSemver } from "../../src/core/semver.ts";
import { stablePercent } from "../../src/core/stable-hash.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OutboxStore } from "../outbox/outbox-store.ts";
import { feedMessage, feedReceiver, ledgerMessage, ledgerReceiver } from "../outbox/receivers.ts";
import { RELEASE_MIGRATIONS, ReleaseStore, type StoredRelease } from "./release-store.ts";

const UNKNOWN: Admission = {
  admitted: false,
  status: "unknown",
  stage: "none",
  observed: "not published",
  bound: "published",
};

export class ReleaseObject extends DurableObject<Env> implements ReleaseRpc {
  readonly #store: ReleaseStore;
  readonly #outbox: OutboxStore;
  readonly #drain: OutboxDrain;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, RELEASE_MIGRATIONS);
    this.#store = new ReleaseStore(ctx.storage.sql);
    this.#outbox = new OutboxStore(ctx.storage.sql);
    this.#drain = new OutboxDrain({
      owner: `ReleaseObject ${ctx.id.name ?? ""}`,
      store: this.#outbox,
      receivers: { ledger: ledgerReceiver(env), feed: feedReceiver(env) },
    });
  }

  async publish(release: ReleaseRecord): Promise<Result<ReleaseRecord>> {
    const existing = this.#store.load(release.version);
    if (existing) {
      if (existing.record.sha256 === release.sha256) return ok(existing.record);
      return refuse({
        reason: "conflict",
        message: `${release.product} ${release.version} was published with sha256 ${existing.record.sha256}`,
      });
    }
    const now = Date.now();
    const stored: StoredRelease = {
      record: { ...release, revision: 1 },
      changes: 0,
      rollout: { stage: 0, since: now, baseline: 0 },
      abortRules: [],
    };
    const data = { sha256: release.sha256, size: release.size, notes: release.notes };
    return ok(this.#commit(stored, { actor: release.published_by, action: "release.published", data }, now));
  }

  /** Newest version first. */
  async list(): Promise<ReleaseRecord[]> {
    return this.#store.all().sort((a, b) => compareSemver(b.version, a.version));
  }

  async check(request: AdmissionRequest): Promise<Admission> {
    const stored = this.#store.load(request.version);
    return stored ? this.#judge(stored, request, Date.now()).verdict : UNKNOWN;
  }

  async admit(request: AdmissionRequest): Promise<Admission> {
    const stored = this.#store.load(request.version);
    if (!stored) return UNKNOWN;
    const { verdict, rollout } = this.#judge(stored, request, Date.now());
    const abortRules = request.canary.abort;
    this.ctx.storage.transactionSync(() => {
      const moved = rollout.stage !== stored.rollout.stage;
      const tuned = JSON.stringify(abortRules) !== JSON.stringify(stored.abortRules);
      if (moved || tuned) this.#store.save({ ...stored, rollout, abortRules });
      if (verdict.admitted) {
        this.#store.takeSlot({
          version: request.version,
          attemptId: request.attempt_id,
          pluginId: request.plugin_id,
          stage: rollout.stage,
        });
      }
    });
    return verdict;
  }

  async finish(report: {
    version: string;
    attempt_id: string;
    outcome: Outcome | "cancelled";
  }): Promise<void> {
    const { version, attempt_id, outcome } = report;
    this.ctx.storage.transactionSync(() => {
      if (!this.#store.finishSlot(version, attempt_id, outcome)) return;
      const stored = this.#store.load(version);
      if (stored?.record.status !== "active") return;
      const tally = this.#store.tally(version, { unacknowledgedOnly: true });
      const rule = breachedRule(tally, stored.abortRules);
      if (!rule) return;
      this.#commit(
        { ...stored, record: { ...stored.record, status: "halted" } },
        { actor: "vigie", action: "release.halted", data: { rule, tally, attempt_id } },
        Date.now(),
      );
    });
  }

  async blame({
    version,
    reason,
    incident,
  }: {
    version: string;
    reason: string;
    incident: string;
  }): Promise<void> {
    const stored = this.#store.load(version);
    if (stored?.record.status !== "active") return;
    this.#commit(
      { ...stored, record: { ...stored.record, status: "halted" } },
      { actor: "vigie", action: "release.halted", data: { reason, incident, from: "active" } },
      Date.now(),
    );
  }

  async setStatus(
    version: string,
    status: ReleaseStatus,
    reason: string,
    by: Person,
  ): Promise<Result<ReleaseRecord>> {
    const stored = this.#store.load(version);
    if (!stored) return refuse({ reason: "not_found", message: `no release ${version}` });
    if (stored.record.status === status) return ok(stored.record);
    const record = { ...stored.record, status };
    return this.ctx.storage.transactionSync(() => {
      if (status === "active") this.#store.acknowledge(version);
      const data = { reason, from: stored.record.status };
      return ok(
        this.#commit({ ...stored, record }, { actor: by.id, action: `release.${status}`, data }, Date.now()),
      );
    });
  }

  override async alarm(): Promise<void> {
    armAlarm(this.ctx.storage, Date.now() + SAFETY_MS, Date.now());
    await this.#flush();
  }

  #judge(stored: StoredRelease, { version, plugin_id, attempt_id, canary }: AdmissionRequest, now: number) {
    const tally = this.#store.tally(version);
    const rollout = advance(stored.rollout, tally, canary, now);
    const verdict = admission({
      status: stored.record.status,
      expired: Date.parse(stored.record.expires) <= now,
      rollout,
      tally,
      canary,
      place: stablePercent(`${plugin_id}@${version}`),
      slot: this.#store.slotOf(version, attempt_id),
    });
    return { verdict, rollout };
  }

  /** Saves a change of a release with its ledger rows, feed message and alarm, all or none. */
  #commit(
    stored: StoredRelease,
    audit: { actor: string; action: string; data: Record<string, unknown> },
    now: number,
  ): ReleaseRecord {
    const { storage } = this.ctx;
    const { product, version } = stored.record;
    const changes = stored.changes + 1;
    const record = { ...stored.record, revision: changes };
    const lane = `${product}@${version}`;
    storage.transactionSync(() => {
      this.#store.save({ ...stored, record, changes });
      this.#outbox.append(
        [
          ledgerMessage(lane, { kind: "release", row: record }),
          ledgerMessage(lane, {
            kind: "audit",
            row: {
              id: `release:${lane}:${changes}:${new Date(now).toISOString()}`,
              stream: "releases",
              at: new Date(now).toISOString(),
              subject: lane,
              ...audit,
            },
          }),
          feedMessage("releases"),
        ],
        now,
      );
      armAlarm(storage, now + SAFETY_MS, now);
    });
    this.ctx.waitUntil(this.#flush());
    return record;
  }

  async #flush(): Promise<void> {
    await this.#drain.run();
    const now = Date.now();
    armAlarm(this.ctx.storage, this.#outbox.nextDue(now), now);
  }
}
