/**
 * Sends what is queued for one audience: each reader's messages in order, a few readers at a time. At least once; `webhook-id` is the same
 * at every try. A receiver that hangs keeps one place for as long as a call may take, and nobody else waits for it.
 */
import type { Audience } from "../../src/contract/notification.ts";
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
/** A run begins no more after this: while an alarm waits for it, no other rings, and digests and tries at ops wait with it. */
const RUN_MS = 20_000;
/** Then the others have their turn: a reader that takes its time shall not take theirs. */
const MOST_IN_A_ROW = 10;

/** Ops have a sender of their own: however many receivers of merchants hang, a page leaves at once. */
export interface SenderLane {
  audience: Audience;
  readersAtATime: number;
}

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
  readonly #lane: SenderLane;
  readonly #ports: SenderPorts;
  /** The readers who are being sent to. */
  readonly #sending = new Map<string, Promise<void>>();
  #share = { left: 0, until: 0 };
  #turns = 0;

  constructor(lane: SenderLane, ports: SenderPorts) {
    this.#lane = lane;
    this.#ports = ports;
  }

  /**
   * Resolves when nothing more may leave now, or the run has sent its share. What is queued while a run is under way takes a free
   * place in it. Never rejects for a receiver's failure.
   */
  async run(): Promise<void> {
    if (!this.busy) this.#share = { left: MOST_PER_RUN, until: Date.now() + RUN_MS };
    this.#fill();
    while (this.busy) await Promise.race(this.#sending.values());
  }

  get audience(): Audience {
    return this.#lane.audience;
  }

  get busy(): boolean {
    return this.#sending.size > 0;
  }

  #fill(): void {
    const { audience, readersAtATime } = this.#lane;
    while (this.#sending.size < readersAtATime && this.#share.left > 0) {
      const now = Date.now();
      if (now >= this.#share.until) return;
      // Every other turn is for whoever is not known to be down: many that are must not use up all places.
      const untriedFirst = this.#turns++ % 2 === 0;
      const reader = this.#ports.store.nextReader(audience, now, [...this.#sending.keys()], untriedFirst);
      if (reader === null) return;
      const sending = this.#sendTo(reader)
        .finally(() => this.#sending.delete(reader))
        .then(() => this.#fill());
      this.#sending.set(reader, sending);
    }
  }

  async #sendTo(reader: string): Promise<void> {
    for (let count = 0; count < MOST_IN_A_ROW && this.#share.left > 0; count++) {
      const send = this.#ports.store.nextSend(reader, Date.now());
      if (send === null) return;
      this.#share.left -= 1;
      const result = await this.#post(reader, send.letter);
      this.#ports.transaction(() => this.#settle(send, result, Date.now()));
      if (result.status === "failed") return;
    }
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
