/** `npm run bench:sira`. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../paths.ts";

export const help = `
npm run bench:sira [-- --quick] [-- --json] [-- --seed <n>]

Lets the built-in decision service (src/core/sira) decide in simulated products whose truth is known, and prints how well its
confidence is calibrated: reliability table, Brier score and its parts, calibration error, coverage of its intervals, and regret,
beside the base rate, plain rules, random choice and an oracle. Seeded: the same seed gives the same figures. At most a minute.
Ends with "targets: N met, M missed"; the exit code is 1 when one is missed.
`;

export function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [join(ROOT, "bench", "sira.ts"), ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
