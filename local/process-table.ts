/** Questions to the operating system about processes that may not be our children any more. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** True while the process runs. A zombie (dead, not yet reaped by its parent) holds neither port nor file and does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  if (!existsSync("/proc/self/stat")) return true;
  try {
    // The state is the first field after the command, which is in parentheses and may itself hold spaces.
    return !/\)\s+Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The command line, or null when there is no such process. */
export function commandLineOf(pid: number): string | null {
  try {
    if (existsSync("/proc/self/cmdline"))
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return null;
  }
}

/** Waits until the process is gone. @returns false when it still lives after `timeoutMs`. */
export async function waitForEnd(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/**
 * Kills the process that a pid file names, when it is alive and its command line contains `marker`: after a crash the pid may
 * long belong to somebody else.
 */
export async function killRecorded(pidFile: string, marker: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, "utf8"));
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return;
  if (!commandLineOf(pid)?.includes(marker)) return;
  process.kill(pid, "SIGKILL");
  await waitForEnd(pid, 5000);
}
