import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { ROOT } from "../../local/paths.ts";
import { type RunningPostgres, startPostgres } from "../../local/postgres.ts";

let dir: string;
let postgres: RunningPostgres;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "vigie-migrate-"));
  postgres = await startPostgres({ dataDir: join(dir, "pg"), log: () => {}, durable: false });
}, 120_000);
afterAll(async () => {
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}, 120_000);

const query = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

let databases = 0;
/** An empty database and a folder with the given files. */
async function aTree(files: Record<string, string>) {
  const name = `tree_${++databases}`;
  await query(postgres.adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(postgres.adminUrl);
  url.pathname = `/${name}`;
  const folder = join(dir, name);
  await mkdir(folder);
  const put = async (path: string, sql: string) => writeFile(join(folder, path), sql);
  for (const [path, sql] of Object.entries(files)) await put(path, sql);
  return { url: url.href, put, run: () => migrate(url.href, { log: () => {}, folder }) };
}

describe("migrate", () => {
  it("applies each file once, in order, and records its digest", async () => {
    const tree = await aTree({
      "002_b.sql": "ALTER TABLE a ADD COLUMN b int",
      "001_a.sql": "CREATE TABLE a ()",
    });
    expect((await tree.run()).applied).toEqual(["001_a.sql", "002_b.sql"]);
    expect((await tree.run()).applied).toEqual([]);
    await tree.put("003_c.sql", "CREATE TABLE c ()");
    expect((await tree.run()).applied).toEqual(["003_c.sql"]);
    const rows = await query(
      tree.url,
      "SELECT name, length(sha256) AS digits FROM schema_migrations ORDER BY name",
    );
    expect(rows).toEqual(["001_a.sql", "002_b.sql", "003_c.sql"].map((name) => ({ name, digits: 64 })));
  });

  it("refuses a file that was changed after it had been applied", async () => {
    const tree = await aTree({ "001_a.sql": "CREATE TABLE a ()" });
    await tree.run();
    await tree.put("001_a.sql", "CREATE TABLE a (id int)");
    await expect(tree.run()).rejects.toThrow("001_a.sql was changed after it had been applied");
  });

  it("refuses a database with another history", async () => {
    const tree = await aTree({ "001_a.sql": "CREATE TABLE a ()" });
    await tree.run();
    await query(tree.url, "INSERT INTO schema_migrations (name, sha256) VALUES ('002_newer.sql', 'x')");
    await expect(tree.run()).rejects.toThrow("has applied 002_newer.sql");
  });

  it("leaves nothing of a file that fails, and keeps the files before it", async () => {
    const tree = await aTree({
      "001_a.sql": "CREATE TABLE a ()",
      "002_b.sql": "CREATE TABLE b (); SELECT 1 / 0",
    });
    await expect(tree.run()).rejects.toThrow("002_b.sql failed and changed nothing: division by zero");
    expect(await query(tree.url, "SELECT name FROM schema_migrations")).toEqual([{ name: "001_a.sql" }]);
    expect(await query(tree.url, "SELECT to_regclass('b') AS b")).toEqual([{ b: null }]);
  });

  it.each(["1_a.sql", "002_a.sql", "001-a.sql"])("refuses a file named %s in first place", async (name) => {
    const tree = await aTree({ [name]: "SELECT 1" });
    await expect(tree.run()).rejects.toThrow("files are numbered");
  });

  it("lets two runners at once apply each file once", async () => {
    const tree = await aTree({});
    await cp(join(ROOT, "migrations"), join(dir, `tree_${databases}`), { recursive: true });
    const runs = await Promise.all([tree.run(), tree.run(), tree.run()]);
    expect(runs.map(({ applied }) => applied.length).filter((n) => n > 0)).toHaveLength(1);
  });

  it("says what is missing when run as a program without DATABASE_URL", async () => {
    const env = { PATH: process.env.PATH };
    const failed = await promisify(execFile)(process.execPath, [join(ROOT, "local/migrate.ts")], {
      env,
    }).then(
      () => null,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed?.code).toBe(1);
    expect(failed?.stderr).toBe(
      "vigie: DATABASE_URL is not set: name the Postgres to migrate, as its owner\n",
    );
  });

  it("explains in one line that nobody answers", async () => {
    const nowhere = "postgresql://a:b@127.0.0.1:1/none";
    await expect(migrate(nowhere, { log: () => {} })).rejects.toThrow("cannot connect to Postgres");
    await expect(migrate("nowhere", { log: () => {} })).rejects.toThrow("is not an address like postgresql:");
  });
});
