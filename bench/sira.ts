/** `npm run bench:sira`: how well the built-in SIRA knows its own chances, beside the base rate and plain rules. Exit 1 when a target is missed. */
import { fnv1a } from "../src/core/stable-hash.ts";
import { conclude, optionsOf } from "./command.ts";
import { DECIDERS, type DeciderName } from "./sira/deciders.ts";
import { type Result, reportOf } from "./sira/report.ts";
import { runOf } from "./sira/run.ts";
import { FAMILIES } from "./sira/world.ts";

const options = optionsOf();
const { quick, seed } = options;
const worlds = quick ? 3 : 10;

const startedAt = performance.now();
const results: Result[] = FAMILIES.flatMap((family) =>
  (Object.keys(DECIDERS) as DeciderName[]).map((decider) => ({
    family,
    decider,
    runs: Array.from({ length: worlds }, (_, i) => runOf(family, fnv1a(`${seed}|${i}`), decider)),
  })),
);
const seconds = (performance.now() - startedAt) / 1000;
const { tables, targets } = reportOf(results);
conclude(options, {
  header: [
    `Calibration of the built-in SIRA (src/core/sira itself), in simulated products whose truth is known. Seed ${seed}; ${worlds} products of each`,
    `kind, ${FAMILIES[0]?.incidents} incidents in each, ${quick ? "quick: figures near their bound may be missed by chance" : "full"}.`,
    "An incident has a fault (common ones and rare ones), a version, an environment, and up to ten moves on offer. Each fix heals a fault in an",
    "environment with a chance that only the simulation knows; outcomes are learned from after eight more decisions. All ways of deciding meet",
    "the same incidents with the same luck. Worth: 1 for a shop healed, -0.35 for one changed in vain, 0 for asking a person; regret is what",
    "is missing to an oracle that knows every chance. Regret with its 95 % interval by resampling products. What changes half-way is left out",
    "of the first three tables and of the targets: nothing that was learned fades, a fix that stops healing is the canary's to stop.",
  ].join("\n"),
  tables,
  targets,
  seconds,
  figures: { worlds, tables },
});
