/** `npm run bench:heal`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../paths.ts";

export const help = `
npm run bench:heal [-- --quick] [-- --json] [-- --seed <n>]

Simulates a week of healing in 5,000 shops: the Worker's objects, the reducer and the plugin's client are the real ones, on a
virtual clock, with seeded faults and good, bad, irreversible and partly working releases. Prints success, rollbacks, times to
detect and repair stage by stage, harm, and the same without canary, without staging, with choice by lot and with
rules only. Ten minutes at most on two idle cores; one with --quick, whose samples are small.
Ends with "targets: N met, M missed"; the exit code is 1 when one is missed.
`;

/** Each thread keeps a core busy: threads that help it collect garbage would only wait for one. */
const FLAGS = ["--single-threaded-gc"];

export function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [...FLAGS, join(ROOT, "bench", "heal.ts"), ...args], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
