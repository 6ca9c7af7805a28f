/**
 * Brings up everything real on 127.0.0.1: Postgres, the Neon proxy, migrations, the staging runner, the Worker. Used by start,
 * dev, demo and the journeys. Whatever it started ends with `stop()`, the last first, also when the start itself fails.
 */
import { join } from "node:path";
import { buildAll } from "./build/build.ts";
import { lockDataDir } from "./lock.ts";
import { openLog, tailOf } from "./log-file.ts";
import { WORKER_BUNDLE } from "./paths.ts";
import { mintToken, opsRoles, type PersonId } from "./people.ts";
import { claimPort } from "./ports.ts";
import { loadOrCreatePublisher, type Publisher } from "./publisher.ts";
import { loadOrCreateSecrets, molamIdPublicKey } from "./secrets.ts";
import { createCleanUp } from "./stack/clean-up.ts";
import { openDatabase } from "./stack/database.ts";
import { type Api, createApi } from "./stack/ops-client.ts";
import { waitUntilReady } from "./stack/readiness.ts";
import { startStagingRunner } from "./staging.ts";
import type { WorkerBindings } from "./worker/host-messages.ts";
import { createWorkerProcess, type WorkerProcess } from "./worker/worker.ts";

export interface StackOptions {
  /** Everything that must survive a restart lives below this folder. */
  dataDir: string;
  /** 0: a free one. */
  port: number;
  /** An outside Postgres instead of the embedded one. */
  databaseUrl?: string;
  /** False: no staging runner; decisions that need one are not staged. */
  staging: boolean;
  /** Progress, one line at a time. */
  log: (line: string) => void;
  /** Bindings that replace the stack's own. */
  env?: WorkerBindings;
}

export interface Stack {
  url: string;
  dataDir: string;
  /** A login; `dev:ada`, who has every role, when no person is named. */
  token(person?: PersonId): Promise<string>;
  api: Api;
  postgres: { adminUrl: string; stop(): Promise<void>; start(): Promise<void> };
  worker: Pick<WorkerProcess, "kill" | "reload"> & { start(): Promise<void> };
  /** Null when the stack was started without it. */
  staging: { url: string } | null;
  publisher: Publisher;
  stop(): Promise<void>;
}

/** @throws CommandError for what a person can mend: a taken port, a data folder in use. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const cleanUp = createCleanUp(options.log);
  try {
    return await start(options, cleanUp);
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

async function start(options: StackOptions, cleanUp: ReturnType<typeof createCleanUp>): Promise<Stack> {
  const { dataDir, log } = options;
  const logFile = (name: string) => join(dataDir, "logs", `${name}.log`);
  const toFile = (name: string) => {
    const file = openLog(logFile(name));
    cleanUp.add(`${name} log`, () => void file.end());
    return (line: string) => void file.write(`${line.trimEnd()}\n`);
  };

  cleanUp.add("lock", lockDataDir(dataDir));
  const port = await claimPort(options.port);
  const url = `http://127.0.0.1:${port}`;
  const secrets = loadOrCreateSecrets(dataDir);
  const publisher = await loadOrCreatePublisher(dataDir);
  await buildAll(log);

  log(options.databaseUrl ? "using the Postgres of DATABASE_URL ..." : "starting Postgres ...");
  const database = await openDatabase({
    dataDir,
    databaseUrl: options.databaseUrl,
    appPassword: secrets.POSTGRES_APP_PASSWORD,
    log: toFile("postgres"),
  });
  cleanUp.add("Postgres", () => database.stop());

  const staging = options.staging
    ? await startStagingRunner({
        token: secrets.STAGING_RUNNER_TOKEN,
        artifactOrigin: url,
        log: toFile("staging"),
      })
    : null;
  if (staging) {
    cleanUp.add("staging runner", () => staging.stop());
    log(`staging runner on ${staging.url}`);
  }

  const bindings: WorkerBindings = {
    DATABASE_URL: database.appUrl,
    NEON_PROXY_URL: database.proxyUrl,
    MOLAM_ID_JWT_PUBLIC: molamIdPublicKey(secrets),
    OPS_ROLES: opsRoles(),
    SIRA_API_TOKEN: secrets.SIRA_API_TOKEN,
    STAGING_RUNNER_URL: staging?.url ?? "",
    STAGING_RUNNER_TOKEN: secrets.STAGING_RUNNER_TOKEN,
    PUBLIC_URL: url,
    // The shops of the demo and of the journeys are on this machine.
    SITE_PROBE_ALLOW_PRIVATE: "true",
    PLUGIN_ID_KEY: secrets.PLUGIN_ID_KEY,
    VAULT_KEY: secrets.VAULT_KEY,
    CONTROL_SIGNING_KEY: secrets.CONTROL_SIGNING_KEY,
    PUBLISHER_KEYS: JSON.stringify(publisher.publisherKeys),
    ...options.env,
  };
  log("starting the Worker ...");
  const worker = createWorkerProcess(
    {
      bundle: WORKER_BUNDLE,
      port,
      persistDir: join(dataDir, "worker"),
      pidFile: join(dataDir, "workerd.pid"),
      bindings,
    },
    { logFile: logFile("worker"), log },
  );
  cleanUp.add("Worker", () => worker.stop());
  const startWorker = async () => {
    await worker.start();
    await waitUntilReady(url, () => tailOf(logFile("worker")));
  };
  await startWorker();

  const token = (person: PersonId = "dev:ada") => mintToken(secrets, person, worker.vars());
  return {
    url,
    dataDir,
    token,
    api: createApi(url, token),
    postgres: {
      adminUrl: database.adminUrl,
      stop: () => database.stopPostgres(),
      start: () => database.startPostgres(),
    },
    worker: { kill: () => worker.kill(), reload: () => worker.reload(), start: startWorker },
    staging,
    publisher,
    stop: () => cleanUp.run(),
  };
}
