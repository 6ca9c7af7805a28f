/** One stack per data folder: a lock file that names the living owner. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./command-error.ts";
import { commandLineOf, isAlive } from "./process-table.ts";

function ownerOf(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

/** A pid is reused after a reboot: the owner of a lock is a Node process. */
function holds(pid: number): boolean {
  return isAlive(pid) && (commandLineOf(pid)?.includes("node") ?? false);
}

/**
 * Takes the lock of a data folder.
 * @returns the function that gives it back.
 * @throws CommandError when a living process holds it.
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, "lock");
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx", mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      const owner = ownerOf(file);
      if (owner !== null && holds(owner)) {
        throw new CommandError(
          `${dataDir} is in use by process ${owner}. Stop that one first (Ctrl-C in its terminal).`,
        );
      }
      // Left behind by a process that was killed.
      rmSync(file, { force: true });
    }
  }
}
