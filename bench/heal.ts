/** `npm run bench:heal`: a week of a whole company's healing, beside the same with one protection taken away. Exit 1 when a target is missed. */
import { parseArgs } from "node:util";
import { figure, tableText, targetText } from "./detect/print.ts";
import { isMet } from "./detect/section.ts";
import { headerOf } from "./heal/header.ts";
import { type Options, partsOf } from "./heal/parts.ts";
import { reportOf } from "./heal/report.ts";
import { runParts } from "./heal/run.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
  },
});
const seed = Number(values.seed);
if (!Number.isInteger(seed) || seed < 0) throw new Error("--seed takes a whole number");
const options: Options = { quick: values.quick, seed };
const parts = partsOf(options);

const startedAt = performance.now();
const show = process.stderr.isTTY && !values.json;
const seen = await runParts(parts, (done) => {
  if (show) process.stderr.write(`\r${done} of ${parts.length} parts `);
});
if (show) process.stderr.write("\r\x1b[K");
const seconds = (performance.now() - startedAt) / 1000;

const results = parts.flatMap((part, at) => {
  const each = seen[at];
  return each === undefined ? [] : [{ part, seen: each }];
});
const { tables, targets } = reportOf(results, options);
const missed = targets.filter((target) => !isMet(target)).length;

if (values.json) {
  const judged = targets.map((target) => ({ ...target, met: isMet(target) }));
  console.log(
    JSON.stringify({
      ...options,
      seconds,
      tables,
      results,
      targets: judged,
      met: targets.length - missed,
      missed,
    }),
  );
} else {
  console.log(headerOf(options, parts));
  for (const table of tables) console.log(tableText(table));
  const broken = results.flatMap(({ seen: { broken, failures } }) => [...broken, ...failures]);
  for (const line of broken.slice(0, 10)) console.log(`! ${line}`);
  console.log(`\nTook ${figure(seconds)} s.\n`);
  for (const target of targets) console.log(targetText(target));
  console.log(`targets: ${targets.length - missed} met, ${missed} missed`);
}
process.exitCode = missed === 0 ? 0 : 1;
