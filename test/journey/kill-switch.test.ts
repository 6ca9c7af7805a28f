/** Once the kill switch has answered, no heartbeat reply carries a command: 200 plugins race it, each with a command in hand. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../../local/demo/ops.ts";
import type { ApiInit } from "../../local/stack/ops-client.ts";
import { AttemptPage } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import { startRace } from "./beat-race.ts";
import { counters, orderConfig, PATIENT_INTERVALS } from "./scripted-incident.ts";
import { enrolPlugin, type ScriptedPlugin } from "./scripted-plugin.ts";
import { startWorld, type World } from "./world.ts";

const RACING = 200;
/** These ask for their command for the first time when the switch is engaged. */
const WAITING = 20;
/** Enough of them that the race is on, before the switch is pulled in the middle of it. */
const COMMANDS_BEFORE = 200;
const PREPARED_AT_ONCE = 12;
/** Ten seconds on a machine of its own; a shared one may be busy. */
const PREPARE_TIMEOUT_MS = 240_000;

let world: World;
let racing: ScriptedPlugin[];
let waiting: ScriptedPlugin[];

beforeAll(async () => {
  world = await startWorld({ policy: { intervals: PATIENT_INTERVALS } });
  const numbers = Array.from({ length: RACING + WAITING }, (_, i) => i);
  const plugins = await inParallel(numbers, async (i) => {
    const at = { merchant: `shop-${i}`, address: `192.0.2.${i % 250}` };
    const plugin = await enrolPlugin(world.stack, { ...at, credential: i % 2 === 0 ? "hmac" : "ed25519" });
    await plugin.beat({ counters: counters(20, 12) });
    return plugin;
  });
  racing = plugins.slice(0, RACING);
  waiting = plugins.slice(RACING);
  const incidents = await asMany<{ id: string }>(
    "SELECT id FROM plugin_incidents WHERE status = 'escalated'",
    plugins.length,
  );
  await inParallel(incidents, ({ id }) => orderConfig(world, id));
  await asMany("SELECT id FROM plugin_autopatch_attempts WHERE status = 'applying'", plugins.length);
}, PREPARE_TIMEOUT_MS);
afterAll(() => world?.stop());

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: PREPARED_AT_ONCE }, worker));
  return results;
}

/** The rows of Postgres, once there are so many. */
function asMany<R extends Record<string, unknown>>(sql: string, n: number): Promise<R[]> {
  return world.until(`${n} rows: ${sql}`, async () => {
    const rows = await world.rows<R>(sql);
    return rows.length === n && rows;
  });
}

type Change = () => Promise<[path: string, init: ApiInit]>;

const current = () => call(world.api, Policy, "/api/ops/policy");
const byPut: Change = async () => {
  const { revision, document } = await current();
  const json = { revision, reason: "journey: stop everything", document: { ...document, kill_switch: true } };
  return ["/api/ops/policy", { method: "PUT", json }];
};
const byKill: Change = async () => [
  "/api/ops/policy/kill",
  { json: { engaged: true, reason: "journey: stop everything" } },
];
async function release(): Promise<void> {
  const { revision } = await current();
  const json = { revision, reason: "journey: go on", patch: { kill_switch: false } };
  await call(world.api, Policy, "/api/ops/policy", { method: "PATCH", json });
}

describe("no reply carries a command any more, once the stop has answered", () => {
  it.each<[string, Change, string]>([
    ["PUT /api/ops/policy with the kill switch engaged", byPut, "198.51.100.1"],
    ["POST /api/ops/policy/kill", byKill, "198.51.100.2"],
  ])("%s", async (_, change, address) => {
    const race = startRace(racing, address);
    await race.commandsSeen(COMMANDS_BEFORE);
    const [path, init] = await change();
    const askedAt = performance.now();
    const answer = await world.api(path, init);
    const answeredAt = performance.now();
    expect(answer.status).toBe(200);
    await race.oneMoreRound();
    await race.stop();
    await release();

    const { replies } = race;
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
    const before = replies.filter((reply) => reply.arrivedAt < askedAt && reply.commands > 0);
    const after = replies.filter((reply) => reply.arrivedAt >= answeredAt);
    expect(before.length).toBeGreaterThanOrEqual(COMMANDS_BEFORE);
    expect(after.length).toBeGreaterThanOrEqual(RACING);
    expect(after.filter(({ commands }) => commands > 0)).toEqual([]);
  });
});

describe("after the release", () => {
  it("commands flow again for attempts that are still alive", async () => {
    const race = startRace(racing, "198.51.100.3");
    await race.oneMoreRound();
    await race.stop();
    const served = new Set(
      race.replies.filter(({ commands }) => commands > 0).map(({ pluginId }) => pluginId),
    );
    expect(served.size).toBe(RACING);
  });

  it("an attempt that came for its command meanwhile was cancelled, and stays so", async () => {
    await world.api("/api/ops/policy/kill", { json: { engaged: true, reason: "journey: once more" } });
    for (const plugin of waiting) expect((await plugin.beat()).commands).toEqual([]);
    await release();
    for (const plugin of waiting) expect((await plugin.beat()).commands).toEqual([]);
    const ids = new Set(waiting.map(({ id }) => id));
    const cancelled = await world.until("the cancelled attempts in Postgres", async () => {
      const page = await call(
        world.api,
        AttemptPage,
        "/api/ops/autopatch-attempts?status=cancelled&limit=200",
      );
      return page.items.length === WAITING ? page.items : null;
    });
    expect(new Set(cancelled.map(({ plugin_id }) => plugin_id))).toEqual(ids);
    for (const { reason, handed_over_at } of cancelled) {
      // At its hand-over, or a moment before when the gate was asked again.
      expect(reason).toMatch(/: kill switch: engaged \(allowed: released\)$/);
      expect(handed_over_at).toBeNull();
    }
    expect(await commandsOf(waiting)).toEqual({ superseded: WAITING });
  });
});

/** How the plugins' commands ended, by status. */
async function commandsOf(plugins: readonly ScriptedPlugin[]): Promise<Record<string, number>> {
  const rows = await world.rows<{ status: string; n: number }>(
    "SELECT status, count(*)::int AS n FROM plugin_agent_commands WHERE plugin_id = ANY($1) GROUP BY status",
    [plugins.map(({ id }) => id)],
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}
