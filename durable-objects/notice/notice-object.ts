/**
 * The desk that tells people; one object, "notices": only who sees all notices can keep them few.
 *
 * Invariants:
 * - What `take` has answered is not lost: each message is sent, or spoken of in a digest, or given up loudly, and its row says which.
 * - The same record, taken any number of times, is told once.
 * - A change of a merchant's address, its audit line and its row commit together; the address is stored sealed only.
 */
import { DurableObject } from "cloudflare:workers";
import type {
  MerchantNotifications,
  MerchantNotificationsPut,
  MerchantNotificationsReply,
  NotificationRecord,
  TestNotice,
} from "../../src/contract/notification.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result, refuse } from "../../src/contract/refusal.ts";
import type { NoticeRpc } from "../../src/contract/rpc/notice.ts";
import { merchantOf, readerKey } from "../../src/core/notice/admission.ts";
import { merchantTest } from "../../src/core/notice/merchant-text.ts";
import type { Env } from "../../src/env.ts";
import { opsDestination } from "../../src/services/notify-address.ts";
import { armAlarm, SAFETY_MS } from "../arm-alarm.ts";
import { migrate } from "../migrations.ts";
import { OutboxDrain } from "../outbox/outbox-drain.ts";
import { OutboxStore } from "../outbox/outbox-store.ts";
import { feedReceiver, ledgerReceiver } from "../outbox/receivers.ts";
import { MerchantDesk } from "./merchant-desk.ts";
import { type DeskSettings, NoticeDesk } from "./notice-desk.ts";
import { NOTICE_MIGRATIONS } from "./notice-migrations.ts";
import { NoticeSender, post, type SenderPorts } from "./notice-sender.ts";
import { NoticeStore, type StoredLetter } from "./notice-store.ts";

const PRUNE_GRAIN_MS = 3_600_000;
/** With ops' own and the ledger's, six connections: as many as one object may have waiting for an answer. */
const MERCHANTS_AT_A_TIME = 4;

