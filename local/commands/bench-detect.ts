/** `npm run bench:detect`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../paths.ts";

export const help = `
npm run bench:detect [-- --quick] [-- --json] [-- --seed <n>] [-- --only <section>]

Simulates fleets of plugins through the real detectors (src/core) and through the rules that are common elsewhere, and prints
false incidents a day, detection times, and the cost of a heartbeat. Seeded: the same seed gives the same figures, except
for times. At most 10 min on two cores, at most one with --quick, whose samples are small.
Ends with "targets: N met, M missed"; the exit code is 1 when one is missed.
`;

export function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, "bench", "detect.ts"), ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
