/**
 * The world of a journey: one real stack (Postgres, proxy, Worker, staging runner), the demo releases, a policy that acts by
 * itself at the shortest intervals the contract allows, and shops.
 *
 *     let world: World;
 *     beforeAll(async () => { world = await startWorld(); });        // { policy: <merge patch> } changes the policy
 *     afterAll(() => world?.stop());
 *
 *     const shop = await world.scriptedShop();                       // signs with the `standardwebhooks` package
 *     await shop.breakDown();                                        // two beats: webhooks fail, an incident opens
 *     await world.attemptReaches(shop.id, "applying");
 *     const command = await shop.takeCommand();                      // verified as a client would
 *     await shop.carryOut(command);                                  // switches the version and acknowledges
 *     ... or let it live by itself: const life = shop.live(); ...; await life.stop();
 *     await world.delivered(shop.id);                                // its outbox is empty: Postgres has everything
 *     await world.rows("SELECT ... WHERE plugin_id = $1", [shop.id]);
 *
 * `world.realShop()` is the real agent with the real plugin process. `world.until` waits by the live feed, not by the clock.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { call, OpsRefusal } from "../../local/demo/ops.ts";
import { publishReleases } from "../../local/demo/prepare.ts";
import { startReceiver } from "../../local/demo/receiver.ts";
import { DEMO_PRODUCT } from "../../local/demo/releases.ts";
import type { Api } from "../../local/stack/ops-client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import type { WorkerBindings } from "../../local/worker/host-messages.ts";
import { type Attempt, type AttemptStatus, TERMINAL_STATUSES } from "../../src/contract/attempt.ts";
import { type Incident, OPEN_INCIDENT_STATUSES } from "../../src/contract/incident.ts";
import { AttemptPage, IncidentPage, PluginDetail } from "../../src/contract/ops.ts";
import { Policy, PolicyDocument } from "../../src/contract/policy.ts";
import { mergePatch } from "../../src/core/policy/merge-patch.ts";
import { createFeed } from "./feed.ts";
import { openRealShop, type RealShop, type RealShopOptions } from "./real-shop.ts";
import { mintClaimCode } from "./scripted-plugin.ts";
import { ScriptedShop } from "./scripted-shop.ts";

/** Everything is allowed at once, and nothing takes longer than it must. */
const POLICY: PolicyDocument = PolicyDocument.parse({
  mode: "auto",
  whitelist: { all: true },
  max_severity: "critical",
  approvals: {
    by_severity: { low: 0, medium: 0, high: 0, critical: 0 },
    by_step: { patch: 0, minor: 0, major: 0, downgrade: 0 },
  },
  canary: { stages: [{ percent: 100 }], in_flight: 10_000, abort: [] },
  limits: { attempts_per_plugin_per_day: 100, actions_per_fleet_per_hour: 100_000, penalty_box_s: 0 },
  intervals: {
    heartbeat_s: 15,
    fast_s: 5,
    probation_s: 5,
    verify_s: 10,
    verify_limit_s: 60,
    bake_s: 600,
    command_ttl_s: 120,
    apply_s: 60,
  },
});

/** Half of a test's time-out: what takes seconds on a machine of its own may take a minute on a busy one. */
const WAIT_MS = 120_000;
/** The feed tells of changes at once; this stands behind it while the Worker is away. */
const LOOK_AGAIN_MS = 500;

/** What was awaited can happen no more. */
export class NeverReached extends Error {
  override name = "NeverReached";
}