export class NoticeObject extends DurableObject<Env> implements NoticeRpc {
  readonly #store: NoticeStore;
  readonly #outbox: OutboxStore;
  readonly #drain: OutboxDrain;
  readonly #desk: NoticeDesk;
  readonly #merchants: MerchantDesk;
  readonly #toOps: NoticeSender;
  readonly #toMerchants: NoticeSender;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // Synchronous throughout, so no other event can come in between.
    migrate(ctx.storage, NOTICE_MIGRATIONS);
    this.#store = new NoticeStore(ctx.storage);
    this.#outbox = new OutboxStore(ctx.storage.sql);
    this.#desk = new NoticeDesk(this.#store, this.#outbox);
    this.#merchants = new MerchantDesk(this.#store, this.#outbox, env);
    this.#drain = new OutboxDrain({
      owner: "NoticeObject",
      store: this.#outbox,
      receivers: { ledger: ledgerReceiver(env), feed: feedReceiver(env) },
    });
    const ports: SenderPorts = {
      store: this.#store,
      desk: this.#desk,
      transaction: (change) => ctx.storage.transactionSync(change),
      destination: (reader) => this.#destination(reader),
      gone: (reader, detail, now) => {
        const notice = this.#merchants.disable(merchantOf(reader) ?? "", detail, now);
        this.#desk.drop(reader, detail, now);
        if (notice) this.#desk.take(notice, this.#settings(), now);
        // After the transaction that this is part of.
        ctx.waitUntil(Promise.resolve().then(() => this.#send(this.#toOps)));
      },
    };
    this.#toOps = new NoticeSender({ audience: "ops", readersAtATime: 1 }, ports);
    this.#toMerchants = new NoticeSender(
      { audience: "merchant", readersAtATime: MERCHANTS_AT_A_TIME },
      ports,
    );
  }

  async take(records: NotificationRecord[]): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const record of records) this.#desk.take(record, this.#settings(), now);
      this.#arm(now);
    });
    this.ctx.waitUntil(this.#flush());
  }

  async merchant(merchantId: string): Promise<MerchantNotifications | null> {
    return this.#merchants.shown(merchantId);
  }

  async setMerchant(
    merchantId: string,
    input: MerchantNotificationsPut,
    by: Person,
  ): Promise<Result<MerchantNotificationsReply>> {
    const planned = await this.#merchants.plan(merchantId, input);
    if (!planned.ok) return planned;
    if (!this.#merchants.isCurrent(merchantId, planned.value)) return this.setMerchant(merchantId, input, by);
    const now = Date.now();
    const row = this.ctx.storage.transactionSync(() => {
      const set = this.#merchants.set(merchantId, input, planned.value, by, now);
      this.#arm(now);
      return set;
    });
    this.ctx.waitUntil(this.#flush());
    const { made } = planned.value;
    return ok({ ...row, ...(made === null ? {} : { secret: made }) });
  }

  async sendTest(merchantId: string | null, by: Person): Promise<Result<TestNotice>> {
    const reader = readerKey(
      merchantId === null ? { audience: "ops" } : { audience: "merchant", merchantId },
    );
    if (merchantId === null && opsDestination(this.env).status === "none")
      return refuse({ reason: "conflict", message: "NOTIFY_URL is not set: nothing can be sent to ops" });
    const address = merchantId === null ? null : this.#merchants.shown(merchantId);
    if (merchantId !== null && !address?.url)
      return refuse({ reason: "conflict", message: "no address is set for this merchant: set one first" });
    const destination = await this.#destination(reader);
    if (typeof destination === "string") return ok({ status: "failed", detail: destination });

    const now = Date.now();
    const language = address?.language ?? "en";
    const text =
      merchantId === null
        ? {
            title: "This is a test",
            text: `Notices of Vigie arrive here. Sent by ${by.name}.`.slice(0, 2000),
          }
        : merchantTest(language);
    const letter: StoredLetter = {
      row: {
        id: `test.${now}.${crypto.randomUUID().slice(0, 8)}.${reader}`,
        kind: "test",
        urgency: "notice",
        audience: merchantId === null ? "ops" : "merchant",
        merchant_id: merchantId,
        incident_id: null,
        plugin_id: null,
        ...text,
        at: new Date(now).toISOString(),
        revision: 1,
      },
      language,
      link: merchantId === null ? this.env.PUBLIC_URL : null,
    };
    const result = await post(letter, destination);
    const detail = result.status === "failed" ? result.detail : null;
    this.ctx.storage.transactionSync(() => {
      const at = Date.now();
      const sent = result.status === "sent" ? { sent_at: new Date(at).toISOString() } : {};
      this.#desk.settle(letter, { status: result.status, detail, ...sent }, at);
      this.#arm(at);
    });
    this.ctx.waitUntil(this.#flush());
    return ok({ status: result.status, detail });
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    armAlarm(this.ctx.storage, now + SAFETY_MS, now);
    this.ctx.storage.transactionSync(() => {
      this.#store.prune(now);
      for (const reader of this.#store.digestsDue(now)) this.#desk.digest(reader, this.#settings(), now);
    });
    await this.#flush();
  }

  #settings(): DeskSettings {
    return { opsReachable: opsDestination(this.env).status !== "none", publicUrl: this.env.PUBLIC_URL };
  }

  async #destination(reader: string) {
    const merchantId = merchantOf(reader);
    if (merchantId !== null) return this.#merchants.destination(merchantId);
    const ops = opsDestination(this.env);
    if (ops.status === "ok") return ops.destination;
    return ops.status === "none" ? "NOTIFY_URL is not set any more" : ops.why;
  }

  async #flush(): Promise<void> {
    await Promise.all([this.#send(this.#toOps), this.#send(this.#toMerchants), this.#drain.run()]);
  }

  /** Neither sender waits for the other: not for its alarm, and not with the rows that say what became of its messages. */
  async #send(sender: NoticeSender): Promise<void> {
    await sender.run();
    this.#arm(Date.now(), false);
    await this.#drain.run();
    this.#arm(Date.now(), false);
  }

  /** @param begins runs are about to begin: the alarm stands behind them, as behind those under way */
  #arm(now: number, begins = true): void {
    const behind = (at: number | null) => (at === null ? null : Math.max(at, now + SAFETY_MS));
    const next = (sender: NoticeSender) => {
      const at = this.#store.nextSendAt(sender.audience);
      return begins || sender.busy ? behind(at) : at;
    };
    const due = [
      next(this.#toOps),
      next(this.#toMerchants),
      behind(this.#outbox.nextDue(now)),
      this.#store.nextDigest(),
      this.#store.hasMemory() ? Math.ceil((now + 1) / PRUNE_GRAIN_MS) * PRUNE_GRAIN_MS : null,
    ].filter((at) => at !== null);
    armAlarm(this.ctx.storage, due.length === 0 ? null : Math.min(...due), now);
  }
}
