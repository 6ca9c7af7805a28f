/**
 * How long the last admission may let a command out, and the wait of whoever stops it. A plugin's object uses an admission within
 * the policy's lease, which it asked for before (`durable-objects/plugin/hand-over.ts`): no command leaves later than one lease
 * after its admission. The end of the newest is stored, so that an eviction forgets no promise.
 */
import { LEASE_TOTAL_MS, leaseEnd } from "../../src/core/policy/leases.ts";

const HORIZON_KEY = "admission_horizon";

export class AdmissionLease {
  readonly #kv: SyncKvStorage;
  #until: number;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#until = kv.get<number>(HORIZON_KEY) ?? 0;
  }

  /** Milliseconds since the epoch; past when nothing is out. */
  get until(): number {
    return this.#until;
  }

  /** Somebody was admitted. The platform holds the answer back until it is durable. */
  given(now: number): void {
    if (leaseEnd(now) <= this.#until) return;
    this.#until = leaseEnd(now);
    this.#kv.put(HORIZON_KEY, this.#until);
  }

  /** Resolves when no admission that was given before the call lets anything out any more. */
  async settled(now: number): Promise<void> {
    const leftMs = Math.min(this.#until - now, LEASE_TOTAL_MS);
    // One millisecond more: a timer may fire within the last one.
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs + 1));
  }
}
