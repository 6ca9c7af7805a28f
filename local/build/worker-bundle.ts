/** Bundles the Worker into one module, with the settings wrangler uses itself. */

import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { ROOT, WORKER_BUNDLE } from "../paths.ts";

/** What the Worker is made of. */
export const WORKER_INPUTS = ["src", "durable-objects", "package-lock.json"];

export function workerBuildOptions(): BuildOptions {
  return {
    entryPoints: [join(ROOT, "src", "index.ts")],
    outfile: WORKER_BUNDLE,
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    sourcemap: "linked",
    keepNames: true,
    logLevel: "warning",
  };
}

export async function buildWorker(): Promise<void> {
  await build(workerBuildOptions());
}
