/**
 * The local stack's PostgreSQL: real, from npm, on 127.0.0.1 only, its data kept. It may be stopped and started again on
 * the same port and data at any time, also after it or its parent was killed.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { CommandError } from "./command-error.ts";
import { type Account, findBinaries, launch, unprivilegedAccount } from "./postgres-binaries.ts";
import { endServer, environment, runServer, type ServerOptions, STOP_LIMIT_MS } from "./postgres-server.ts";

export interface PostgresOptions extends ServerOptions {
  /** Made when missing; holds `cluster/` and `passwords.json`. */
  dataDir: string;
}

export interface RunningPostgres {
  /** The owner: migrations. */
  adminUrl: string;
  /** `vigie_app`: the Worker. */
  appUrl: string;
  port: number;
  /** Resolves when the process has ended and every file is on disk. */
  stop(): Promise<void>;
}

const OWNER = "vigie_owner";
const APP = "vigie_app";
const DATABASE = "vigie";

interface Passwords {
  owner: string;
  app: string;
}

/** Starts PostgreSQL on the data, which it makes the first time. A CommandError explains what the user can mend. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { log } = options;
  const dataDir = resolve(options.dataDir);
  const cluster = join(dataDir, "cluster");
  const account = await unprivilegedAccount(cluster);
  await mkdir(dataDir, { recursive: true });
  if (account) await chown(dataDir, account.uid, account.gid);

  const passwords = await readOrMakePasswords(join(dataDir, "passwords.json"));
  await endLeftover(cluster, log);
  if (!(await exists(join(cluster, "PG_VERSION")))) await initialise(cluster, account, passwords, log);

  const { child, port } = await runServer(cluster, account, options);
  const url = (user: string, password: string, database: string) =>
    `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
  try {
    await ensureDatabase(
      url(OWNER, passwords.owner, "postgres"),
      url(OWNER, passwords.owner, DATABASE),
      passwords,
    );
  } catch (error) {
    await endServer(child);
    throw error;
  }
  return {
    adminUrl: url(OWNER, passwords.owner, DATABASE),
    appUrl: url(APP, passwords.app, DATABASE),
    port,
    stop: () => endServer(child),
  };
}

async function initialise(
  cluster: string,
  account: Account | null,
  passwords: Passwords,
  log: (line: string) => void,
) {
  log("making a new PostgreSQL cluster");
  const { initdb } = await findBinaries();
  // Made beside its place and moved there whole, so that an interrupted start leaves no half of a cluster.
  const fresh = `${cluster}.new`;
  await rm(fresh, { recursive: true, force: true });
  await rm(cluster, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  const passwordFile = `${cluster}.password`;
  await writeFile(passwordFile, `${passwords.owner}\n`, { mode: 0o600 });
  if (account) {
    await chown(fresh, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  try {
    const args = [
      `--pgdata=${fresh}`,
      `--username=${OWNER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
    ];
    args.push("--encoding=UTF8", "--locale=C", "--no-instructions");
    const started = await launch(account, initdb, args, [fresh, passwordFile]);
    await promisify(execFile)(started.command, started.args, { ...started.account, env: environment() });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, cluster);
}

/**
 * Deals with what a killed run left behind: a server of ours that outlived its parent is ended; a `postmaster.pid` whose
 * number belongs to some other process by now is removed, because Postgres would take that process for itself.
 */
async function endLeftover(cluster: string, log: (line: string) => void): Promise<void> {
  const pidFile = join(cluster, "postmaster.pid");
  const text = await readFile(pidFile, "utf8").catch(() => null);
  if (text === null) return;
  const pid = Number(text.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !(await isServerOf(pid, cluster))) {
    await rm(pidFile, { force: true });
    return;
  }
  log(`ending the PostgreSQL of an earlier run (process ${pid})`);
  const limit = Date.now() + STOP_LIMIT_MS;
  process.kill(pid, "SIGINT");
  while (await isServerOf(pid, cluster)) {
    if (Date.now() > limit)
      throw new CommandError(`the PostgreSQL of an earlier run (process ${pid}) does not end`);
    await pause(50);
  }
}

/** Is the process alive, and a postgres server on this cluster? */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "args=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  const commandLine =
    stdout || (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
  return commandLine.includes("postgres") && commandLine.includes(`-D ${cluster} `);
}

/** Makes database and roles where they are missing, and gives the roles the kept passwords. */
async function ensureDatabase(maintenanceUrl: string, url: string, passwords: Passwords): Promise<void> {
  await withClient(maintenanceUrl, async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} TEMPLATE template0 ENCODING 'UTF8'`);
    const role = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [APP]);
    if (role.rowCount === 0) await client.query(`CREATE ROLE ${APP}`);
    await client.query(`ALTER ROLE ${APP} LOGIN PASSWORD ${client.escapeLiteral(passwords.app)}`);
  });
  await withClient(url, async (client) => {
    await client.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`);
    await client.query(`GRANT CONNECT ON DATABASE ${DATABASE} TO ${APP}`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function readOrMakePasswords(path: string): Promise<Passwords> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text !== null) {
    const { owner, app } = Object(JSON.parse(text));
    if (typeof owner === "string" && typeof app === "string") return { owner, app };
    throw new CommandError(`${path} is damaged: remove the folder around it to start with an empty database`);
  }
  const make = () => randomBytes(24).toString("base64url");
  const passwords = { owner: make(), app: make() };
  const fresh = `${path}.new`;
  await writeFile(fresh, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 });
  await chmod(fresh, 0o600);
  await rename(fresh, path);
  return passwords;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