export interface World {
  stack: Stack;
  api: Api;
  /** As Postgres holds them, read as its owner past the Worker and the proxy. */
  rows<R extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, params?: unknown[]): Promise<R[]>;
  scriptedShop(options?: { merchantId?: string; version?: string }): Promise<ScriptedShop>;
  realShop(options?: RealShopOptions): Promise<RealShop>;
  /** The plugin as its object knows it. */
  live(pluginId: string): Promise<PluginDetail>;
  /** The attempt in flight, else the newest in the ledger; null when there is none. */
  attemptOf(pluginId: string): Promise<Attempt | null>;
  /** Looks after every change that the feed tells of, until `look` finds something. A refusal (4xx) of the API ends the wait. */
  until<T>(what: string, look: () => Promise<T | null | undefined | false>, timeoutMs?: number): Promise<T>;
  /** @throws NeverReached when the attempt ends otherwise */
  attemptReaches(pluginId: string, status: AttemptStatus, timeoutMs?: number): Promise<Attempt>;
  /** In its staging, or just behind it when that was quick. For a shop that does not beat meanwhile. */
  attemptInStaging(pluginId: string): Promise<Attempt>;
  openIncident(pluginId: string, timeoutMs?: number): Promise<Incident>;
  /** Everything that the plugin's object had to tell has been taken. */
  delivered(pluginId: string, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(
  options: { policy?: Record<string, unknown>; env?: WorkerBindings } = {},
): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), "vigie-journey-"));
  const undo: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const stack = await startStack({
      dataDir,
      port: 0,
      staging: true,
      log: () => {},
      env: options.env ?? {},
    });
    undo.push(() => stack.stop());
    return await furnish(stack, options.policy ?? {}, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function furnish(
  stack: Stack,
  policy: Record<string, unknown>,
  undo: (() => unknown)[],
  stop: () => Promise<void>,
): Promise<World> {
  const { api } = stack;
  const pool = new pg.Pool({ connectionString: stack.postgres.adminUrl, max: 2 });
  pool.on("error", () => {}); // idle connections that a stopped Postgres cuts off
  undo.push(() => pool.end());

  // Before the first shop: intervals are cached for seconds.
  const { revision } = await call(api, Policy, "/api/ops/policy");
  const json = { revision, reason: "journey", document: mergePatch(POLICY, policy) };
  await call(api, Policy, "/api/ops/policy", { method: "PUT", json });
  const releases = await publishReleases(api, stack.publisher);
  const receiver = await startReceiver({});
  undo.push(() => receiver.stop());
  const feed = createFeed(stack.url, await stack.token());
  undo.push(() => feed.close());

  let shops = 0;
  const nextMerchant = () => `shop-${++shops}`;

  const until: World["until"] = async (what, look, timeoutMs = WAIT_MS) => {
    const deadline = Date.now() + timeoutMs;
    let last = "nothing yet";
    for (;;) {
      try {
        const found = await look();
        if (found) return found;
      } catch (error) {
        // The Worker or Postgres may be away; a refusal will not change its mind.
        if (error instanceof NeverReached || (error instanceof OpsRefusal && error.status < 500)) throw error;
        last = String(error);
      }
      if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s (${last})`);
      await feed.nextChange(LOOK_AGAIN_MS);
    }
  };
  const live = (pluginId: string) => call(api, PluginDetail, `/api/ops/plugins/${pluginId}`);
  const attemptOf = async (pluginId: string) => {
    const { attempt } = (await live(pluginId)).live;
    if (attempt) return attempt;
    const page = await call(api, AttemptPage, `/api/ops/autopatch-attempts?plugin_id=${pluginId}&limit=1`);
    return page.items[0] ?? null;
  };

  return {
    stack,
    api,
    rows: async (sql, params) => (await pool.query(sql, params)).rows,
    scriptedShop: ({ merchantId = nextMerchant(), version = "1.2.2" } = {}) =>
      ScriptedShop.enrol(stack, { merchant: merchantId, product: DEMO_PRODUCT, version }),
    async realShop({ merchantId = nextMerchant(), version = "1.2.2", ...how } = {}) {
      const release = releases.find((candidate) => candidate.version === version);
      if (!release) throw new Error(`no demo release ${version}`);
      const root = join(stack.dataDir, "shops", merchantId);
      const claim = await mintClaimCode(stack, merchantId, DEMO_PRODUCT);
      const shop = await openRealShop({ ...how, merchantId, root, release, receiver, claim, url: stack.url });
      undo.push(() => shop.close());
      return shop;
    },
    live,
    attemptOf,
    until,
    attemptReaches(pluginId, status, timeoutMs) {
      const look = async () => {
        const attempt = await attemptOf(pluginId);
        if (attempt?.status === status) return attempt;
        if (attempt && TERMINAL_STATUSES.some((end) => end === attempt.status))
          throw new NeverReached(`awaited ${status}, but it ended as ${attempt.status}: ${attempt.reason}`);
        return null;
      };
      return until(`${pluginId}: attempt ${status}`, look, timeoutMs);
    },
    attemptInStaging: (pluginId) =>
      until(`${pluginId}: attempt staging`, async () => {
        const { attempt } = (await live(pluginId)).live;
        return attempt?.status === "pending" ? null : attempt;
      }),
    openIncident(pluginId, timeoutMs) {
      const status = OPEN_INCIDENT_STATUSES.join(",");
      const path = `/api/ops/plugin-incidents?plugin_id=${pluginId}&status=${status}`;
      const look = async () => (await call(api, IncidentPage, path)).items[0];
      return until(`${pluginId}: open incident`, look, timeoutMs);
    },
    async delivered(pluginId, timeoutMs) {
      const isEmpty = async () => (await live(pluginId)).live.outbox === 0;
      await until(`${pluginId}: empty outbox`, isEmpty, timeoutMs);
    },
    stop,
  };
}
