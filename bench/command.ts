/** What the benchmarks have in common as commands: their options, and a verdict that the exit code repeats. */
import { parseArgs } from "node:util";
import { figure, tableText, targetText } from "./paper.ts";
import type { Sample } from "./sample.ts";
import { isMet, type Report, type Target } from "./target.ts";

export interface Options extends Sample {
  json: boolean;
  /** Names of what alone is to run. */
  only?: string;
}

/** From the command line. Ends the process with 2, and a sentence that says why, when an option is none of these. */
export function optionsOf(only: readonly string[] = []): Options {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        seed: { type: "string", default: "1" },
        ...(only.length === 0 ? {} : { only: { type: "string" as const } }),
      },
    });
    const seed = Number(values.seed);
    if (!Number.isInteger(seed) || seed < 0) throw new Error("--seed takes a whole number");
    const named = (values as { only?: string }).only;
    if (named !== undefined && !only.includes(named))
      throw new Error(`--only takes one of ${only.join(", ")}`);
    return { quick: values.quick, json: values.json, seed, ...(named === undefined ? {} : { only: named }) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

/** Shows how far the work is, on a terminal that is being watched; null shows that it is over. */
export function progress({ json }: Options): (done: number | null, all?: number) => void {
  const show = process.stderr.isTTY && !json;
  return (done, all = 0) => {
    if (show) process.stderr.write(done === null ? "\r\x1b[K" : `\r${done} of ${all} parts `);
  };
}

export interface Outcome extends Report {
  header: string;
  seconds: number;
  /** Said before the targets, a line each. */
  remarks?: readonly string[];
  /** What `--json` tells beside options, tables and targets. */
  figures: Record<string, unknown>;
}

/** Prints it all and sets the exit code: 1 when a target is missed. */
export function conclude(
  options: Options,
  { header, tables, targets, seconds, remarks = [], figures }: Outcome,
): void {
  const missed = targets.filter((target) => !isMet(target)).length;
  const met = targets.length - missed;
  if (options.json) {
    const judged = targets.map((target: Target) => ({ ...target, met: isMet(target) }));
    const { quick, seed } = options;
    console.log(JSON.stringify({ quick, seed, seconds, ...figures, targets: judged, met, missed }));
  } else {
    console.log(header);
    for (const table of tables) console.log(tableText(table));
    for (const remark of remarks) console.log(remark);
    console.log(`\nTook ${figure(seconds)} s.\n`);
    for (const target of targets) console.log(targetText(target));
    console.log(`targets: ${met} met, ${missed} missed`);
  }
  process.exitCode = missed === 0 ? 0 : 1;
}
