/**
 * The built-in decision service; one object per product, named by it.
 *
 * Invariants:
 * - An attempt counts once, by its highest revision, however often and in whatever order it is told.
 * - The same question, asked of the same memory, gets the same answer.
 * - A rebuild replaces the whole memory at once, or not at all.
 */
import { DurableObject } from "cloudflare:workers";
import type {
  DecideReply,
  DecideRequest,
  FeedbackReply,
  FeedbackRequest,
} from "../../src/contract/decision.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { RebuildPage, SiraRpc } from "../../src/contract/rpc/sira.ts";
import type { RebuildReply, RebuildRequest, VoteRequest } from "../../src/contract/sira-memory.ts";
import { decide } from "../../src/core/sira/decide.ts";
import { drawsFor } from "../../src/core/sira/draws.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OutboxStore } from "../outbox/outbox-store.ts";
import { ledgerMessage, ledgerReceiver } from "../outbox/receivers.ts";
import { type Generations, SiraGenerations } from "./sira-rebuild.ts";
import { SIRA_MIGRATIONS } from "./sira-schema.ts";
import { SiraStore } from "./sira-store.ts";
import { carryOver } from "./sira-upgrade.ts";

const SUPERSEDED = "this rebuild was replaced by a later one, or given up: begin again";
const NOTHING_ON_RECORD =
  "no finished attempt of this product is on record, so what is known was left as it is: is it the right database?";

export class SiraObject extends DurableObject<Env> implements SiraRpc {
  readonly #generations: SiraGenerations;
  readonly #stores = new Map<number, SiraStore>();
  readonly #outbox: OutboxStore;
  readonly #drain: OutboxDrain;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, SIRA_MIGRATIONS);
    this.#generations = new SiraGenerations(ctx.storage);
    this.#outbox = new OutboxStore(ctx.storage.sql);
    this.#drain = new OutboxDrain({
      owner: `SiraObject ${ctx.id.name ?? ""}`,
      store: this.#outbox,
      receivers: { ledger: ledgerReceiver(env) },
    });
  }

  async decide(request: DecideRequest): Promise<DecideReply> {
    return decide(request, this.#store(this.#now().current), drawsFor(request));
  }

  async learn(feedback: FeedbackRequest): Promise<FeedbackReply> {
    return this.#hear((store) => store.learn(feedback));
  }

  async vote(vote: VoteRequest): Promise<FeedbackReply> {
    return this.#hear((store) => store.vote(vote));
  }

  async beginRebuild(): Promise<number> {
    return this.#generations.begin(this.#now(), Date.now());
  }

  async rebuildPage(rebuild: number, page: RebuildPage): Promise<Result<{ taken: number }>> {
    if (this.#now().next?.number !== rebuild) return refuse({ reason: "conflict", message: SUPERSEDED });
    return ok({ taken: this.ctx.storage.transactionSync(() => this.#generations.take(rebuild, page)) });
  }

  async finishRebuild(
    rebuild: number,
    { dry_run, reason }: RebuildRequest,
    by: Person,
  ): Promise<Result<RebuildReply>> {
    const { storage } = this.ctx;
    const generations = this.#now();
    if (generations.next?.number !== rebuild) return refuse({ reason: "conflict", message: SUPERSEDED });
    if (!dry_run && this.#generations.isEmpty(rebuild) && !this.#generations.isEmpty(generations.current))
      return refuse({ reason: "conflict", message: NOTHING_ON_RECORD });
    const now = Date.now();
    const reply = storage.transactionSync(() => {
      const changed = this.#generations.finish(generations, rebuild, dry_run, now);
      if (!dry_run) this.#audit(rebuild, by, { reason, ...changed }, now);
      return { dry_run, ...changed };
    });
    this.ctx.waitUntil(this.#flush());
    return ok(reply);
  }

  override async alarm(): Promise<void> {
    armAlarm(this.ctx.storage, Date.now() + SAFETY_MS, Date.now());
    await this.#flush();
  }

  #hear(tell: (store: SiraStore) => boolean): FeedbackReply {
    const [current, ...others] = this.#generations.listening(this.#now(), Date.now());
    const learned = this.ctx.storage.transactionSync(() => {
      for (const number of others) tell(this.#store(number));
      return current !== undefined && tell(this.#store(current));
    });
    return { status: learned ? "learned" : "known" };
  }

  /** The generations; the first time, what an earlier version learned becomes the first of them. */
  #now(): Generations {
    const known = this.#generations.read();
    if (known) return known;
    const first: Generations = { current: 1, next: null, last: 1 };
    this.ctx.storage.transactionSync(() => {
      carryOver(this.ctx.storage.sql, this.#store(first.current));
      this.#generations.write(first);
    });
    return first;
  }

  #store(generation: number): SiraStore {
    const known = this.#stores.get(generation) ?? new SiraStore(this.ctx.storage, generation);
    this.#stores.set(generation, known);
    return known;
  }

  #audit(rebuild: number, by: Person, data: Record<string, unknown>, now: number): void {
    const product = this.ctx.id.name ?? "";
    const at = new Date(now).toISOString();
    const row = {
      id: `sira:${product}:${rebuild}:${at}`,
      stream: "sira",
      at,
      actor: by.id,
      action: "sira.rebuilt",
      subject: product,
      data,
    };
    this.#outbox.append([ledgerMessage(product, { kind: "audit", row })], now);
    armAlarm(this.ctx.storage, now + SAFETY_MS, now);
  }

  async #flush(): Promise<void> {
    await this.#drain.run();
    const now = Date.now();
    armAlarm(this.ctx.storage, this.#outbox.nextDue(now), now);
  }
}
