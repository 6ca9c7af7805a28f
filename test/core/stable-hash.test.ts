import { describe, expect, it } from "vitest";
import { fnv1a, stablePercent } from "../../src/core/stable-hash.ts";

describe("stable hash", () => {
  it("equals the published FNV-1a values", () => {
    expect(fnv1a("")).toBe(0x811c9dc5);
    expect(fnv1a("a")).toBe(0xe40c292c);
    expect(fnv1a("foobar")).toBe(0xbf9cf968);
  });

  it("spreads similar texts evenly over 0 to 100", () => {
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const decile = Math.floor(stablePercent(`plg_${i}@1.2.3`) / 10);
      counts[decile] = (counts[decile] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });
});
