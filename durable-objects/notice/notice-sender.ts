/**
 * Sends what is queued: each reader's messages in order, a few readers at a time, one run at a time. At least once; `webhook-id` is the
 * same at every try.
 */
import { merchantOf } from "../../src/core/notice/admission.ts";
import { bodyOf } from "../../src/core/notice/body.ts";
import { GIVE_UP_MS, retryMs } from "../../src/core/notice/retry.ts";
import { sha256Hex } from "../../src/crypto/digest.ts";
import type { Destination } from "../../src/services/notify-address.ts";
import { type NotifyResult, sendNotice } from "../../src/services/notify-service.ts";
import type { NoticeDesk } from "./notice-desk.ts";
import type { NoticeStore, Send, StoredLetter } from "./notice-store.ts";

/** Messages of one run: what is left is due at once, and the alarm goes on with it. */
const MOST_PER_RUN = 200;
const READERS_AT_A_TIME = 4;
/** Then the others have their turn: a reader that takes its time shall not take theirs. */
const MOST_IN_A_ROW = 10;

export interface SenderPorts {
  store: NoticeStore;
  desk: NoticeDesk;
  transaction(change: () => void): void;
  /** Where a reader's messages go; a sentence when that is not known at the moment. */
  destination(reader: string): Promise<Destination | string>;
  /** A merchant's receiver wants nothing more: gives up all that waits for it. Inside a transaction. */
  gone(reader: string, detail: string, now: number): void;
}

export class NoticeSender {
  readonly #ports: SenderPorts;
  #running: Promise<void> | null = null;

  constructor(ports: SenderPorts) {
    this.#ports = ports;
  }

  /** Resolves when nothing more may leave now, or this run has sent its share. Never rejects for a receiver's failure. */
  run(): Promise<void> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  get busy(): boolean {
    return this.#running !== null;
  }

  async #drain(): Promise<void> {
    const { store } = this.#ports;
    let left = MOST_PER_RUN;
    while (left > 0) {
      const readers = store.readersDue(Date.now(), READERS_AT_A_TIME);
      if (readers.length === 0) return;
      const share = Math.max(1, Math.min(MOST_IN_A_ROW, Math.floor(left / readers.length)));
      const counts = await Promise.all(readers.map((reader) => this.#drainReader(reader, share)));
      left -= counts.reduce((sum, count) => sum + count, 0);
    }
  }

  async #drainReader(reader: string, most: number): Promise<number> {
    for (let count = 0; count < most; count++) {
      const send = this.#ports.store.nextSend(reader, Date.now());
      if (send === null) return count;
      const result = await this.#post(reader, send.letter);
      this.#ports.transaction(() => this.#settle(send, result, Date.now()));
      if (result.status === "failed") return count + 1;
    }
    return most;
  }

  async #post(reader: string, letter: StoredLetter): Promise<NotifyResult> {
    try {
      const destination = await this.#ports.destination(reader);
      if (typeof destination === "string")
        return { status: "failed", retryable: true, gone: false, detail: destination };
      return await post(letter, destination);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { status: "failed", retryable: true, gone: false, detail: detail.slice(0, 200) };
    }
  }

  #settle(send: Send, result: NotifyResult, now: number): void {
    const { store, desk } = this.#ports;
    if (result.status === "sent") {
      store.sent(send.number);
      return desk.settle(send.letter, { status: "sent", sent_at: new Date(now).toISOString() }, now);
    }
    const { detail } = result;
    if (result.gone && merchantOf(send.reader) !== null) return this.#ports.gone(send.reader, detail, now);
    const told = { event: "notice", id: send.letter.row.id, reader: send.reader, why: detail };
    if (now - send.since >= GIVE_UP_MS) {
      console.error(JSON.stringify({ ...told, action: "give_up" }));
      store.sent(send.number);
      return desk.settle(send.letter, { status: "failed", detail: `given up: ${detail}` }, now);
    }
    console.warn(JSON.stringify({ ...told, action: "retry", tries: send.tries + 1 }));
    store.retry(send, now + retryMs(send.tries + 1, Math.random()), result.retryable);
  }
}

/** Sends one message now. */
export async function post(letter: StoredLetter, destination: Destination): Promise<NotifyResult> {
  const body = bodyOf(letter, destination.format);
  return sendNotice({ id: await webhookId(letter), body }, destination);
}

/** A merchant gets no id of ours; nobody gets one with a dot, which parts what is signed. */
async function webhookId({ row }: StoredLetter): Promise<string> {
  return row.audience === "merchant"
    ? `msg_${(await sha256Hex(row.id)).slice(0, 32)}`
    : row.id.replaceAll(".", "_");
}
