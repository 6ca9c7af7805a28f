/**
 * From records to messages: for each reader whether it leaves now, waits for a digest, or is no news. Synchronous throughout: its
 * caller commits it in one transaction with the ledger rows.
 */
import type { IncidentType } from "../../src/contract/incident.ts";
import type { NotificationRecord, NotificationRow } from "../../src/contract/notification.ts";
import {
  admitNotice,
  impliedNews,
  limitOf,
  newsAbout,
  newsKey,
  type Reader,
  readerKey,
  SAME_NEWS_MS,
  SEEN_MS,
} from "../../src/core/notice/admission.ts";
import { opsPath } from "../../src/core/notice/body.ts";
import { DIGEST_MOST, digestOf } from "../../src/core/notice/digest.ts";
import { endsNews, isOver } from "../../src/core/notice/good-end.ts";
import { merchantText, shopLink } from "../../src/core/notice/merchant-text.ts";
import { readersOf } from "../../src/core/notice/readers.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import { ledgerMessage } from "../outbox/receivers.ts";
import type { NoticeStore, StoredLetter } from "./notice-store.ts";

/** How long an incident that a reader was told of may take to be over, for the end of it to be told too. */
const ABOUT_MS = 14 * 86_400_000;
/** Longer than any storm; should the word of its end be lost, merchants hear of their shops again after this. */
const STORM_MS = 24 * 3_600_000;
/** The producer's row has revision 1; the desk's first has 2. */
const DESK_REVISION = 2;

export interface DeskSettings {
  opsReachable: boolean;
  /** Origin of the dashboard. */
  publicUrl: string;
}

export class NoticeDesk {
  readonly #store: NoticeStore;
  readonly #outbox: OutboxStore;

  constructor(store: NoticeStore, outbox: OutboxStore) {
    this.#store = store;
    this.#outbox = outbox;
  }

  take(record: NotificationRecord, settings: DeskSettings, now: number): void {
    this.#followStorm(record, now);
    const stormy = record.facts !== undefined && this.#store.seenAt(stormKey(record.facts.type)) !== null;
    for (const reader of readersOf(record, stormy)) this.#tell(record, reader, settings, now);
  }

  #followStorm({ kind, storm }: NotificationRecord, now: number): void {
    if (storm === undefined) return;
    if (kind === "fleet_incident_opened") this.#store.remember(stormKey(storm), now, STORM_MS);
    else this.#store.forget(stormKey(storm));
  }

  #tell(record: NotificationRecord, reader: Reader, settings: DeskSettings, now: number): void {
    const key = readerKey(reader);
    const idKey = `id|${key}|${record.id}`;
    if (this.#store.seenAt(idKey) !== null) return;
    const letter = this.#letter(record, reader, settings);
    // A merchant who never asked for notices gets no row either.
    if (letter === null) return;
    this.#store.remember(idKey, now, SEEN_MS);

    const subject = record.incident_id ?? record.fleet_incident_id ?? null;
    const aboutKey = `about|${key}|${subject}`;
    if (record.kind === "incident_resolved" && this.#store.seenAt(aboutKey) === null) return;

    const news = `news|${newsKey(record, reader)}`;
    const bucketKey = `${key}.${record.urgency}`;
    const standing = {
      reachable: reader.audience === "merchant" || settings.opsReachable,
      toldAt: this.#store.seenAt(news),
      bucket: this.#store.bucket(bucketKey),
    };
    const { status, detail, bucket } = admitNotice(record, reader, standing, now);
    const row = { ...letter.row, status, detail };
    this.#record(row, now);
    if (status === "skipped") return;
    if (endsNews(record.kind)) this.#store.forgetAll(`news|${newsAbout(record, reader)}`);
    else
      for (const told of [newsKey(record, reader), ...impliedNews(record, reader)])
        this.#store.remember(`news|${told}`, now, SAME_NEWS_MS);
    if (bucket) this.#store.setBucket(bucketKey, bucket);
    // Once it is healed or over, its end is no more news.
    if (isOver(record)) this.#store.forget(aboutKey);
    else if (subject !== null) this.#store.remember(aboutKey, now, ABOUT_MS);
    if (status === "held")
      this.#store.hold(key, { ...letter, row }, now + limitOf(reader, record.urgency).digestAfterMs);
    else this.#store.queue(key, { ...letter, row }, now);
  }

  /** Null for a merchant without an address, and for what concerns none. */
  #letter(record: NotificationRecord, reader: Reader, settings: DeskSettings): StoredLetter | null {
    const { facts, storm: _storm, called_by: _calledBy, ...row } = record;
    if (reader.audience === "ops") {
      const link = `${originOf(settings.publicUrl)}${opsPath(record)}`;
      return { row: { ...row, audience: "ops", revision: DESK_REVISION }, language: "en", link };
    }
    const address = this.#store.merchant(reader.merchantId);
    if (!address?.sealed || address.disabled !== null) return null;
    const { language } = address;
    const text = facts ? merchantText(record.kind, facts, language) : record;
    if (text === null) return null;
    const { title, text: body } = text;
    return {
      row: {
        ...row,
        id: `${record.id}.merchant`,
        audience: "merchant",
        title: title.slice(0, 200),
        text: body.slice(0, 2000),
        revision: DESK_REVISION,
      },
      language,
      link: shopLink(facts?.site_url ?? null),
    };
  }

  /** Turns what a reader's digest was due for into one message; the rest of a long queue is due with the next alarm. */
  digest(reader: string, settings: DeskSettings, now: number): void {
    const held = this.#store.takeHeld(reader, DIGEST_MOST);
    const [first] = held;
    if (!first) return;
    const { language, link } = first;
    const id = `digest.${this.#store.nextDigestNumber()}.${reader}`;
    const merchantId = first.row.audience === "merchant" ? (first.row.merchant_id ?? null) : null;
    const row: NotificationRow = {
      id,
      kind: "digest",
      ...digestOf(
        held.map(({ row: { kind, urgency, title } }) => ({ kind, urgency, title })),
        language,
      ),
      audience: first.row.audience,
      merchant_id: merchantId,
      incident_id: null,
      plugin_id: null,
      at: new Date(now).toISOString(),
      revision: DESK_REVISION,
      status: "queued",
    };
    const ops = `${originOf(settings.publicUrl)}${opsPath(row)}`;
    this.#store.queue(reader, { row, language, link: merchantId === null ? ops : link }, now);
    this.#record(row, now);
    for (const letter of held) this.settle(letter, { status: "digested", digest_id: id }, now);
  }

  /** Everything that waits for this reader is given up: its receiver wants nothing more. */
  drop(reader: string, why: string, now: number): void {
    const waiting = this.#store.allSends(reader);
    for (const { number, letter } of waiting) {
      this.#store.sent(number);
      this.settle(letter, { status: "failed", detail: why }, now);
    }
    for (const letter of this.#store.takeHeld(reader, DIGEST_MOST))
      this.settle(letter, { status: "failed", detail: why }, now);
  }

  /** Records what became of a message. */
  settle(
    { row }: Pick<StoredLetter, "row">,
    outcome: Pick<NotificationRow, "status" | "detail" | "digest_id" | "sent_at">,
    now: number,
  ): void {
    this.#record({ ...row, detail: null, ...outcome, revision: (row.revision ?? 1) + 1 }, now);
  }

  #record(row: NotificationRow, now: number): void {
    this.#outbox.append([ledgerMessage(row.id, { kind: "notification", row })], now);
  }
}

function originOf(publicUrl: string): string {
  return publicUrl.replace(/\/+$/, "");
}

function stormKey(type: IncidentType): string {
  return `storm|${type}`;
}
