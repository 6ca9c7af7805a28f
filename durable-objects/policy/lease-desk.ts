/**
 * The authority's open leases: in memory while it lives, with the latest end stored so that an eviction forgets no
 * promise. Waiting is driven by releases and by one timer, never by polling.
 */
import {
  grantLease,
  LEASE_MS,
  type LeaseBook,
  outstandingUntil,
  releaseLease,
  reopenedBook,
} from "../../src/core/policy/leases.ts";

const HORIZON_KEY = "lease_horizon";

export class LeaseDesk {
  readonly #kv: SyncKvStorage;
  #book: LeaseBook;
  #storedHorizon: number;
  /** Those who wait for leases to end; told at every release. */
  readonly #waiting = new Set<() => void>();

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#storedHorizon = kv.get<number>(HORIZON_KEY) ?? 0;
    this.#book = reopenedBook(this.#storedHorizon);
  }

  /** A new lease. The platform holds the answer back until the horizon is durable. */
  grant(now: number): { lease_id: string; lease_ms: number } {
    const lease_id = crypto.randomUUID();
    const { book, horizon } = grantLease(this.#book, lease_id, now);
    this.#book = book;
    if (horizon > this.#storedHorizon) {
      this.#kv.put(HORIZON_KEY, horizon);
      this.#storedHorizon = horizon;
    }
    return { lease_id, lease_ms: LEASE_MS };
  }

  release(leaseId: string): void {
    this.#book = releaseLease(this.#book, leaseId);
    for (const tell of this.#waiting) tell();
  }

  /**
   * Resolves when every lease that is out at the moment of the call has been released or is over. Leases given later do
   * not matter to the caller: they were given under a policy that is newer than its own.
   */
  async settled(): Promise<void> {
    const among = new Set(this.#book.known.keys());
    for (;;) {
      const until = outstandingUntil(this.#book, Date.now(), among);
      if (until === null) return;
      await this.#releaseOrTime(until);
    }
  }

  #releaseOrTime(until: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      // One millisecond more: a timer may fire within the last one.
      const timer = setTimeout(wake, Math.max(0, until - Date.now()) + 1);
      this.#waiting.add(wake);
    });
  }
}
