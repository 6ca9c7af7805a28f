/** `npm run bench:detect`: false alarms and detection times of the detectors, beside the common rules. Exit 1 when a target is missed. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { figure, header, tableText, targetText } from "./detect/print.ts";
import { runSections } from "./detect/run.ts";
import { isMet, type Options } from "./detect/section.ts";
import { SECTIONS } from "./detect/sections.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 0) throw new Error("--seed takes a whole number");
const options: Options = { quick: values.quick, seed };
const chosen = SECTIONS.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0)
  throw new Error(`--only takes one of ${SECTIONS.map(({ name }) => name).join(", ")}`);

const startedAt = performance.now();
const show = process.stderr.isTTY && !values.json;
const results = await runSections(chosen, options, (done, all) => {
  if (show) process.stderr.write(`\r${done} of ${all} parts `);
});
if (show) process.stderr.write("\r\x1b[K");
const seconds = (performance.now() - startedAt) / 1000;

const reports = results.map(({ section, results: rows }) => ({
  name: section.name,
  method: section.method,
  ...section.report(rows, options),
}));
const targets = reports.flatMap((report) => report.targets);
const missed = targets.filter((target) => !isMet(target)).length;

if (values.json) {
  const sections = results.map(({ results: rows }, i) => ({ ...reports[i], results: rows }));
  const judged = targets.map((target) => ({ ...target, met: isMet(target) }));
  console.log(
    JSON.stringify({ ...options, seconds, sections, targets: judged, met: targets.length - missed, missed }),
  );
} else {
  console.log(header(results, options, Math.min(2, availableParallelism())));
  for (const { tables } of reports) for (const table of tables) console.log(tableText(table));
  console.log(`\nTook ${figure(seconds)} s.\n`);
  for (const target of targets) console.log(targetText(target));
  console.log(`targets: ${targets.length - missed} met, ${missed} missed`);
}
process.exitCode = missed === 0 ? 0 : 1;
