/** Method and assumptions, as printed above the figures. */
import { wrapped } from "../paper.ts";
import type { Sample } from "../sample.ts";
import type { SectionResults } from "./run.ts";

export function header(sections: readonly SectionResults[], options: Sample, cores: number): string {
  const lines = [
    `Detection benchmark: simulated fleets through src/core itself. Seed ${options.seed}; ` +
      `${options.quick ? "quick (small samples: targets near their bound may be missed by chance)" : "full"}; ${cores} cores.`,
    "Rates are scaled to 5,000 plugins and a day; in brackets what was counted, where that is not the same. Method and assumptions:",
  ];
  for (const { section } of sections) {
    lines.push(`  ${section.name}`);
    for (const sentence of section.method) lines.push(...wrapped(sentence));
  }
  return lines.join("\n");
}
