/** Merchants' own addresses: set by ops, sealed at rest, switched off when their receiver says so. */
import type {
  MerchantNotifications,
  MerchantNotificationsPut,
  MerchantNotificationsRow,
  NotificationRecord,
} from "../../src/contract/notification.ts";
import type { Person } from "../../src/contract/ops.ts";
import { ok, type Result } from "../../src/contract/refusal.ts";
import { newSecret, parseSecret } from "../../src/crypto/webhook-signature.ts";
import type { Env } from "../../src/env.ts";
import {
  checkMerchantUrl,
  type Destination,
  openDestination,
  sealDestination,
  shownAddress,
} from "../../src/services/notify-address.ts";
import { vault } from "../../src/settings.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import { ledgerMessage } from "../outbox/receivers.ts";
import type { NoticeStore } from "./notice-store.ts";

/** What `set` will write, made before it because sealing takes a promise. */
export interface PlannedAddress {
  /** Of the address that it was planned on; 0 when there was none. */
  revision: number;
  sealed: string | null;
  shown: string | null;
  /** A secret that was made for it; null when it was given or stays. */
  made: string | null;
  secret: "made" | "given" | "kept" | "none";
}

export class MerchantDesk {
  readonly #store: NoticeStore;
  readonly #outbox: OutboxStore;
  readonly #env: Pick<Env, "VAULT_KEY" | "SITE_PROBE_ALLOW_PRIVATE">;

  constructor(
    store: NoticeStore,
    outbox: OutboxStore,
    env: Pick<Env, "VAULT_KEY" | "SITE_PROBE_ALLOW_PRIVATE">,
  ) {
    this.#store = store;
    this.#outbox = outbox;
    this.#env = env;
  }

  shown(merchantId: string): MerchantNotifications | null {
    const row = this.#store.merchant(merchantId);
    if (row === null) return null;
    const { sealed: _sealed, ...rest } = row;
    return rest;
  }

  /** Refuses an address that must not be called; changes nothing. */
  async plan(merchantId: string, input: MerchantNotificationsPut): Promise<Result<PlannedAddress>> {
    const revision = this.#revision(merchantId);
    if (input.url === null) return ok({ revision, sealed: null, shown: null, made: null, secret: "none" });
    const url = checkMerchantUrl(input.url, this.#allowPrivate());
    if (!url.ok) return url;
    const former = this.#store.merchant(merchantId)?.sealed ?? null;
    const kept =
      input.secret === undefined && former !== null
        ? (await openDestination(vault(this.#env), merchantId, former)).secret
        : undefined;
    const made = input.secret === undefined && kept === undefined ? newSecret().text : null;
    const secret = input.secret ?? kept ?? made ?? "";
    const sealed = await sealDestination(vault(this.#env), merchantId, { url: url.value.href, secret });
    return ok({
      revision,
      sealed,
      shown: shownAddress(url.value),
      made,
      secret: made !== null ? "made" : input.secret === undefined ? "kept" : "given",
    });
  }

  /** Another change may have come between plan and writing, with a secret that this one would undo. */
  isCurrent(merchantId: string, { revision }: PlannedAddress): boolean {
    return revision === this.#revision(merchantId);
  }

  /** Writes it, with its line of audit. Inside its caller's transaction. */
  set(
    merchantId: string,
    { language, format, reason }: MerchantNotificationsPut,
    { sealed, shown, secret }: PlannedAddress,
    by: Person,
    now: number,
  ): MerchantNotifications {
    const data = { language, format, url: shown, secret, reason };
    const rest = { language, format, url: shown, sealed, disabled: null };
    return this.#write(merchantId, rest, by.id, "merchant.notifications_set", data, now);
  }

  /** The receiver wants nothing more: nothing is sent there until ops set it again. Returns what to tell ops. */
  disable(merchantId: string, detail: string, now: number): NotificationRecord | null {
    const row = this.#store.merchant(merchantId);
    if (row === null || row.disabled !== null) return null;
    const disabled = `Its receiver ${detail}: nothing more is sent there.`.slice(0, 300);
    const rest = { ...row, disabled };
    const { revision } = this.#write(
      merchantId,
      rest,
      "vigie",
      "merchant.notifications_disabled",
      { url: row.url, detail },
      now,
    );
    return {
      id: `${merchantId}.address_disabled.${revision}`,
      kind: "address_disabled",
      urgency: "notice",
      audience: "ops",
      merchant_id: merchantId,
      incident_id: null,
      plugin_id: null,
      title: `Merchant ${merchantId} gets no notices any more`,
      text: `${row.url ?? "The address"} ${detail}. Ask the merchant for a new one, and set it again.`,
      at: new Date(now).toISOString(),
    };
  }

  /** Where a merchant's messages go; a sentence when they cannot. Its host is judged anew: rules may have changed since it was set. */
  async destination(merchantId: string): Promise<Destination | string> {
    const row = this.#store.merchant(merchantId);
    if (!row?.sealed) return "no address is set any more";
    if (row.disabled !== null) return row.disabled;
    const { url, secret } = await openDestination(vault(this.#env), merchantId, row.sealed);
    const checked = checkMerchantUrl(url, this.#allowPrivate());
    if (!checked.ok) return "its address may not be called";
    const bytes = parseSecret(secret);
    return bytes === null ? "its secret is not a whsec_ secret" : { url, secret: bytes, format: row.format };
  }

  #revision(merchantId: string): number {
    return this.#store.merchant(merchantId)?.revision ?? 0;
  }

  #allowPrivate(): boolean {
    return this.#env.SITE_PROBE_ALLOW_PRIVATE === "true";
  }

  #write(
    merchantId: string,
    rest: Pick<MerchantNotificationsRow, "language" | "format" | "url" | "sealed" | "disabled">,
    by: string,
    action: string,
    data: Record<string, unknown>,
    now: number,
  ): MerchantNotifications {
    const { language, format, url, sealed, disabled } = rest;
    const at = new Date(now).toISOString();
    const revision = this.#revision(merchantId) + 1;
    const shown = {
      merchant_id: merchantId,
      revision,
      language,
      url,
      format,
      disabled,
      updated_at: at,
      updated_by: by,
    };
    this.#store.setMerchant({ ...shown, sealed });
    const audit = {
      id: `${merchantId}.notifications.${revision}`,
      stream: "merchants",
      at,
      actor: by,
      action,
      subject: merchantId,
      data,
    };
    const lane = `merchant/${merchantId}`;
    this.#outbox.append(
      [
        ledgerMessage(lane, { kind: "merchant_notifications", row: { ...shown, sealed } }),
        ledgerMessage(lane, { kind: "audit", row: audit }),
      ],
      now,
    );
    return shown;
  }
}
