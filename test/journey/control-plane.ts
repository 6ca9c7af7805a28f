/** One real stack for one journey file, and what a person or a test asks of it through its API. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { call } from "../../local/demo/ops.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import type { Counters } from "../../src/contract/heartbeat.ts";
import type { Attempt, Incident } from "../../src/contract/incident.ts";
import { PluginDetail } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";

const POLL_MS = 50;
const PATIENCE_MS = 15_000;

export interface ControlPlane extends Stack {
  /** Merges into the policy. */
  setPolicy(patch: object): Promise<Policy>;
  /** The plugin as its object knows it. */
  live(pluginId: string): Promise<PluginDetail["live"]>;
  /** Asks until the plugin's object shows what is looked for. */
  whenLive<T>(
    what: string,
    pluginId: string,
    look: (live: PluginDetail["live"]) => T | null | undefined,
  ): Promise<T>;
  /** Every table, with its number of rows and a digest of what they hold. */
  ledger(): Promise<Record<string, { rows: number; digest: string }>>;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

export async function startControlPlane(options: { staging: boolean }): Promise<ControlPlane> {
  const dataDir = await mkdtemp(join(tmpdir(), "vigie-journey-"));
  const stack = await startStack({
    dataDir,
    port: 0,
    staging: options.staging,
    log: () => {},
    env: { LOG_LEVEL: "warn" },
  });
  const postgres = new pg.Client({ connectionString: stack.postgres.adminUrl });
  await postgres.connect();
  const query: ControlPlane["query"] = async (sql, values = []) => (await postgres.query(sql, values)).rows;
  const live: ControlPlane["live"] = async (pluginId) =>
    (await call(stack.api, PluginDetail, `/api/ops/plugins/${pluginId}`)).live;
  return {
    ...stack,
    query,
    live,
    whenLive: (what, pluginId, look) => eventually(what, async () => look(await live(pluginId))),
    async setPolicy(patch) {
      const { revision } = await call(stack.api, Policy, "/api/ops/policy");
      const json = { revision, reason: "set by a journey", patch };
      return call(stack.api, Policy, "/api/ops/policy", { method: "PATCH", json });
    },
    async ledger() {
      const tables = await query(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
      );
      const found: Record<string, { rows: number; digest: string }> = {};
      for (const { tablename } of tables) {
        const [row] = await query(
          `SELECT count(*)::int AS n, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS digest
           FROM "${tablename}" t`,
        );
        found[String(tablename)] = { rows: Number(row?.n), digest: String(row?.digest) };
      }
      return found;
    },
    async stop() {
      await postgres.end();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** @throws when `look` finds nothing in time, naming what was awaited */
export async function eventually<T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
    await delay(POLL_MS);
  }
}

/** Counters of a shop in which `failed` of `sent` webhooks were refused. */
export function counters(sent: number, failed: number): Counters {
  return { errors: 0, requests: 0, webhooks_sent: sent, webhooks_failed: failed };
}

/** The open incident of the plugin, once its decision has come and nothing is under way. */
export function settledIncident(live: PluginDetail["live"]): Incident | null {
  const incident = live.open_incidents[0];
  return incident !== undefined && incident.status === "escalated" ? incident : null;
}

export function attemptThatIs(status: Attempt["status"]) {
  return (live: PluginDetail["live"]): Attempt | null =>
    live.attempt?.status === status ? live.attempt : null;
}
