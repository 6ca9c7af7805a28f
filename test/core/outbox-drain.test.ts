import fc from "fast-check";
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

interface Row extends OutboxHead {
  revision: number;
}

/** One moment of an object's life: rows that a change writes, and how the receiver answers the next batch. */
const aMoment = fc.record({
  waitMs: fc.integer({ min: 0, max: 90_000 }),
  writes: fc.array(fc.nat(3), { maxLength: 4 }),
  answer: fc.constantFrom("delivered", "down", "delivered, answer lost", "part refused"),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

describe("any order of writes, outages, lost answers and refusals", () => {
  it("Invariant 6: once the receiver answers again it holds the newest revision of everything, in order, none lost or doubled", () => {
    fc.assert(
      fc.property(fc.array(aMoment, { maxLength: 80 }), (moments) => {
        let now = T0;
        let waiting: Row[] = [];
        let nextId = 1;
        const written = new Map<string, number>();
        /** As Postgres does: stored by id and revision, a repeat changes nothing. */
        const stored = new Map<string, number>();
        const parked = new Set<string>();
        const receive = (rows: readonly Row[]) => {
          for (const { lane, revision } of rows) {
            const held = stored.get(lane) ?? 0;
            if (revision > held) {
              // A parked row holds nobody up: its lane goes on without it, and the newest counts.
              if (!parked.has(lane)) expect(revision, `${lane} in order`).toBe(held + 1);
              stored.set(lane, revision);
            }
          }
        };
        const drain = (answer: (typeof moments)[number]["answer"], random: number) => {
          const ids = new Set(nextBatch(waiting, now, 10));
          const batch = waiting.filter(({ id }) => ids.has(id));
          if (batch.length === 0) return;
          // Only what travels alone can be told to be at fault.
          const refused = answer === "part refused";
          const arrives = answer === "delivered" || answer === "delivered, answer lost";
          if (arrives) receive(batch);
          const delivery =
            answer === "delivered"
              ? ({ status: "delivered" } as const)
              : ({ status: refused ? "rejected" : "unavailable", why: "test" } as const);
          const settled = settle(batch, delivery, now, random);
          if (settled?.action === "done") waiting = waiting.filter(({ id }) => !settled.ids.includes(id));
          else if (settled?.action === "hold")
            waiting = waiting.map((row) =>
              row.id === settled.id ? { ...row, attempts: row.attempts + 1, due_at: settled.dueAt } : row,
            );
          else if (settled) {
            const ids = settled.action === "park" ? [settled.id] : settled.ids;
            if (settled.action === "park") for (const { lane } of batch) parked.add(lane);
            waiting = waiting.map((row) =>
              ids.includes(row.id) ? { ...row, rejections: row.rejections + 1, due_at: settled.dueAt } : row,
            );
          }
        };
        for (const { waitMs, writes, answer, random } of moments) {
          now += waitMs;
          for (const subject of writes) {
            const lane = `inc_${subject}`;
            const revision = (written.get(lane) ?? 0) + 1;
            written.set(lane, revision);
            waiting.push({ ...aHead({ id: nextId++, lane, due_at: now }), revision });
          }
          drain(answer, random);
        }
        for (let i = 0; waiting.length > 0 && i < 2_000; i++) {
          now = Math.max(now, nextDueAt(waiting, now) ?? now);
          drain("delivered", 0);
        }
        expect(waiting).toEqual([]);
        expect(stored).toEqual(written);
      }),
      { numRuns: 500 },
    );
  });
});
