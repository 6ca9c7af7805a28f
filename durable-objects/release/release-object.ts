/**
 * A product's releases and remedies; one object per product, named by it.
 *
 * Invariants:
 * - A version names one file for ever: publishing another sha256 under it is refused.
 * - What is halted, blocked, held for the shop's environment or below the floor is admitted to nobody, not even to an attempt
 *   that holds a slot. What is paused is admitted to nobody new.
 * - What stops an admission (a status other than active, a hold, a floor, a taking-back) answers only when no command that was
 *   admitted before can leave any more; an eviction in between forgets nothing of that.
 * - An attempt holds one slot, however often it asks, and none once it has ended.
 * - A stage never admits more shops than it has places, nor more at a time than the limit in flight.
 */
import { DurableObject } from "cloudflare:workers";
import type { Outcome } from "../../src/contract/decision.ts";
import type { Floor, FloorReach, FloorRequest } from "../../src/contract/floor.ts";
import type { Environment } from "../../src/contract/heartbeat.ts";
import type { Person, ReleaseRecord } from "../../src/contract/ops.ts";
import type { Result } from "../../src/contract/refusal.ts";
import type { ReleaseStatus, SeenStanding } from "../../src/contract/release.ts";
import type { Remedy } from "../../src/contract/remedy.ts";
import type { RevertReply, RevertReport, RevertRequest } from "../../src/contract/revert.ts";
import type {
  EnvironmentHold,
  HoldRequest,
  PlanReply,
  RolloutDetail,
  RolloutState,
} from "../../src/contract/rollout.ts";
import type { PlanShop, RolloutPlan } from "../../src/contract/rollout-plan.ts";
import type { Admission, AdmissionRequest, Offers, ReleaseRpc } from "../../src/contract/rpc/release.ts";
import { holdReason } from "../../src/core/policy/hold-reason.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OutboxStore } from "../outbox/outbox-store.ts";
import { feedReceiver, ledgerReceiver, noticeReceiver } from "../outbox/receivers.ts";
import { pluginOf, policyOf } from "../stubs.ts";
import type { AdmissionLease } from "./admission-lease.ts";
import { CatalogueDesk } from "./catalogue-desk.ts";
import { FloorDesk } from "./floor-desk.ts";
import { RELEASE_MIGRATIONS } from "./release-migrations.ts";
import { ReleaseRoom } from "./release-room.ts";
import { RevertDesk } from "./revert-desk.ts";
import { RolloutDesk } from "./rollout-desk.ts";
import { StandingDesk } from "./standing-desk.ts";
import type { Subject } from "./subject-store.ts";

type Canary = Subject["canary"];

