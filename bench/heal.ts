/** `npm run bench:heal`: a week of a whole company's healing, beside the same with one protection taken away. Exit 1 when a target is missed. */
import { conclude, optionsOf, progress } from "./command.ts";
import { headerOf } from "./heal/header.ts";
import { partsOf } from "./heal/parts.ts";
import { reportOf } from "./heal/report.ts";
import { runParts } from "./heal/run.ts";

const options = optionsOf();
const parts = partsOf(options);

const startedAt = performance.now();
const show = progress(options);
const seen = await runParts(parts, (done) => show(done, parts.length));
show(null);
const seconds = (performance.now() - startedAt) / 1000;

const results = parts.flatMap((part, at) => {
  const each = seen[at];
  return each === undefined ? [] : [{ part, seen: each }];
});
const { tables, targets } = reportOf(results, options);
const broken = results.flatMap(({ seen: { broken, failures } }) => [...broken, ...failures]);
conclude(options, {
  header: headerOf(options, parts),
  tables,
  targets,
  seconds,
  remarks: broken.slice(0, 10).map((line) => `! ${line}`),
  figures: { tables, results },
});
