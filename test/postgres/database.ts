/** A throw-away PostgreSQL with the schema, behind the real proxy: one for each test file. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { vi } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { type NeonProxy, startNeonProxy } from "../../local/neon-proxy.ts";
import { type RunningPostgres, startPostgres } from "../../local/postgres.ts";
import { connect, type Db } from "../../src/postgres/connection.ts";

// `initdb` alone takes seconds on a busy machine, and some tests write hundreds of rows, one after the other.
vi.setConfig({ hookTimeout: 120_000, testTimeout: 120_000 });

export interface TestDatabase {
  dataDir: string;
  /** As the Worker connects: through the proxy, as `vigie_app`. */
  db: Db;
  postgres: RunningPostgres;
  proxy: NeonProxy;
  /** One statement as the owner or as the Worker's role, past the proxy. */
  asOwner(sql: string, params?: unknown[]): Promise<pg.QueryResult>;
  asApp(sql: string, params?: unknown[]): Promise<pg.QueryResult>;
  stop(): Promise<void>;
}

export async function startTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), "vigie-pg-"));
  const postgres = await startPostgres({ dataDir, log: () => {}, durable: false });
  await migrate(postgres.adminUrl, { log: () => {} });
  const proxy = await startNeonProxy({ postgresUrl: postgres.appUrl });
  const owner = new pg.Pool({ connectionString: postgres.adminUrl, max: 4 });
  const app = new pg.Pool({ connectionString: postgres.appUrl, max: 8 });
  // Idle connections that a stopped server cuts off.
  for (const pool of [owner, app]) pool.on("error", () => {});
  const database: TestDatabase = {
    dataDir,
    db: connect({ DATABASE_URL: postgres.appUrl, NEON_PROXY_URL: proxy.url }),
    postgres,
    proxy,
    asOwner: (sql, params) => owner.query(sql, params),
    asApp: (sql, params) => app.query(sql, params),
    async stop() {
      await Promise.all([owner.end(), app.end(), proxy.stop()]);
      await database.postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return database;
}
