/**
 * What the plugin counted. Pure state, no clock.
 * Invariants: counters only rise until the client restarts; errors of a beat are forgotten only when that beat was
 * acknowledged; memory is bounded whatever the plugin throws.
 */
import type { Counters, ErrorReport } from "../../src/contract/heartbeat.ts";
import { errorInput, fingerprintOf } from "./fingerprint.ts";
import { bounded, redacted } from "./text.ts";

/** A beat carries the most frequent ones; the others still count in `counters.errors`. */
const MAX_REPORTED = 5;
/** Distinct fingerprints held between two beats. */
const MAX_HELD = 64;
/** Failed webhooks in a row, and errors of one kind that the last beat had none of, after which the next beat should not wait. */
export const URGENT_FAILURES = 3;

type Tally = Map<string, ErrorReport>;

export class Tracker {
  readonly #counters: Counters = { errors: 0, requests: 0, webhooks_sent: 0, webhooks_failed: 0 };
  #open: Tally = new Map();
  /** Those in a beat that is not acknowledged yet. */
  #sent: Tally = new Map();
  /** Those in the last beat that was acknowledged: known, and no news. */
  #told: Tally = new Map();
  #failuresInRow = 0;

  /** Returns true at the third of a kind that the last beat had none of. */
  trackError(thrown: unknown): boolean {
    const error = errorInput(thrown);
    const fingerprint = fingerprintOf(error);
    this.#counters.errors++;
    const count = add(this.#open, { fingerprint, message: shown(error.message), count: 1 });
    return count === URGENT_FAILURES && !this.#told.has(fingerprint);
  }

  trackRequest(): void {
    this.#counters.requests++;
  }

  /** Returns true at every third failure in a row. */
  trackWebhook(ok: boolean): boolean {
    this.#counters.webhooks_sent++;
    if (ok) {
      this.#failuresInRow = 0;
      return false;
    }
    this.#counters.webhooks_failed++;
    this.#failuresInRow++;
    return this.#failuresInRow % URGENT_FAILURES === 0;
  }

  /** Counters and the top errors for a new beat. A beat that was never acknowledged is taken back first. */
  take(): { counters: Counters; errors: ErrorReport[] } {
    this.takeBack();
    this.#sent = this.#open;
    this.#open = new Map();
    const errors = [...this.#sent.values()].sort((a, b) => b.count - a.count).slice(0, MAX_REPORTED);
    return { counters: { ...this.#counters }, errors };
  }

  /** The last taken beat was answered: its errors are known to the control plane. */
  acknowledge(): void {
    this.#told = this.#sent;
    this.#sent = new Map();
  }

  /** The last taken beat will not be sent again: its errors belong to the next one. */
  takeBack(): void {
    for (const report of this.#sent.values()) add(this.#open, report);
    this.#sent = new Map();
  }
}

function shown(message: string): string {
  return bounded(redacted(message.slice(0, 1000)), 300);
}

/** Returns how many of its kind there are. */
function add(tally: Tally, report: ErrorReport): number {
  const known = tally.get(report.fingerprint);
  if (known !== undefined) {
    known.count += report.count;
    return known.count;
  }
  if (tally.size >= MAX_HELD) {
    const rarest = [...tally.values()].reduce((a, b) => (b.count < a.count ? b : a));
    tally.delete(rarest.fingerprint);
  }
  tally.set(report.fingerprint, { ...report });
  return report.count;
}
