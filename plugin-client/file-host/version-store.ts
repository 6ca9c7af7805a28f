/**
 * Unpacked releases side by side, and the one that is current.
 * Invariants: a folder under `versions/` is always complete; `current.json` names a complete folder; deleting never touches
 * the current version.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PackageFile, ReleaseManifest } from "../../src/contract/release.ts";
import { HostError } from "../core/host.ts";
import { isVersion } from "../core/version.ts";
import { type Checkpoint, makeFolder, readIfThere, syncFolder, writeDurable } from "./durable-file.ts";
import { type Layout, ORIGIN_FILE } from "./layout.ts";
import { parsePackageFile } from "./package-file.ts";
import { readZip, type ZipFile, ZipRefused } from "./zip.ts";

/** The current version and the two before it. */
const KEPT_VERSIONS = 3;

/** Content of `current.json`. `history`: versions switched to, latest first. */
interface Current {
  version: string;
  history: string[];
}

export class VersionStore {
  readonly #layout: Layout;
  readonly #product: string;
  readonly #checkpoint: Checkpoint;

  constructor(layout: Layout, product: string, checkpoint: Checkpoint) {
    this.#layout = layout;
    this.#product = product;
    this.#checkpoint = checkpoint;
  }

  /** Makes the folders and throws away what a crash left half unpacked. */
  async open(): Promise<void> {
    await rm(this.#layout.staging, { recursive: true, force: true });
    for (const folder of ["root", "versions", "staging", "data"] as const)
      await makeFolder(this.#layout[folder]);
    for (const name of await readdir(this.#layout.root))
      if (/^\..+\.tmp$/.test(name)) await rm(join(this.#layout.root, name), { force: true });
  }

  folder(version: string): string {
    if (!isVersion(version)) throw new HostError("internal", "not a version");
    return join(this.#layout.versions, version);
  }

  /** Null before anything was installed. */
  async current(): Promise<string | null> {
    return (await this.#readCurrent())?.version ?? null;
  }

  /** True when the version is unpacked; with a digest, only when it came from exactly that file. */
  async holds(version: string, sha256?: string): Promise<boolean> {
    const origin = await readIfThere(join(this.folder(version), ORIGIN_FILE));
    if (origin === null) return false;
    return sha256 === undefined || (JSON.parse(origin) as { sha256: string }).sha256 === sha256; // our own writing
  }

  async packageFile(version: string): Promise<PackageFile> {
    const text = await readIfThere(join(this.folder(version), "plugin.json"));
    if (text === null) throw new HostError("internal", `version ${version} is not on disk`);
    return parsePackageFile(text);
  }

  /** Unpacks a verified file into `versions/<version>`. Everything is checked before the first byte is written. */
  async stage(
    manifest: Pick<ReleaseManifest, "version" | "sha256" | "size">,
    file: Uint8Array,
  ): Promise<void> {
    const { version, sha256 } = manifest;
    if (file.byteLength !== manifest.size || createHash("sha256").update(file).digest("hex") !== sha256)
      throw new HostError("digest_mismatch", "file is not the one in the manifest");
    if (await this.holds(version, sha256)) return;
    const files = this.#readRelease(version, file);
    const target = this.folder(version);
    if ((await this.current()) === version)
      throw new HostError("bad_release", `another build of ${version} is running`);

    const temporary = join(this.#layout.staging, randomBytes(6).toString("hex"));
    this.#checkpoint("stage: make folder");
    await mkdir(temporary, { mode: 0o755 });
    await mkdir(join(temporary, "files"), { mode: 0o755 });
    const folders = new Set<string>([join(temporary, "files")]);
    for (const { path, bytes } of files) {
      const to = join(temporary, "files", path);
      await mkdir(dirname(to), { recursive: true, mode: 0o755 });
      folders.add(dirname(to));
      this.#checkpoint(`stage: write ${path}`);
      await writeSynced(to, bytes);
    }
    this.#checkpoint("stage: write origin");
    await writeSynced(join(temporary, "files", ORIGIN_FILE), Buffer.from(JSON.stringify({ sha256 })));
    for (const folder of folders) await syncFolder(folder);
    // Another build under this version, not in use: moved aside rather than deleted in place, so that no half of it stays.
    if (await exists(target)) {
      this.#checkpoint("stage: move old build aside");
      await rename(target, join(temporary, "replaced"));
    }
    this.#checkpoint("stage: rename");
    await rename(join(temporary, "files"), target);
    await syncFolder(this.#layout.versions);
    this.#checkpoint("stage: clean up");
    await rm(temporary, { recursive: true, force: true });
  }

  /** Makes a version current. Atomic: `current.json` is the only thing that changes. */
  async switchTo(version: string): Promise<void> {
    if (!(await this.holds(version))) throw new HostError("internal", `version ${version} is not on disk`);
    const before = await this.#readCurrent();
    if (before?.version === version) return;
    const history = [version, ...(before?.history ?? []).filter((other) => other !== version)].slice(0, 16);
    await writeDurable(this.#layout.current, JSON.stringify({ version, history }), this.#checkpoint);
  }

  /** Deletes all but the last versions that were current, and those named. */
  async prune(keep: readonly string[]): Promise<void> {
    const current = await this.#readCurrent();
    if (current === null) return;
    const kept = new Set([current.version, ...current.history.slice(0, KEPT_VERSIONS), ...keep]);
    for (const version of await readdir(this.#layout.versions)) {
      if (kept.has(version)) continue;
      const aside = join(this.#layout.staging, `old-${randomBytes(6).toString("hex")}`);
      this.#checkpoint(`prune: move ${version} aside`);
      await rename(join(this.#layout.versions, version), aside);
      this.#checkpoint(`prune: delete ${version}`);
      await rm(aside, { recursive: true, force: true });
    }
  }

  #readRelease(version: string, file: Uint8Array): ZipFile[] {
    try {
      const files = readZip(file);
      const find = (path: string) => files.find((candidate) => candidate.path === path);
      const packageBytes = find("plugin.json")?.bytes;
      if (packageBytes === undefined) throw new HostError("bad_release", "has no plugin.json");
      if (find(ORIGIN_FILE)) throw new HostError("bad_release", `must not hold ${ORIGIN_FILE}`);
      const packageFile = parsePackageFile(new TextDecoder().decode(packageBytes));
      if (packageFile.product !== this.#product || packageFile.version !== version)
        throw new HostError("bad_release", `holds ${packageFile.product} ${packageFile.version}`);
      if (find(packageFile.main) === undefined)
        throw new HostError("bad_release", `has no ${packageFile.main}`);
      return files;
    } catch (error) {
      if (error instanceof ZipRefused) throw new HostError("unpack_failed", `archive ${error.message}`);
      if (error instanceof HostError) throw error;
      throw new HostError("bad_release", `plugin.json: ${(error as Error).message}`); // ShapeError
    }
  }

  async #readCurrent(): Promise<Current | null> {
    const text = await readIfThere(this.#layout.current);
    return text === null ? null : (JSON.parse(text) as Current); // our own atomic writing
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
