import { describe, expect, it } from "vitest";
import {
  BACKOFF_CAP_MS,
  backoffMs,
  MAX_REJECTIONS,
  nextBatch,
  nextDueAt,
  type OutboxHead,
  PARK_MS,
  settle,
} from "../../src/core/outbox-drain.ts";

const T0 = 1_800_000_000_000;
const aHead = (overrides: Partial<OutboxHead> & { id: number }): OutboxHead => ({
  kind: "ledger",
  lane: "inc_1",
  due_at: T0,
  attempts: 0,
  rejections: 0,
  ...overrides,
});

describe("choice of the next batch", () => {
  it("takes rows in order, up to the limit", () => {
    const heads = [aHead({ id: 1 }), aHead({ id: 3, lane: "inc_2" }), aHead({ id: 4 })];
    expect(nextBatch(heads, T0, 10)).toEqual([1, 3, 4]);
    expect(nextBatch(heads, T0, 2)).toEqual([1, 3]);
    expect(nextBatch([], T0, 2)).toEqual([]);
  });

  it("holds every row of a receiver that is down", () => {
    const heads = [aHead({ id: 1, attempts: 1, due_at: T0 + 500 }), aHead({ id: 2, lane: "inc_2" })];
    expect(nextBatch(heads, T0, 10)).toEqual([]);
    expect(nextBatch(heads, T0 + 500, 10)).toEqual([1, 2]);
  });

  it("lets other incidents pass a refused row, but not its own", () => {
    const heads = [
      aHead({ id: 1, rejections: 1, due_at: T0 + 500 }),
      aHead({ id: 2 }),
      aHead({ id: 3, lane: "inc_2" }),
    ];
    expect(nextBatch(heads, T0, 10)).toEqual([3]);
  });

  it("lets its own incident pass a parked row, and tries that again when its time has come", () => {
    const heads = [aHead({ id: 1, rejections: MAX_REJECTIONS + 1, due_at: T0 + PARK_MS }), aHead({ id: 2 })];
    expect(nextBatch(heads, T0, 10)).toEqual([2]);
    expect(nextDueAt(heads.slice(0, 1), T0)).toBe(T0 + PARK_MS);
    expect(nextBatch(heads, T0 + PARK_MS, 10)).toEqual([1]);
  });

  it("sends a suspect alone, after what is before it", () => {
    const heads = [aHead({ id: 1, lane: "inc_2" }), aHead({ id: 2, rejections: 1 }), aHead({ id: 3 })];
    expect(nextBatch(heads, T0, 10)).toEqual([1]);
    expect(nextBatch(heads.slice(1), T0, 10)).toEqual([2]);
  });
});

describe("next drain", () => {
  it("is when the first row that waits for nobody is due", () => {
    expect(nextDueAt([], T0)).toBeNull();
    expect(nextDueAt([aHead({ id: 1 })], T0)).toBe(T0);
    const held = [aHead({ id: 1, attempts: 1, due_at: T0 + 9_000 }), aHead({ id: 2 })];
    expect(nextDueAt(held, T0)).toBe(T0 + 9_000);
    expect(nextDueAt([...held, aHead({ id: 3, kind: "feed", due_at: T0 + 50 })], T0)).toBe(T0 + 50);
  });
});

describe("settlement", () => {
  const batch = [aHead({ id: 1 }), aHead({ id: 2, lane: "inc_2" })];

  it("forgets what was delivered", () => {
    expect(settle(batch, { status: "delivered" }, T0, 0)).toEqual({ action: "done", ids: [1, 2] });
  });

  it("lets the oldest row carry the back-off of a receiver that is down", () => {
    expect(settle(batch, { status: "unavailable", why: "refused" }, T0, 0.5)).toEqual({
      action: "hold",
      id: 1,
      dueAt: T0 + 500,
    });
  });

  it("finds the refused row of a batch by sending each alone, at once", () => {
    expect(settle(batch, { status: "rejected", why: "bad" }, T0, 0.5)).toEqual({
      action: "suspect",
      ids: [1, 2],
      dueAt: T0,
    });
  });

  it("tries a refused row again with back-off, then parks it with the reason", () => {
    const rejected = { status: "rejected", why: "bad" } as const;
    expect(settle([aHead({ id: 1, rejections: 1 })], rejected, T0, 0.5)).toEqual({
      action: "suspect",
      ids: [1],
      dueAt: T0 + 1_000,
    });
    expect(settle([aHead({ id: 1, rejections: MAX_REJECTIONS })], rejected, T0, 0.5)).toEqual({
      action: "park",
      id: 1,
      dueAt: T0 + PARK_MS,
      why: "bad",
    });
  });

  it("backs off with full jitter, between a floor and a cap, for ever", () => {
    expect(backoffMs(0, 0)).toBe(200);
    expect(backoffMs(3, 0.5)).toBe(4_000);
    expect(backoffMs(1_000, 0.999_999)).toBeLessThanOrEqual(BACKOFF_CAP_MS);
    expect(backoffMs(1_000, 0.999_999)).toBeGreaterThan(BACKOFF_CAP_MS - 1_000);
  });
});
