/**
 * Brings a Postgres to this tree's schema. `migrations/NNN_name.sql` are append-only: each runs once, in one transaction,
 * and is recorded with its digest. `migrations/repeatable/*.sql` run every time. Also a program:
 * `DATABASE_URL=postgresql://owner:... node local/migrate.ts`
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { CommandError } from "./command-error.ts";
import { ROOT } from "./paths.ts";

export interface MigrateOptions {
  log: (line: string) => void;
  /** Gives the Worker's role `vigie_app` a login with this password, where the privileges allow it. */
  appPassword?: string;
  /** Another folder, for tests. */
  folder?: string;
}

export interface Migrated {
  /** File names, in order; empty when the schema was up to date. */
  applied: string[];
  /** How the Worker connects with least privilege; null without `appPassword` or where its role cannot be made. */
  appUrl: string | null;
}

interface Migration {
  name: string;
  sql: string;
  sha256: string;
}

/** Two runners at once wait for each other. The number is the one that this tree uses, nothing else. */
const MIGRATION_LOCK = 111_001_001;

/** Applies what is missing. A CommandError when the folder and the database disagree about the past. */
export async function migrate(adminUrl: string, options: MigrateOptions): Promise<Migrated> {
  const { log } = options;
  const folder = options.folder ?? join(ROOT, "migrations");
  const migrations = await readMigrations(folder);
  // The driver takes any text for a host's name.
  if (!URL.canParse(adminUrl))
    throw new CommandError("DATABASE_URL is not an address like postgresql://user:password@host/database");
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 });
  client.on("notice", (notice) => log(notice.message ?? ""));
  await client.connect().catch((error: unknown) => {
    throw new CommandError(
      `cannot connect to Postgres: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  try {
    await client.query("SET client_min_messages = notice");
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await ensureTable(client);
    const pending = pendingOf(migrations, await readApplied(client));
    for (const migration of pending) {
      await apply(client, migration);
      log(`applied ${migration.name}`);
    }
    for (const { name, sql } of await readSql(join(folder, "repeatable")))
      await inTransaction(client, name, sql);
    const appUrl = options.appPassword ? await grantLogin(client, adminUrl, options.appPassword, log) : null;
    return { applied: pending.map(({ name }) => name), appUrl };
  } finally {
    await client.end();
  }
}

async function readSql(folder: string): Promise<Migration[]> {
  const names = await readdir(folder).catch(() => []);
  const migrations: Migration[] = [];
  for (const name of names.filter((file) => file.endsWith(".sql")).sort()) {
    const sql = await readFile(join(folder, name), "utf8");
    migrations.push({ name, sql, sha256: createHash("sha256").update(sql).digest("hex") });
  }
  return migrations;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const migrations = await readSql(folder);
  migrations.forEach(({ name }, index) => {
    const number = /^(\d{3})_[a-z0-9_]+\.sql$/.exec(name)?.[1];
    if (Number(number) !== index + 1) {
      throw new CommandError(
        `migrations/${name}: files are numbered 001_name.sql, 002_name.sql, ... without gaps or doubles`,
      );
    }
  });
  return migrations;
}

async function ensureTable(client: pg.Client): Promise<void> {
  const { rows } = await client.query("SELECT to_regclass('public.schema_migrations') AS found");
  if (rows[0]?.found) return;
  await client.query(`
    CREATE TABLE public.schema_migrations (
      name       text PRIMARY KEY,
      sha256     text NOT NULL,
      applied_at timestamptz(3) NOT NULL DEFAULT now()
    )`);
}

async function readApplied(client: pg.Client): Promise<Pick<Migration, "name" | "sha256">[]> {
  const { rows } = await client.query("SELECT name, sha256 FROM public.schema_migrations ORDER BY name");
  return rows;
}

/** What is still to be applied, after checking that the past is the same here and there. */
function pendingOf(migrations: Migration[], applied: Pick<Migration, "name" | "sha256">[]): Migration[] {
  applied.forEach(({ name, sha256 }, index) => {
    const here = migrations[index];
    if (here?.name !== name) {
      throw new CommandError(
        `the database has applied ${name}, and this tree has ${here?.name ?? "no such file"} in its place: they have different histories`,
      );
    }
    if (here.sha256 !== sha256) {
      throw new CommandError(
        `migrations/${name} was changed after it had been applied: put it back and write a new file instead`,
      );
    }
  });
  return migrations.slice(applied.length);
}

async function apply(client: pg.Client, { name, sql, sha256 }: Migration): Promise<void> {
  await inTransaction(client, name, sql, () =>
    client.query("INSERT INTO public.schema_migrations (name, sha256) VALUES ($1, $2)", [name, sha256]),
  );
}

async function inTransaction(client: pg.Client, name: string, sql: string, then?: () => Promise<unknown>) {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await then?.();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new CommandError(
      `migrations/${name} failed and changed nothing: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function grantLogin(
  client: pg.Client,
  adminUrl: string,
  password: string,
  log: (line: string) => void,
) {
  try {
    await client.query(`ALTER ROLE vigie_app LOGIN PASSWORD ${client.escapeLiteral(password)}`);
    await client.query(
      `GRANT CONNECT ON DATABASE ${client.escapeIdentifier(client.database ?? "")} TO vigie_app`,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log(`the Worker cannot have a role of its own here (${why}): it will connect as the owner`);
    return null;
  }
  const url = new URL(adminUrl);
  url.username = "vigie_app";
  url.password = password;
  return url.href;
}

/** The program: `DATABASE_URL`, and `VIGIE_APP_PASSWORD` for the Worker's own login. */
async function main(): Promise<void> {
  const { DATABASE_URL, VIGIE_APP_PASSWORD } = process.env;
  if (!DATABASE_URL) {
    throw new CommandError("DATABASE_URL is not set: name the Postgres to migrate, as its owner");
  }
  const { applied, appUrl } = await migrate(DATABASE_URL, {
    log: (line) => console.log(line),
    ...(VIGIE_APP_PASSWORD && { appPassword: VIGIE_APP_PASSWORD }),
  });
  console.log(applied.length === 0 ? "the schema is up to date" : `${applied.length} migrations applied`);
  if (appUrl) console.log("the Worker's role vigie_app may log in with VIGIE_APP_PASSWORD");
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(error instanceof CommandError ? `vigie: ${error.message}` : error);
    process.exitCode = 1;
  });
}