export class ReleaseObject extends DurableObject<Env> implements ReleaseRpc {
  readonly #outbox: OutboxStore;
  readonly #drain: OutboxDrain;
  readonly #catalogue: CatalogueDesk;
  readonly #rollouts: RolloutDesk;
  readonly #reverts: RevertDesk;
  readonly #standing: StandingDesk;
  readonly #floors: FloorDesk;
  readonly #lease: AdmissionLease;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, RELEASE_MIGRATIONS);
    this.#outbox = new OutboxStore(ctx.storage.sql);
    const room = new ReleaseRoom(ctx.storage, this.#outbox);
    this.#lease = room.lease;
    this.#floors = new FloorDesk(room);
    const floor = () => this.#floors.read(this.#product()).version;
    this.#reverts = new RevertDesk(room, () => holdOf(env));
    this.#standing = new StandingDesk(room, this.#reverts);
    this.#rollouts = new RolloutDesk(room, this.#reverts, floor);
    this.#catalogue = new CatalogueDesk(room, floor);
    this.#drain = new OutboxDrain({
      owner: `ReleaseObject ${this.#product()}`,
      store: this.#outbox,
      receivers: {
        ledger: ledgerReceiver(env),
        feed: feedReceiver(env),
        notify: noticeReceiver(env),
        order: this.#reverts.deliver((pluginId, order) => pluginOf(env, pluginId).order(order), Date.now),
      },
    });
  }

  async publish(release: ReleaseRecord): Promise<Result<ReleaseRecord>> {
    return this.#flushed(this.#catalogue.publish(release, Date.now()));
  }

  async publishRemedy(remedy: Remedy): Promise<Result<Remedy>> {
    return this.#flushed(this.#catalogue.publishRemedy(remedy, Date.now()));
  }

  async list(): Promise<ReleaseRecord[]> {
    return this.#catalogue.releases();
  }

  async remedies(): Promise<Remedy[]> {
    return this.#catalogue.remedies();
  }

  async offers({ env }: { env: Environment }): Promise<Offers> {
    return this.#catalogue.offers(env, Date.now());
  }

  async check(request: AdmissionRequest): Promise<Admission> {
    return this.#rollouts.check(request, Date.now());
  }

  async admit(request: AdmissionRequest): Promise<Admission> {
    return this.#rollouts.admit(request, Date.now());
  }

  async finish(report: {
    version: string;
    attempt_id: string;
    outcome: Outcome | "cancelled";
  }): Promise<void> {
    this.#rollouts.finish(report.version, report.attempt_id, report.outcome, Date.now());
    this.#flushed(null);
  }

  async callBack(report: { version: string; attempt_id: string; at: number }): Promise<void> {
    this.#rollouts.callBack(report.version, report.attempt_id, report.at, Date.now());
    this.#flushed(null);
  }

  async relapse(report: { version: string; attempt_id: string }): Promise<void> {
    this.#rollouts.relapse(report.version, report.attempt_id, Date.now());
    this.#flushed(null);
  }

  async reverted(report: RevertReport): Promise<void> {
    await this.#reverts.takenBack(report, Date.now);
    this.#flushed(null);
  }

  async blame(report: { version: string; reason: string; incident: string }): Promise<void> {
    this.#rollouts.blame(report.version, report.reason, report.incident, Date.now());
    this.#flushed(null);
  }

  async setStatus(
    version: string,
    status: ReleaseStatus,
    reason: string,
    by: Person,
    seen: SeenStanding = {},
  ): Promise<Result<ReleaseRecord | Remedy>> {
    const done = this.#standing.setStatus(version, status, reason, by, Date.now(), seen);
    return this.#settled(done, status !== "active");
  }

  async rollouts(canary: Canary, version?: string): Promise<Record<string, RolloutState>> {
    return this.#catalogue.rollouts(canary, version, Date.now());
  }

  async rollout(version: string, canary: Canary): Promise<Result<RolloutDetail>> {
    return this.#catalogue.rollout(version, canary, Date.now());
  }

  async plan(
    version: string,
    plan: RolloutPlan | null,
    reason: string,
    by: Person,
  ): Promise<Result<ReleaseRecord | Remedy>> {
    return this.#flushed(this.#standing.plan(version, plan, reason, by, Date.now()));
  }

  async reach(
    version: string,
    plan: RolloutPlan,
    shops: PlanShop[],
    canary: Canary,
  ): Promise<Result<Pick<PlanReply, "notes" | "out_of_reach" | "waves">>> {
    return this.#catalogue.reach(version, plan, shops, canary, Date.now());
  }

  async hold(version: string, request: HoldRequest, by: Person): Promise<Result<EnvironmentHold>> {
    return this.#settled(this.#standing.hold(version, request, by, Date.now()), request.held);
  }

  async revert(
    version: string,
    request: RevertRequest & { canary: Canary },
    by: Person,
  ): Promise<Result<RevertReply>> {
    return this.#settled(this.#standing.revert(version, request, by, Date.now()), !request.dry_run);
  }

  async floor(): Promise<Floor> {
    return this.#floors.read(this.#product());
  }

  async tryFloor(version: string | null): Promise<FloorReach> {
    return this.#floors.reach(version, Date.now());
  }

  async setFloor(request: FloorRequest & { product: string }, by: Person): Promise<Result<Floor>> {
    return this.#settled(this.#floors.set(request, by, Date.now()), request.version !== null);
  }

  override async alarm(): Promise<void> {
    armAlarm(this.ctx.storage, Date.now() + SAFETY_MS, Date.now());
    await this.#reverts.tick(Date.now);
    await this.#flush();
  }

  #product(): string {
    return this.ctx.id.name ?? "";
  }

  /** The answer as it is; what it has put into the outbox leaves behind it. */
  #flushed<T>(answer: T): T {
    if (this.#outbox.size() > 0) this.ctx.waitUntil(this.#flush());
    return answer;
  }

  /** Likewise; of what stops something, once nothing leaves any more that was admitted before, also when it is told again. */
  async #settled<T>(answer: Result<T>, stops: boolean): Promise<Result<T>> {
    this.#flushed(null);
    if (answer.ok && stops) await this.#lease.settled(Date.now());
    return answer;
  }

  async #flush(): Promise<void> {
    await this.#drain.run();
    const now = Date.now();
    const dues = [this.#outbox.nextDue(now), this.#reverts.nextDue()].filter((at) => at !== null);
    armAlarm(this.ctx.storage, dues.length === 0 ? null : Math.min(...dues), now);
  }
}

/** Why no command may leave at this moment; null when one may. */
async function holdOf(env: Env): Promise<string | null> {
  try {
    return holdReason((await policyOf(env).read()).document);
  } catch {
    return "The policy's authority does not answer.";
  }
}
