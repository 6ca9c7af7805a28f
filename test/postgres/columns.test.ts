import { describe, expect, it } from "vitest";
import { instantOf } from "../../src/postgres/columns.ts";

describe("instantOf", () => {
  it.each([
    ["2026-11-22 10:00:00+00", "2026-11-22T10:00:00.000Z"],
    ["2026-11-22 10:00:00.5+00", "2026-11-22T10:00:00.500Z"],
    ["2026-11-22 10:00:00.123+00", "2026-11-22T10:00:00.123Z"],
    ["2026-11-22 15:30:00+05:30", "2026-11-22T10:00:00.000Z"],
    ["2026-11-22 06:30:00-0330", "2026-11-22T10:00:00.000Z"],
  ])("reads Postgres' %s as %s", (text, instant) => {
    expect(instantOf(text)).toBe(instant);
  });

  it("throws on what is no instant", () => {
    expect(() => instantOf("infinity")).toThrow(RangeError);
  });
});
