/**
 * The authority on the ops policy; one object, "policy".
 *
 * Invariants:
 * - A change, its outbox rows and the alarm that carries them commit together.
 * - A lease is given only under the policy that is current at that moment, and only when that policy lets commands out.
 * - A change that stops commands answers only when no lease given before it is out any more; an eviction in between
 *   delays the answer of the next such change, it does not shorten it.
 */
import { DurableObject } from "cloudflare:workers";
import type { Person } from "../../src/contract/ops.ts";
import {
  type KillRequest,
  POLICY_CACHE_KEY,
  type Policy,
  type PolicyPatch,
  type PolicyPut,
} from "../../src/contract/policy.ts";
import { ok, type Result } from "../../src/contract/refusal.ts";
import type { Grant, PolicyRpc } from "../../src/contract/rpc/policy.ts";
import {
  type Author,
  firstPolicy,
  killPolicy,
  type PolicyChange,
  patchPolicy,
  putPolicy,
  stopReason,
} from "../../src/core/policy/policy-change.ts";
import type { Env } from "../../src/env.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OUTBOX_MIGRATION, OutboxStore } from "../outbox/outbox-store.ts";
import { feedMessage, feedReceiver, ledgerMessage, ledgerReceiver } from "../outbox/receivers.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { PolicyStore } from "./policy-store.ts";

const CACHE_MESSAGE = { kind: "cache", lane: "policy", body: "{}" };

export class PolicyObject extends DurableObject<Env> implements PolicyRpc {
  readonly #store: PolicyStore;
  readonly #outbox: OutboxStore;
  readonly #drain: OutboxDrain;
  readonly #leases: LeaseDesk;
  #policy: Policy;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, [OUTBOX_MIGRATION]);
    this.#store = new PolicyStore(ctx.storage.kv);
    this.#outbox = new OutboxStore(ctx.storage.sql);
    this.#leases = new LeaseDesk(ctx.storage.kv);
    this.#drain = new OutboxDrain({
      owner: "PolicyObject",
      store: this.#outbox,
      receivers: {
        // Always the newest policy, whichever change asked: a late row can never put an old one back.
        cache: async () => {
          await env.POLICY_CACHE.put(POLICY_CACHE_KEY, JSON.stringify(this.#policy));
          return { status: "delivered" };
        },
        ledger: ledgerReceiver(env),
        feed: feedReceiver(env),
      },
    });
    this.#policy = this.#store.load() ?? this.#begin();
  }

  async read(): Promise<Policy> {
    return this.#policy;
  }

  put(input: PolicyPut, by: Person): Promise<Result<Policy>> {
    return this.#change((author) => putPolicy(this.#policy, input, author), by);
  }

  patch(input: PolicyPatch, by: Person): Promise<Result<Policy>> {
    return this.#change((author) => patchPolicy(this.#policy, input, author), by);
  }

  kill(input: KillRequest, by: Person): Promise<Result<Policy>> {
    return this.#change(({ now }) => killPolicy(this.#policy, input, by, now), by);
  }

  async grant(_request: { plugin_id: string; command_id: string }): Promise<Grant> {
    const why = stopReason(this.#policy.document);
    if (why !== null) return { granted: false, why, policy: this.#policy };
    return { granted: true, ...this.#leases.grant(Date.now()), policy: this.#policy };
  }

  async release(leaseId: string): Promise<void> {
    this.#leases.release(leaseId);
  }

  override async alarm(): Promise<void> {
    armAlarm(this.ctx.storage, Date.now() + SAFETY_MS, Date.now());
    await this.#flush();
  }

  async #change(decide: (author: Author) => Result<PolicyChange>, by: Person): Promise<Result<Policy>> {
    const decided = decide({ by: by.id, now: Date.now() });
    if (!decided.ok) return decided;
    const { policy, stops } = decided.value;
    this.#commit(decided.value);
    this.ctx.waitUntil(this.#flush());
    if (stops) await this.#leases.settled();
    return ok(policy);
  }

  #commit({ policy, records }: PolicyChange): void {
    const { storage } = this.ctx;
    const now = Date.now();
    storage.transactionSync(() => {
      this.#store.save(policy);
      this.#outbox.append(
        [CACHE_MESSAGE, ...records.map((record) => ledgerMessage("policy", record)), feedMessage("policy")],
        now,
      );
      armAlarm(storage, now + SAFETY_MS, now);
    });
    this.#policy = policy;
  }

  /** First use: the defaults, also for the cache, so that its readers need not wake this object again. */
  #begin(): Policy {
    const { storage } = this.ctx;
    const now = Date.now();
    const policy = firstPolicy(now);
    storage.transactionSync(() => {
      this.#store.save(policy);
      this.#outbox.append([CACHE_MESSAGE], now);
      armAlarm(storage, now, now);
    });
    return policy;
  }

  async #flush(): Promise<void> {
    await this.#drain.run();
    const now = Date.now();
    armAlarm(this.ctx.storage, this.#outbox.nextDue(now), now);
  }
}
