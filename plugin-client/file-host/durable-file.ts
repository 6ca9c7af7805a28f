/** Files that are either the old or the new one after a crash, never half: temporary file, fsync, rename, fsync of the folder. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Called before each durable step with its name; a test throws from it to die there. */
export type Checkpoint = (step: string) => void;

/** Replaces `path` with `text`, durably. `mode` is that of a new file. */
export async function writeDurable(
  path: string,
  text: string,
  checkpoint: Checkpoint,
  mode = 0o600,
): Promise<void> {
  const name = basename(path);
  const temporary = join(dirname(path), `.${name}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    checkpoint(`${name}: write`);
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    checkpoint(`${name}: rename`);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  checkpoint(`${name}: sync folder`);
  await syncFolder(dirname(path));
}

/** Makes a rename in this folder durable. Some file systems refuse to sync a folder; then there is nothing to be done. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Not supported here.
  }
}

/** The text, or null when there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null; // node:fs rejects with errno errors
    throw error;
  }
}

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}
