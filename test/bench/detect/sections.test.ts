/** Tiny runs of every section: that they yield what they promise, the same for the same seed. Figures worth quoting need the real sizes. */
import { describe, expect, it } from "vitest";
import { START } from "../../../bench/detect/figures.ts";
import type { Part } from "../../../bench/detect/section.ts";
import { SECTIONS } from "../../../bench/detect/sections.ts";
import { tableText, targetText } from "../../../bench/paper.ts";
import { isMet } from "../../../bench/target.ts";
import { aBeatingPlugin } from "../../../sim/beating-plugin.ts";
import { newDetection, observeBeat } from "../../../src/core/detect/detection.ts";

const options = { quick: true, seed: 3 };

/** The same part with so few plugins and runs that it takes milliseconds. */
function tiny(part: Part): Part {
  return { ...part, ...("plugins" in part && { plugins: 2 }), ...("runs" in part && { runs: 4 }) };
}

describe.each(SECTIONS.filter(({ name }) => name !== "footprint"))("section $name", (section) => {
  const parts = section.parts(options).map(tiny);
  const run = (seed: number) =>
    parts.map((part) => ({ part, figures: section.run(part, { ...options, seed }) }));
  const results = run(3);

  it("has parts with ids of their own, and figures that survive a thread boundary", () => {
    expect(new Set(parts.map(({ id }) => id)).size).toBe(parts.length);
    expect(structuredClone(results)).toEqual(results);
    expect(JSON.parse(JSON.stringify(results))).toEqual(results);
  });

  it("gives the same figures for the same seed, and others for another", { timeout: 180_000 }, () => {
    expect(run(3)).toEqual(results);
    expect(run(4)).not.toEqual(results);
  });

  it("reports tables without gaps, and a value for every target", () => {
    const { tables, targets } = section.report(results, options);
    for (const table of tables) {
      expect(tableText(table)).not.toContain("NaN");
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
    }
    expect(targets.length).toBeGreaterThan(0);
    for (const target of targets) expect(targetText(target)).not.toContain("NaN");
  });
});

it("takes a target without a value for missed", () => {
  const target = { what: "x", value: null, bound: 1, must: "at most", unit: "" } as const;
  expect(isMet(target)).toBe(false);
  expect(isMet({ ...target, value: 1 })).toBe(true);
  expect(isMet({ ...target, value: 0, must: "at least" })).toBe(false);
});

it("may leave out beats without webhooks: they move neither the evidence nor what was learned", () => {
  const quiet = aBeatingPlugin();
  const chatty = aBeatingPlugin();
  let some = newDetection(START);
  let all = newDetection(START);
  for (let beat = 1; beat <= 200; beat++) {
    const at = START + beat * 120_000;
    if (beat % 7 === 0) {
      for (const { counters } of [quiet, chatty]) {
        counters.webhooks_sent += 3;
        counters.webhooks_failed += beat % 3 === 0 ? 2 : 0;
      }
      some = observeBeat(some, quiet.beat(), at);
    }
    all = observeBeat(all, chatty.beat(), at);
    const { onsetAt: _, ...evidence } = all.webhooks.cusum;
    if (beat % 7 === 0) expect(some.webhooks).toMatchObject({ cusum: evidence, level: all.webhooks.level });
  }
});
