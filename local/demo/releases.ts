/** Builds the demo plugin's releases from their sources: real zips, the same bytes every time. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import type { PackageFile } from "../../src/contract/release.ts";

export const DEMO_PRODUCT = "molam-woocommerce";

export interface DemoRelease {
  product: string;
  version: string;
  /** The zip. */
  file: Uint8Array;
  /** Lower-case hex SHA-256 of the zip. */
  sha256: string;
  /** Bytes of the zip. */
  size: number;
  notes: string;
}

/** Each version is the common sources with its own files laid over them. */
const VERSIONS: readonly { version: string; notes: string }[] = [
  { version: "1.2.2", notes: "Signs webhooks as Latin-1: about 60 % are refused." },
  { version: "1.2.3", notes: "Signs webhooks as UTF-8." },
  { version: "1.2.4", notes: "Sends webhooks through a pool, which leaks: fails after 24 orders." },
  { version: "1.2.5", notes: "New journal format; does not boot where an older journal exists." },
];

/** `zipSync` writes the local-time fields of a date, so a local date gives the same bytes in every time zone. */
const FIXED_TIME = new Date(2026, 0, 1, 0, 0, 0);

const SOURCES = fileURLToPath(new URL("./plugin/", import.meta.url));

export function buildDemoReleases(): Promise<DemoRelease[]> {
  return Promise.all(VERSIONS.map(({ version, notes }) => build(version, notes)));
}

async function build(version: string, notes: string): Promise<DemoRelease> {
  const files = await readSources(join(SOURCES, "common"));
  for (const [name, bytes] of await readSources(join(SOURCES, "versions", version))) files.set(name, bytes);
  const packageFile: PackageFile = { product: DEMO_PRODUCT, version, main: "main.mjs", smoke: "smoke.mjs" };
  files.set("plugin.json", new TextEncoder().encode(`${JSON.stringify(packageFile, null, 2)}\n`));
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const file = zipSync(Object.fromEntries(sorted), { level: 9, mtime: FIXED_TIME });
  const sha256 = createHash("sha256").update(file).digest("hex");
  return { product: DEMO_PRODUCT, version, file, sha256, size: file.byteLength, notes };
}

/** Every file of a flat folder; a version without files of its own has no folder. */
async function readSources(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names) files.set(name, new Uint8Array(await readFile(join(folder, name))));
  return files;
}
