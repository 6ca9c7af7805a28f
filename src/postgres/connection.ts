/** The way to Postgres: drizzle over Neon's HTTP protocol, or over the local stack's proxy that speaks the same. */
import { neon, neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";
import { withDeadline } from "../deadline.ts";
import * as schema from "./schema.ts";

export type Db = NeonHttpDatabase<typeof schema>;

/** The part of Env that says where Postgres is. */
export interface PostgresAddress {
  DATABASE_URL: string;
  /** Empty or absent for Neon itself. */
  NEON_PROXY_URL?: string | undefined;
}

/** Nothing in the driver times out by itself, and an outbox or a page must not hang on a silent peer. */
const QUERY_TIMEOUT_MS = 10_000;

/** The driver's configuration is global to the isolate, while databases are several in tests: one proxy per address. */
const proxies = new Map<string, string>();
let configured = false;

function configureOnce(): void {
  if (configured) return;
  configured = true;
  const neonEndpoint = neonConfig.fetchEndpoint;
  neonConfig.fetchEndpoint = (host, port, options) => {
    const proxy = proxies.get(`${host}:${port}`);
    if (proxy) return `${proxy}/sql`;
    return typeof neonEndpoint === "string" ? neonEndpoint : neonEndpoint(host, port, options);
  };
  neonConfig.fetchFunction = (url: string, init: RequestInit) =>
    withDeadline(QUERY_TIMEOUT_MS, async (signal) => {
      const response = await fetch(url, { ...init, signal });
      // Read here, so that the limit covers the answer's body too.
      return new Response(await response.arrayBuffer(), response);
    });
}

/**
 * A drizzle database for one address. Opens nothing: each query, and each `batch`, is one POST of at most 10 s.
 * Errors of queries: see `classifyPgError`.
 */
export function connect(env: PostgresAddress): Db {
  configureOnce();
  const url = new URL(env.DATABASE_URL);
  const address = `${url.hostname}:${url.port}`;
  if (env.NEON_PROXY_URL) proxies.set(address, env.NEON_PROXY_URL.replace(/\/+$/, ""));
  else proxies.delete(address);
  return drizzle(neon(env.DATABASE_URL), { schema });
}

/** Resolves when Postgres answers a query; rejects otherwise. */
export async function ping(db: Db): Promise<void> {
  await db.execute(sql`select 1`);
}
