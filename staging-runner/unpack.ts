/** Unpacks a release into a folder: no path leaves it, and nothing grows beyond its bounds. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { PackageFile } from "../src/contract/release.ts";
import { MAX_FILES, MAX_PATH_CHARS, MAX_UNPACKED_BYTES } from "./limits.ts";
import { fail, pass, type Verdict } from "./verdict.ts";

class Refused extends Error {
  readonly reason: string;
  constructor(reason: string, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Writes the files below `folder` and returns `plugin.json`, which must name `expected` and files that are there. */
export async function unpack(
  zip: Uint8Array,
  folder: string,
  expected: { product: string; version: string },
): Promise<Verdict<PackageFile>> {
  try {
    const files = readZip(zip);
    const packageFile = readPackageFile(files, expected);
    for (const [path, content] of files) {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      // A new regular file each time, never through anything that is there already.
      await writeFile(target, content, { flag: "wx", mode: 0o600 });
    }
    return pass(packageFile, `${files.size} files`);
  } catch (error) {
    if (error instanceof Refused) return fail(error.reason, error.message);
    return fail("bad-zip", String(error));
  }
}

function readZip(zip: Uint8Array): Map<string, Uint8Array> {
  const seen = new Set<string>();
  let bytes = 0;
  // The filter sees each entry's declared size before anything is inflated, and inflation stops at that size.
  const entries = unzipSync(zip, {
    filter: ({ name, originalSize }) => {
      if (!isInside(name)) throw new Refused("path-escape", JSON.stringify(name.slice(0, MAX_PATH_CHARS)));
      // Folded, because two names may be one file on a file system that folds case.
      const folded = name.normalize("NFC").toLowerCase();
      if (seen.has(folded)) throw new Refused("duplicate-path", JSON.stringify(name));
      seen.add(folded);
      bytes += originalSize;
      if (seen.size > MAX_FILES) throw new Refused("too-many-files", `more than ${MAX_FILES}`);
      if (bytes > MAX_UNPACKED_BYTES) throw new Refused("too-large", `more than ${MAX_UNPACKED_BYTES} bytes`);
      return !name.endsWith("/");
    },
  });
  return new Map(Object.entries(entries));
}

/** A relative path of plain segments: no root, drive, backslash, control character, `.` or `..`. */
export function isInside(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (path.length === 0 || path.length > MAX_PATH_CHARS || /[\\:\u0000-\u001f\u007f]/.test(path))
    return false;
  const segments = path.replace(/\/$/, "").split("/");
  return segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

function readPackageFile(
  files: ReadonlyMap<string, Uint8Array>,
  expected: { product: string; version: string },
): PackageFile {
  const bytes = files.get("plugin.json");
  if (bytes === undefined) throw new Refused("bad-package", "plugin.json is missing");
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Refused("bad-package", "plugin.json is not JSON");
  }
  const parsed = PackageFile.safeParse(json);
  if (!parsed.success) {
    throw new Refused("bad-package", `plugin.json: ${parsed.error.issues[0]?.path.join(".")}`);
  }
  const { product, version, main, smoke } = parsed.data;
  if (product !== expected.product || version !== expected.version) {
    throw new Refused("bad-package", `holds ${product} ${version}, manifest says ${expected.version}`);
  }
  for (const entry of [main, smoke]) {
    if (!isInside(entry) || !files.has(entry)) throw new Refused("bad-package", `${entry} is missing`);
  }
  return parsed.data;
}
