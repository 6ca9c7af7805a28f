/** Lint and types: each check is one process whose exit code is its result. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DATA_DIR, ROOT, tool } from "./paths.ts";

export interface Check {
  name: string;
  command: string;
  args: string[];
  env?: Record<string, string>;
}

const TSCONFIGS = [
  "tsconfig.json",
  "tsconfig.node.json",
  "tsconfig.workerd-test.json",
  "tsconfig.dashboard.json",
];

/** Every static check there is, in the order of their speed. */
export function staticChecks(): Check[] {
  const checks: Check[] = [{ name: "biome check", command: tool("biome"), args: ["check", "."] }];
  for (const config of TSCONFIGS) {
    if (existsSync(join(ROOT, config))) {
      checks.push({ name: `tsc ${config}`, command: tool("tsc"), args: ["-p", config, "--pretty", "false"] });
    }
  }
  checks.push({
    name: "deno check staging-runner",
    command: tool("deno"),
    // With the packages of node_modules, fetching nothing.
    args: ["check", "--quiet", "--no-config", "--node-modules-dir=manual", "staging-runner/main.ts"],
    env: { DENO_DIR: join(DATA_DIR, "deno"), DENO_NO_UPDATE_CHECK: "1" },
  });
  return checks;
}

/** Runs one check; its output is printed only when it fails. */
export function runCheck(check: Check): Promise<boolean> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(check.command, check.args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...check.env, NO_COLOR: "1" },
    });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    const finish = (passed: boolean, extra = "") => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(`${passed ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
      if (!passed) console.log(Buffer.concat(output).toString() + extra);
      resolve(passed);
    };
    child.on("error", (error) => finish(false, `${error.message}\n`));
    child.on("close", (code) => finish(code === 0));
  });
}

/** Runs all of them, one after another: two cores gain nothing from more. */
export async function runStaticChecks(): Promise<{ passed: number; failed: number }> {
  const result = { passed: 0, failed: 0 };
  for (const check of staticChecks()) {
    if (await runCheck(check)) result.passed += 1;
    else result.failed += 1;
  }
  return result;
}
