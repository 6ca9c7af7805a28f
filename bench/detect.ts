/** `npm run bench:detect`: false alarms and detection times of the detectors, beside the common rules. Exit 1 when a target is missed. */
import { availableParallelism } from "node:os";
import { conclude, optionsOf, progress } from "./command.ts";
import { header } from "./detect/header.ts";
import { runSections } from "./detect/run.ts";
import { SECTIONS } from "./detect/sections.ts";

const options = optionsOf(SECTIONS.map(({ name }) => name));
const chosen = SECTIONS.filter(({ name }) => options.only === undefined || name === options.only);

const startedAt = performance.now();
const show = progress(options);
const results = await runSections(chosen, options, show);
show(null);
const seconds = (performance.now() - startedAt) / 1000;

const reports = results.map(({ section, results: rows }) => ({
  name: section.name,
  method: section.method,
  ...section.report(rows, options),
}));
conclude(options, {
  header: header(results, options, Math.min(2, availableParallelism())),
  tables: reports.flatMap(({ tables }) => tables),
  targets: reports.flatMap(({ targets }) => targets),
  seconds,
  figures: { sections: results.map(({ results: rows }, i) => ({ ...reports[i], results: rows })) },
});
