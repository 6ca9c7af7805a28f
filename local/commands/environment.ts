/** What a person may set from outside, by the names that a deployment uses too. */
import { portFromEnv } from "../ports.ts";
import type { WorkerBindings } from "../worker/host-messages.ts";

export const DEFAULT_PORT = 8112;

/** Bindings that are passed through to the Worker when set. */
const PASSED_THROUGH = [
  "LOG_LEVEL",
  "MOLAM_ID_JWT_PUBLIC",
  "SIRA_API_URL",
  "SIRA_API_TOKEN",
  "SIRA_INBOUND_TOKEN",
  "STAGING_RUNNER_URL",
  "STAGING_RUNNER_TOKEN",
  "NOTIFY_URL",
  "NOTIFY_SECRET",
  "NOTIFY_FORMAT",
] as const satisfies (keyof WorkerBindings)[];

export interface LocalEnvironment {
  port: number;
  databaseUrl?: string;
  bindings: WorkerBindings;
}

/** @throws CommandError when PORT is no port. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): LocalEnvironment {
  const bindings: WorkerBindings = {};
  for (const name of PASSED_THROUGH) {
    const value = env[name];
    if (value) bindings[name] = value;
  }
  return {
    port: portFromEnv(env.PORT, DEFAULT_PORT),
    ...(env.DATABASE_URL ? { databaseUrl: env.DATABASE_URL } : {}),
    bindings,
  };
}

/** The part of every command's help that they share. */
export const ENVIRONMENT_HELP = `
Environment:
  PORT                  port on 127.0.0.1 (${DEFAULT_PORT})
  DATABASE_URL          an own Postgres instead of the embedded one; its user must be able to create tables and roles
  LOG_LEVEL             debug | info | warn | error
  SIRA_API_URL          a remote decision service, with SIRA_API_TOKEN; the built-in one otherwise
  SIRA_INBOUND_TOKEN    opens the built-in decision service to whoever shows this token; closed otherwise
  STAGING_RUNNER_URL    a remote staging runner, with STAGING_RUNNER_TOKEN; a local one otherwise
  MOLAM_ID_JWT_PUBLIC   SPKI PEM of a real identity provider; switches the development login and the demo fleet off
  NOTIFY_URL            where notifications go, with NOTIFY_SECRET; NOTIFY_FORMAT is vigie or slack`;
