import { describe, expect, it } from "vitest";
import { Instant } from "../../src/contract/ids.ts";

describe("an instant", () => {
  it.each([
    "2026-11-22T08:00:00Z",
    "2026-11-22T08:00:00.123Z",
    "2026-11-22T08:00:00+14:00",
    "2026-11-22T08:00:00-15:59",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
  ])("may be %s", (text) => {
    expect(Instant.safeParse(text).success).toBe(true);
  });

  it.each([
    ["0000-01-01T00:00:00Z", "a year that Postgres does not have"],
    ["2026-11-22T08:00:00+23:00", "an offset that it does not have"],
    ["2026-11-22T08:00:00-16:00", "an offset that it does not have"],
    ["2026-11-22T08:00:00", "neither Z nor an offset"],
    ["2026-02-30T08:00:00Z", "no day"],
  ])("is not %s: %s", (text) => {
    expect(Instant.safeParse(text).success).toBe(false);
  });
});
