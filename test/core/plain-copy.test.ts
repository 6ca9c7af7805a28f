import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainCopy } from "../../src/core/plain-copy.ts";

describe("a plain copy", () => {
  it("equals what was copied, and shares no object or list with it", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (value) => {
        const copy = plainCopy(value);
        expect(copy).toEqual(value);
        const parts = new Set(objectsIn(value));
        for (const part of objectsIn(copy)) expect(parts.has(part)).toBe(false);
      }),
    );
  });

  it("shares the one part that it is told nobody writes to", () => {
    const value = { own: { a: [1] }, shared: { b: 2 } };
    const copy = plainCopy(value, "shared");
    expect(copy).toEqual(value);
    expect(copy.shared).toBe(value.shared);
    expect(copy.own.a).not.toBe(value.own.a);
  });
});

function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
