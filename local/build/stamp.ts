/** Skips a build step whose inputs have not changed: one SHA-256 over the names and contents of all its input files. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DIST_DIR, ROOT } from "../paths.ts";

function* filesUnder(path: string): Generator<string> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isFile()) {
    yield path;
    return;
  }
  for (const entry of readdirSync(path).sort()) {
    if (entry !== "node_modules" && !entry.startsWith(".")) yield* filesUnder(join(path, entry));
  }
}

/** Digest of every file under `inputs` (paths relative to the project root). */
export function digestOf(inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    for (const file of filesUnder(join(ROOT, input)))
      hash.update(file).update("\0").update(readFileSync(file));
  }
  return hash.digest("hex");
}

/**
 * Runs `build` unless `output` exists and was built from these very inputs.
 * @returns true when it built.
 */
export async function buildIfChanged(
  step: { name: string; inputs: readonly string[]; output: string },
  build: () => Promise<void>,
): Promise<boolean> {
  const stampFile = join(DIST_DIR, ".stamps", step.name);
  const digest = digestOf(step.inputs);
  if (existsSync(step.output) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === digest)
    return false;
  await build();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, digest);
  return true;
}
