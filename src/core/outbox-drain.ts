/**
 * Pure: which outbox rows to send next, and what an answer means for them.
 *
 * Order: rows of one lane (an incident, a release, ...) leave strictly in the order they were written. Rows of other lanes
 * need not wait for a row that its receiver refuses. A receiver that is down holds every row meant for it: the oldest
 * row carries the back-off, so an outage costs one written row per try however long the queue is.
 */

/** A waiting row without its body. Times are milliseconds since epoch. */
export interface OutboxHead {
  /** Rises with every row written. */
  id: number;
  /** The receiver. */
  kind: string;
  lane: string;
  due_at: number;
  /** Tries that found the receiver down. */
  attempts: number;
  /**
   * Tries that the receiver refused. One or more makes the row a suspect, which travels alone; more than `MAX_REJECTIONS`
   * means parked: it holds nobody up and is tried again every `PARK_MS`.
   */
  rejections: number;
}

export type Delivery =
  | { status: "delivered" }
  /** Receiver down, or the outcome unknown: nothing is wrong with the rows. */
  | { status: "unavailable"; why: string }
  /** The receiver refuses at least one row of the batch as it stands. */
  | { status: "rejected"; why: string };

export type Settlement =
  | { action: "done"; ids: number[] }
  | { action: "hold"; id: number; dueAt: number }
  | { action: "suspect"; ids: number[]; dueAt: number }
  | { action: "park"; id: number; dueAt: number; why: string };

const BACKOFF_FIRST_MS = 1_000;
export const BACKOFF_CAP_MS = 60_000;
/** Full jitter may draw zero; a receiver that is down deserves at least this much rest. */
const BACKOFF_FLOOR_MS = 200;
/** With back-off, one to two minutes of refusals: longer than a deployment of receiver and sender in the wrong order. */
export const MAX_REJECTIONS = 8;
/** A parked row is never given up: whoever mends the cause need not know of the row. */
export const PARK_MS = 6 * 3_600_000;

/** Back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter", 2015). `random` in [0, 1). */
export function backoffMs(tries: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_FIRST_MS * 2 ** Math.min(tries, 16));
  return Math.max(BACKOFF_FLOOR_MS, Math.floor(random * ceiling));
}

/** The ids that may leave now, oldest first; empty when none may. `heads` are one receiver's rows in id order. */
export function nextBatch(heads: readonly OutboxHead[], now: number, limit: number): number[] {
  const ids: number[] = [];
  for (const head of unblocked(heads, now)) {
    if (head.due_at > now) continue;
    if (head.rejections > 0) {
      // A suspect goes alone, so that its refusal says which row is meant; later rows of its lane wait behind it.
      if (ids.length === 0) ids.push(head.id);
      break;
    }
    ids.push(head.id);
    if (ids.length >= limit) break;
  }
  return ids;
}

/** When the outbox wants to be drained next, `now` or earlier when something may leave at once; null when it is empty. */
export function nextDueAt(heads: readonly OutboxHead[], now: number): number | null {
  let earliest: number | null = null;
  for (const head of unblocked(heads, now)) {
    if (earliest === null || head.due_at < earliest) earliest = head.due_at;
  }
  return earliest;
}

/** What a receiver's answer means for the batch it was given. */
export function settle(
  batch: readonly OutboxHead[],
  delivery: Delivery,
  now: number,
  random: number,
): Settlement | null {
  const first = batch[0];
  if (!first) return null;
  const ids = batch.map((head) => head.id);
  switch (delivery.status) {
    case "delivered":
      return { action: "done", ids };
    case "unavailable":
      return { action: "hold", id: first.id, dueAt: now + backoffMs(first.attempts, random) };
    case "rejected":
      if (batch.length > 1) return { action: "suspect", ids, dueAt: now };
      if (first.rejections >= MAX_REJECTIONS) {
        return { action: "park", id: first.id, dueAt: now + PARK_MS, why: delivery.why };
      }
      return { action: "suspect", ids, dueAt: now + backoffMs(first.rejections, random) };
    default:
      return delivery satisfies never;
  }
}

/** Rows with no earlier row in their way: the first row of each hold is itself included. */
function* unblocked(heads: readonly OutboxHead[], now: number): Generator<OutboxHead> {
  const heldKinds = new Set<string>();
  const heldLanes = new Set<string>();
  for (const head of heads) {
    const lane = `${head.kind}\n${head.lane}`;
    if (heldKinds.has(head.kind) || heldLanes.has(lane)) continue;
    if (head.due_at > now && head.rejections <= MAX_REJECTIONS) {
      if (head.rejections > 0) heldLanes.add(lane);
      else heldKinds.add(head.kind);
    }
    yield head;
  }
}
