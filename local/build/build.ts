/** Everything that is built before the stack runs: the dashboard, the browser's plugin client, the Worker. */
import { join } from "node:path";
import { build as viteBuild } from "vite";
import { DASHBOARD_DIR, ROOT, WORKER_BUNDLE } from "../paths.ts";
import { buildIfChanged } from "./stamp.ts";
import { buildWorker, WORKER_INPUTS } from "./worker-bundle.ts";

export const DASHBOARD_CONFIG = join(ROOT, "dashboard", "vite.config.ts");

/** Builds what changed. `log` gets one line for each step that ran. */
export async function buildAll(log: (line: string) => void): Promise<void> {
  const steps = [
    {
      name: "dashboard",
      inputs: ["dashboard", "src/contract", "package-lock.json"],
      output: join(DASHBOARD_DIR, "index.html"),
      run: () => viteBuild({ configFile: DASHBOARD_CONFIG, root: join(ROOT, "dashboard"), logLevel: "warn" }),
    },
    // After the dashboard: vite empties the folder that both write to.
    {
      name: "plugin-client",
      inputs: ["plugin-client", "src/contract", "dist/.stamps/dashboard"],
      output: join(DASHBOARD_DIR, "heartbeat.js"),
      run: buildPluginClient,
    },
    { name: "worker", inputs: WORKER_INPUTS, output: WORKER_BUNDLE, run: buildWorker },
  ];
  for (const { run, ...step } of steps) {
    const startedAt = performance.now();
    const built = await buildIfChanged(step, async () => {
      await run();
    });
    if (built) log(`built ${step.name} in ${Math.round(performance.now() - startedAt)} ms`);
  }
}

export async function buildPluginClient(): Promise<void> {
  const { buildHeartbeat } = await import("../../plugin-client/build.ts");
  await buildHeartbeat(DASHBOARD_DIR);
}
