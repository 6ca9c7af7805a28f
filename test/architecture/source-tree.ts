/** The source files of the repository, parsed. Tools, data and build results are left out. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ParsedSource, parseSource } from "./parsed-source.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const SKIPPED = new Set(["node_modules", "dist", "coverage"]);
const SOURCE = /\.(?:ts|tsx|mts|js|mjs)$/;

/** Every file below a folder of the repository, as paths from its root. */
export function filesBelow(folder = ""): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return SKIPPED.has(entry.name) || entry.name.startsWith(".") ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

export function readFromRoot(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export function parsedTree(): ParsedSource[] {
  return filesBelow()
    .filter((path) => SOURCE.test(path))
    .map((path) => parseSource(path, readFromRoot(path)));
}
