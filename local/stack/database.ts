/** The stack's Postgres and the Neon-protocol proxy in front of it: our own embedded one, or the one of DATABASE_URL. */
import { join } from "node:path";
import { migrate } from "../migrate.ts";
import { startNeonProxy } from "../neon-proxy.ts";
import { startPostgres } from "../postgres.ts";

export interface Database {
  /** Owner of the schema: migrations, tests. */
  adminUrl: string;
  /** What the Worker connects as. */
  appUrl: string;
  /** Where the Neon protocol is spoken in front of it. */
  proxyUrl: string;
  /** Stops and starts Postgres itself, on the same port over the same files; the proxy stays. Refuses for an outside Postgres. */
  stopPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts, migrates and fronts the database. `databaseUrl`: an outside Postgres, used as both owner and application. */
export async function openDatabase(options: {
  dataDir: string;
  databaseUrl?: string | undefined;
  log: (line: string) => void;
}): Promise<Database> {
  const { log, databaseUrl } = options;
  const postgresOptions = { dataDir: join(options.dataDir, "postgres"), log };
  let embedded = databaseUrl === undefined ? await startPostgres(postgresOptions) : undefined;
  let isRunning = true;
  const adminUrl = embedded?.adminUrl ?? databaseUrl ?? "";
  const appUrl = embedded?.appUrl ?? databaseUrl ?? "";
  const port = embedded?.port;
  const stopEmbedded = async () => {
    if (embedded && isRunning) await embedded.stop();
    isRunning = false;
  };
  try {
    await migrate(adminUrl, { log });
    const proxy = await startNeonProxy({ postgresUrl: appUrl });
    return {
      adminUrl,
      appUrl,
      proxyUrl: proxy.url,
      async stopPostgres() {
        if (!embedded) throw new Error("the Postgres of DATABASE_URL is not ours to stop");
        await stopEmbedded();
      },
      async startPostgres() {
        if (!embedded || isRunning || port === undefined) return;
        embedded = await startPostgres({ ...postgresOptions, port });
        isRunning = true;
      },
      async stop() {
        await proxy.stop();
        await stopEmbedded();
      },
    };
  } catch (error) {
    await stopEmbedded();
    throw error;
  }
}
