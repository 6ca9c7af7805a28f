/**
 * Carries an object's outbox to its receivers. At least once: a row is forgotten only after its receiver has taken it,
 * so receivers dedupe. One run at a time per object, although its awaits let other events in.
 */
import { type Delivery, settle } from "../../src/core/outbox-drain.ts";
import type { OutboxRow, OutboxStore } from "./outbox-store.ts";

/** Sends rows of one kind, in order. A throw means the outcome is unknown: the rows are sent again. */
export type Deliver = (rows: readonly OutboxRow[]) => Promise<Delivery>;

const BATCH_ROWS = 50;
/** Bounds one run, so that a long queue never holds the object; `nextDue` then asks for the next run at once. */
const MAX_BATCHES_PER_RUN = 40;

interface DrainOptions {
  /** For the log: the object's class and name. */
  owner: string;
  store: OutboxStore;
  receivers: Readonly<Record<string, Deliver>>;
}

export class OutboxDrain {
  readonly #options: DrainOptions;
  #busy = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Sends what is due; resolves when nothing more may leave now. Never rejects for a receiver's failure. */
  run(): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      this.#running = this.#drain();
    }
    return this.#running;
  }

  async #drain(): Promise<void> {
    const { store } = this.#options;
    try {
      for (let batches = 0; batches < MAX_BATCHES_PER_RUN; batches++) {
        const rows = store.due(Date.now(), BATCH_ROWS);
        if (rows.length === 0) return;
        const delivery = await this.#deliver(rows);
        const settlement = settle(rows, delivery, Date.now(), Math.random());
        if (!settlement) return;
        store.settle(settlement);
        if (delivery.status !== "delivered") this.#report(rows, delivery, settlement.action);
      }
    } finally {
      // In the same turn as the last look at the queue: a row appended later starts a run of its own.
      this.#busy = false;
    }
  }

  async #deliver(rows: readonly OutboxRow[]): Promise<Delivery> {
    const kind = rows[0]?.kind ?? "";
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
