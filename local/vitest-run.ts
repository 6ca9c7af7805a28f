/** Runs vitest for some of the projects and counts what it found. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ROOT, tool } from "./paths.ts";

/** The part of vitest's JSON report that we count. */
const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** @param filters file name parts, as vitest takes them; empty for all */
export async function runVitest(projects: string[], filters: string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-test-"));
  const reportFile = join(folder, "report.json");
  try {
    const code = await vitest([
      "run",
      ...projects.flatMap((project) => ["--project", project]),
      "--passWithNoTests",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportFile}`,
      ...filters,
    ]);
    return count(reportFile, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function vitest(args: string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(tool("vitest"), args, { cwd: ROOT, stdio: "inherit" });
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function count(reportFile: string, exitCode: number): Counts {
  let report: z.infer<typeof Report>;
  try {
    report = Report.parse(JSON.parse(readFileSync(reportFile, "utf8")));
  } catch {
    // No report: with --passWithNoTests and nothing to run that is fine, otherwise vitest itself broke.
    return { passed: 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  }
  // A file that could not even be loaded holds no failed test, but it is a failure.
  const unloadable = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  let failed = report.numFailedTests + unloadable.length;
  // Unhandled errors outside every test.
  if (exitCode !== 0 && failed === 0) failed = 1;
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}
