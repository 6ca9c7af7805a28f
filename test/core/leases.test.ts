import { describe, expect, it } from "vitest";
import {
  grantLease,
  LEASE_MARGIN_MS,
  LEASE_MS,
  outstandingUntil,
  releaseLease,
  reopenedBook,
} from "../../src/core/leases.ts";

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
