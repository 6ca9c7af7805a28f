/**
 * Carries an object's outbox to its receivers. At least once: a row is forgotten only after its receiver has taken it,
 * so receivers dedupe. Receivers do not wait for each other; each has one run at a time, although its awaits let other
 * events in.
 */
import { type Delivery, settle } from "../../src/core/outbox-drain.ts";
import type { OutboxRow, OutboxStore } from "./outbox-store.ts";

/** Sends rows of one kind, in order. A throw means the outcome is unknown: the rows are sent again. */
export type Deliver = (rows: readonly OutboxRow[]) => Promise<Delivery>;

const BATCH_ROWS = 50;
/** Bounds one run per receiver, so that a long queue never holds the object; `nextDue` then asks for the next run at once. */
const MAX_BATCHES_PER_RUN = 40;

interface DrainOptions {
  /** For the log: the object's class and name. */
  owner: string;
  store: OutboxStore;
  receivers: Readonly<Record<string, Deliver>>;
}

export class OutboxDrain {
  readonly #options: DrainOptions;
  readonly #running = new Map<string, Promise<void>>();

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Sends what is due; resolves when nothing more may leave now. Never rejects for a receiver's failure. */
  async run(): Promise<void> {
    const kinds = new Set([...this.#options.store.kinds(), ...this.#running.keys()]);
    await Promise.all([...kinds].map((kind) => this.#running.get(kind) ?? this.#start(kind)));
  }

  #start(kind: string): Promise<void> {
    const { store } = this.#options;
    const drain = async () => {
      // The map entry is set before the first look at the queue and removed in the same turn as the last one, so that a
      // row appended at any time is either seen by this run or starts one of its own.
      await null;
      try {
        for (let batches = 0; batches < MAX_BATCHES_PER_RUN; batches++) {
          const rows = store.due(kind, Date.now(), BATCH_ROWS);
          if (rows.length === 0) return;
          const delivery = await this.#deliver(kind, rows);
          const settlement = settle(rows, delivery, Date.now(), Math.random());
          if (!settlement) return;
          store.settle(settlement);
          if (delivery.status !== "delivered") this.#report(rows, delivery, settlement.action);
        }
      } finally {
        this.#running.delete(kind);
      }
    };
    const running = drain();
    this.#running.set(kind, running);
    return running;
  }

  async #deliver(kind: string, rows: readonly OutboxRow[]): Promise<Delivery> {
    const deliver = this.#options.receivers[kind];
    if (!deliver) return { status: "rejected", why: `no receiver for "${kind}"` };
    try {
      return await deliver(rows);
    } catch (error) {
      return { status: "unavailable", why: error instanceof Error ? error.message : String(error) };
    }
  }

  #report(rows: readonly OutboxRow[], delivery: Exclude<Delivery, { status: "delivered" }>, action: string) {
    const event = {
      event: "outbox",
      owner: this.#options.owner,
      kind: rows[0]?.kind,
      lane: rows[0]?.lane,
      rows: rows.length,
      status: delivery.status,
      action,
      why: delivery.why,
    };
    if (action === "park") console.error(JSON.stringify(event));
    else console.warn(JSON.stringify(event));
  }
}
