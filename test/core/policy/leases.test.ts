import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  grantLease,
  LEASE_MARGIN_MS,
  LEASE_MS,
  outstandingUntil,
  releaseLease,
  reopenedBook,
} from "../../../src/core/policy/leases.ts";

const T0 = 1_800_000_000_000;
const END = LEASE_MS + LEASE_MARGIN_MS;
const empty = reopenedBook(0);

describe("leases", () => {
  it("are out until released or over, and for longer than their holder may use them", () => {
    const { book, horizon } = grantLease(empty, "a", T0);
    expect(horizon).toBe(T0 + END);
    expect(outstandingUntil(book, T0)).toBe(T0 + END);
    expect(outstandingUntil(book, T0 + LEASE_MS)).toBe(T0 + END);
    expect(outstandingUntil(book, T0 + END)).toBeNull();
    expect(outstandingUntil(releaseLease(book, "a"), T0)).toBeNull();
  });

  it("are released only by their id, once", () => {
    const { book } = grantLease(empty, "a", T0);
    expect(outstandingUntil(releaseLease(book, "guess"), T0)).toBe(T0 + END);
    const released = releaseLease(book, "a");
    expect(releaseLease(released, "a")).toBe(released);
  });

  it("end with the last of them", () => {
    const first = grantLease(empty, "a", T0).book;
    const { book } = grantLease(first, "b", T0 + 500);
    expect(outstandingUntil(book, T0 + 500)).toBe(T0 + 500 + END);
    expect(outstandingUntil(releaseLease(book, "b"), T0 + 500)).toBe(T0 + END);
    expect(outstandingUntil(book, T0 + 500, new Set(["a"]))).toBe(T0 + END);
  });

  it("from before a loss of memory are assumed to be out until the stored horizon, whatever is released", () => {
    const book = reopenedBook(T0 + 900);
    expect(outstandingUntil(book, T0, new Set())).toBe(T0 + 900);
    expect(outstandingUntil(releaseLease(book, "a"), T0)).toBe(T0 + 900);
    expect(outstandingUntil(book, T0 + 900)).toBeNull();
  });

  it("that are over leave the book", () => {
    let book = empty;
    for (let i = 0; i < 1_000; i++) book = grantLease(book, `l${i}`, T0 + i * 100).book;
    expect(book.known.size).toBeLessThan(30);
  });
});

/** One request for a lease; its command leaves so long after, if it may still; then the lease is given back, or never. */
const aHandOver = fc.record({
  askedAt: fc.integer({ min: 0, max: 30_000 }),
  leavesAfter: fc.integer({ min: 0, max: 2 * LEASE_MS }),
  givenBack: fc.boolean(),
});

describe("the kill switch among hand-overs", () => {
  it("Invariant 2: answers only when no lease is out: no command leaves afterwards, whatever is asked, released or forgotten", () => {
    fc.assert(
      fc.property(
        fc.array(aHandOver, { maxLength: 30 }),
        fc.integer({ min: 0, max: 30_000 }),
        /** The authority loses its memory then, and reopens with the horizon it had stored. */
        fc.option(fc.integer({ min: 0, max: 35_000 })),
        (drawn, killedAt, forgetsAt) => {
          let book = reopenedBook(0);
          let stored = 0;
          /** Moments at which commands leave: a lease may be used for LEASE_MS from its grant. */
          const leave: number[] = [];
          const asked = drawn
            .filter(({ askedAt }) => askedAt < killedAt)
            .map((one, i) => ({ ...one, id: `l${i}` }));
          const moments = [
            ...asked.map((one) => ({ at: one.askedAt, what: "grant" as const, one })),
            ...asked
              .filter(({ givenBack }) => givenBack)
              .map((one) => ({ at: one.askedAt + one.leavesAfter, what: "release" as const, one })),
            ...(forgetsAt === null ? [] : [{ at: forgetsAt, what: "forget" as const, one: null }]),
          ].sort((a, b) => a.at - b.at);
          let answered: number | null = null;
          for (const { at, what, one } of [...moments, { at: 1e6, what: "end" as const, one: null }]) {
            // The kill switch waits, and looks again at every change of the book.
            if (answered === null && at >= killedAt) {
              const until = outstandingUntil(book, killedAt);
              if (until === null) answered = killedAt;
              else if (until <= at) answered = until;
            }
            if (what === "grant" && one) {
              const granted = grantLease(book, one.id, at);
              book = granted.book;
              stored = Math.max(stored, granted.horizon);
              if (one.leavesAfter < LEASE_MS) leave.push(at + one.leavesAfter);
            } else if (what === "release" && one) {
              book = releaseLease(book, one.id);
              if (answered === null && at >= killedAt && outstandingUntil(book, at) === null) answered = at;
            } else if (what === "forget") book = reopenedBook(stored);
          }
          expect(answered).not.toBeNull();
          for (const at of leave) expect(at).toBeLessThanOrEqual(answered ?? 0);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
