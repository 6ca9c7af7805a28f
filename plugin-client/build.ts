/** Builds the single-file client. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

const ENTRY = fileURLToPath(new URL("./heartbeat.ts", import.meta.url));

/**
 * Writes two forms of the same client into `outDir`:
 * `heartbeat.js` for script tags and `import "./heartbeat.js"` alike (no import or export statement; the functions stand at
 * `globalThis.Vigie`), and `heartbeat.mjs` with named exports for bundlers. Returns their paths.
 */
export async function buildHeartbeat(outDir: string): Promise<{ script: string; module: string }> {
  await mkdir(outDir, { recursive: true });
  const script = join(outDir, "heartbeat.js");
  const module = join(outDir, "heartbeat.mjs");
  const common: BuildOptions = {
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  };
  await build({
    ...common,
    format: "iife",
    globalName: "Vigie",
    outfile: script,
    footer: { js: "globalThis.Vigie=Vigie;" },
  });
  await build({ ...common, format: "esm", outfile: module });
  return { script, module };
}
