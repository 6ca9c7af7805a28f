/** An emergency desk over a real object's storage, and plugins that answer its orders as a test says. */
import { runInDurableObject } from "cloudflare:test";
import { AttemptRegister } from "../../../durable-objects/fleet/attempt-register.ts";
import { EmergencyDesk } from "../../../durable-objects/fleet/emergency-desk.ts";
import { FLEET_MIGRATIONS, FleetStore } from "../../../durable-objects/fleet/fleet-store.ts";
import { migrate } from "../../../durable-objects/migrations.ts";
import { OutboxStore } from "../../../durable-objects/outbox/outbox-store.ts";
import type { Action } from "../../../src/contract/ids.ts";
import type { Person } from "../../../src/contract/ops.ts";
import type { OrderReply, PluginOrder } from "../../../src/contract/order.ts";
import { defaultPolicyDocument, type PolicyDocument } from "../../../src/contract/policy.ts";
import type { Result } from "../../../src/contract/refusal.ts";
import type { AttemptReport } from "../../../src/contract/rpc/fleet.ts";
import { pluginId } from "../../builders/ledger.ts";
import { anyObject } from "../any-object.ts";

export const ANNA: Person = { id: "anna", name: "Anna", roles: ["approver"] };
export const attemptOf = (shop: number, number = 1) => `${pluginId(shop).replace("plg_", "att_")}_${number}`;

type Answers = (order: PluginOrder, shop: number) => Promise<Result<OrderReply>> | Result<OrderReply>;

export const answered = (would: OrderReply["would"], attempt_id: string | null): Result<OrderReply> => ({
  ok: true,
  value: { would, attempt_id, text: `would ${would}` },
});

export class ScriptedFleet {
  readonly storage: DurableObjectStorage;
  readonly register: AttemptRegister;
  readonly outbox: OutboxStore;
  /** Every order given, in the order of their giving. */
  readonly orders: { shop: number; order: PluginOrder }[] = [];
  policy: PolicyDocument = { ...defaultPolicyDocument(), mode: "auto" };
  /** Taken back by a new attempt, unless a test says otherwise. */
  answer: Answers = (order, shop) =>
    answered(order.kind === "cancel" ? "cancel" : "revert", attemptOf(shop, order.kind === "cancel" ? 1 : 2));

  constructor(storage: DurableObjectStorage, shops: number) {
    this.storage = storage;
    migrate(storage, FLEET_MIGRATIONS);
    this.register = new AttemptRegister(storage.sql);
    this.outbox = new OutboxStore(storage.sql);
    const store = new FleetStore(storage);
    for (let shop = 0; shop < shops; shop++)
      store.enroll({
        pluginId: pluginId(shop),
        product: shop % 2 === 0 ? "demo-pay" : "other-pay",
        merchantId: `m${shop}`,
        nonce: `nonce-${shop}`,
        expiresAt: Date.now() + 60_000,
      });
  }

  /** A desk without memory of what any other was doing: as after an eviction. */
  desk(): EmergencyDesk {
    return new EmergencyDesk(this.storage, this.register, this.outbox, {
      plugin: (id) => ({
        order: async (order) => {
          const shop = shopOf(id);
          this.orders.push({ shop, order });
          return this.answer(order, shop);
        },
      }),
      policy: () => ({
        read: async () =>
          ({ revision: 1, document: this.policy, updated_by: "ada", updated_at: "" }) as never,
      }),
    });
  }

  /** `minutesAgo`: when it came into its phase. */
  has(
    shop: number,
    phase: AttemptReport["phase"],
    minutesAgo = 5,
    overrides: Partial<AttemptReport> & { action?: Action } = {},
  ): void {
    this.register.report({
      plugin_id: pluginId(shop),
      attempt_id: attemptOf(shop),
      phase,
      action: "patch",
      subject: "1.2.3",
      automatic: true,
      takes_back: false,
      at: Date.now() - minutesAgo * 60_000,
      ...overrides,
    });
  }

  shopsOrdered(): number[] {
    return this.orders.map(({ shop }) => shop);
  }

  /** Actions of the audit lines that leave. */
  audit(): string[] {
    return this.storage.sql
      .exec<{ body: string }>("SELECT body FROM outbox WHERE kind = 'ledger' ORDER BY id")
      .toArray()
      .map(({ body }) => JSON.parse(body))
      .flatMap((record) => (record.kind === "audit" ? [record.row.action] : []));
  }
}

function shopOf(id: string): number {
  for (let shop = 0; ; shop++) if (pluginId(shop) === id) return shop;
}

/** Runs against a fresh object's real storage. */
export async function withFleet(shops: number, run: (fleet: ScriptedFleet) => Promise<void>): Promise<void> {
  await runInDurableObject(anyObject(), async (_, state) => {
    await run(new ScriptedFleet(state.storage, shops));
  });
}

export const granted = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return result.value;
};
