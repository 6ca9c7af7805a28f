/** A few shops for a day and a half, each run in a thread as the benchmark does it. Figures worth quoting need the real sizes. */
import { describe, expect, it } from "vitest";
import { headerOf } from "../../../bench/heal/header.ts";
import { type Part, partsOf } from "../../../bench/heal/parts.ts";
import { reportOf } from "../../../bench/heal/report.ts";
import { runParts } from "../../../bench/heal/run.ts";
import { tableText, targetText } from "../../../bench/paper.ts";

const options = { quick: true, seed: 5 };
const tiny = (part: Part): Part => ({ ...part, shops: 10, days: 1.2, faultFactor: 20 });
const parts = partsOf(options).map(tiny);

describe("a simulated week", { timeout: 240_000 }, () => {
  it("is the same for the same seed, heals, breaks no invariant, and fills every table", async () => {
    const [week] = parts;
    const noCanary = parts.find(({ variant }) => variant === "no canary");
    if (week === undefined || noCanary === undefined) throw new Error("a part is missing");
    const seen = await runParts([week, week, noCanary], () => {});
    const [first, again, other] = seen;
    if (first === undefined || again === undefined || other === undefined)
      throw new Error("a part is missing");
    expect({ ...again, cpuSeconds: 0 }).toEqual({ ...first, cpuSeconds: 0 });
    expect([first.broken, first.failures, other.failures]).toEqual([[], [], []]);
    expect(first.beats).toBeGreaterThan(10 * 1.1 * 720);
    const mended = first.faults.filter(({ endedBy, attempt }) => endedBy === "vigie" && attempt !== null);
    expect(mended.length).toBeGreaterThan(0);
    const healed = first.attempts.filter(({ status }) => status === "success");
    expect(healed.every(({ handedOverAt, createdAt }) => (handedOverAt ?? 0) > createdAt)).toBe(true);

    const results = [
      { part: week, seen: first },
      { part: noCanary, seen: other },
    ];
    const { tables, targets } = reportOf(results, options);
    for (const table of tables) {
      expect(tableText(table)).not.toContain("NaN");
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
    }
    expect(targets.map(targetText).filter((line) => line.includes("broken invariants"))).toEqual([
      expect.stringMatching(/^met/),
    ]);
  });

  it("says how it was made", () => {
    const all = partsOf(options);
    const header = headerOf(options, all);
    const plugins = all.filter(({ of }) => of === "week").reduce((sum, { shops }) => sum + shops, 0);
    expect(header).toContain(`${plugins} plugins of 2 products`);
    for (const line of header.split("\n")) expect(line.length).toBeLessThanOrEqual(118);
  });
});
