/** The stack's Postgres and the Neon-protocol proxy in front of it: our own embedded one, or the one of DATABASE_URL. */
import { join } from "node:path";
import { migrate } from "../migrate.ts";
import { startNeonProxy } from "../neon-proxy.ts";
import { startPostgres } from "../postgres.ts";
import { keepPostgres } from "./postgres-keeper.ts";

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

/** Starts, migrates and fronts the database. `databaseUrl`: an outside Postgres, as its owner. */
export async function openDatabase(options: {
  dataDir: string;
  databaseUrl?: string | undefined;
  /** The Worker's own login on an outside Postgres, where its owner may make roles. */
  appPassword: string;
  log: (line: string) => void;
}): Promise<Database> {
  const { log, databaseUrl } = options;
  const postgresOptions = { dataDir: join(options.dataDir, "postgres"), log };
  let embedded = databaseUrl === undefined ? await startPostgres(postgresOptions) : undefined;
  let isRunning = true;
  const adminUrl = embedded?.adminUrl ?? databaseUrl ?? "";
  const port = embedded?.port;
  const dismissKeeper = embedded ? keepPostgres(postgresOptions.dataDir) : () => {};
  const stopEmbedded = async () => {
    if (embedded && isRunning) await embedded.stop();
    isRunning = false;
  };
  try {
    const migrated = await migrate(adminUrl, embedded ? { log } : { log, appPassword: options.appPassword });
    // The least privilege there is: the embedded role, the role just made, or the owner when none could be made.
    const appUrl = embedded?.appUrl ?? migrated.appUrl ?? adminUrl;
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
        dismissKeeper();
      },
    };
  } catch (error) {
    await stopEmbedded();
    dismissKeeper();
    throw error;
  }
}
