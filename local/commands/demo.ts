/** `npm run demo`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFleet } from "../demo/fleet.ts";
import { missingFrom } from "../demo/outcome.ts";
import { runScenario } from "../demo/scenario.ts";
import { storyTable } from "../demo/table.ts";
import { announce } from "./announce.ts";
import { readEnvironment } from "./environment.ts";
import { progress, withStack } from "./with-stack.ts";

export const help = `
npm run demo

Runs the demo once against a fresh stack, on free ports and in a temporary folder: three shops begin to fail; one is healed
by release 1.2.3, one gets 1.2.4 and is rolled back by the health check, one gets 1.2.5, which does not boot, and restores
itself. Prints a table of what happened when. Takes about five minutes, nine at most; exits 0 only when all three came out so.
The folder is removed afterwards, unless something was missing.

Environment: LOG_LEVEL, SIRA_API_URL, SIRA_API_TOKEN as for npm start.
`;

const OVERALL_LIMIT_MS = 9 * 60_000;

export async function run(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "vigie-demo-"));
  const log = progress();
  const { LOG_LEVEL, SIRA_API_URL, SIRA_API_TOKEN } = readEnvironment().bindings;
  const given = Object.entries({ LOG_LEVEL, SIRA_API_URL, SIRA_API_TOKEN }).filter(
    ([, value]) => value !== undefined,
  );
  let missing: string[] = [];
  let interrupted = false;
  try {
    await withStack(
      { dataDir, port: 0, staging: true, env: Object.fromEntries(given), log },
      async (stack, stopSignal) => {
        const signal = AbortSignal.any([stopSignal, AbortSignal.timeout(OVERALL_LIMIT_MS)]);
        await announce(stack, {
          login: true,
          next: ["The demo runs by itself; watch it there if you like."],
        });
        const fleet = await startFleet(stack, { signal, log });
        try {
          const results = await runScenario(fleet, { api: stack.api, signal, log });
          console.log(`\n${storyTable(results)}\n`);
          missing = missingFrom(results);
        } catch (error) {
          interrupted = stopSignal.aborted;
          missing = [
            signal.aborted && !interrupted
              ? `not finished within ${OVERALL_LIMIT_MS / 60_000} min`
              : String(error),
          ];
        } finally {
          await fleet.stop();
        }
        return 0;
      },
    );
  } catch (error) {
    missing = ["the stack did not come up"];
    console.error(error);
  }
  if (interrupted) {
    rmSync(dataDir, { recursive: true, force: true });
    return 130;
  }
  if (missing.length === 0) {
    rmSync(dataDir, { recursive: true, force: true });
    console.log("demo: one shop was healed by 1.2.3, one was rolled back, one restored itself");
    return 0;
  }
  for (const line of missing) console.error(`demo: missing: ${line}`);
  console.error(`demo: logs and data are in ${dataDir}`);
  return 1;
}
