/** `npm run migrate`. */
import { join } from "node:path";
import { lockDataDir } from "../lock.ts";
import { type Migrated, migrate } from "../migrate.ts";
import { DATA_DIR } from "../paths.ts";
import { startPostgres } from "../postgres.ts";

export const help = `
npm run migrate

Applies the SQL of migrations/ that is not applied yet: to DATABASE_URL when it is set, otherwise to the embedded
Postgres under .data/ (npm start does that by itself).
`;

export async function run(): Promise<number> {
  const log = console.log;
  const url = process.env.DATABASE_URL;
  if (url) {
    tell(await migrate(url, { log }));
    return 0;
  }
  const unlock = lockDataDir(DATA_DIR);
  try {
    const postgres = await startPostgres({ dataDir: join(DATA_DIR, "postgres"), log: () => {} });
    try {
      tell(await migrate(postgres.adminUrl, { log }));
    } finally {
      await postgres.stop();
    }
  } finally {
    unlock();
  }
  return 0;
}

function tell({ applied }: Migrated): void {
  if (applied.length === 0) console.log("the schema is up to date");
}
