/** Everything that bad input could have changed, as one value: live objects, the policy, and every row of Postgres. */
import { call } from "../../local/demo/ops.ts";
import type { PluginDetail } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import type { World } from "./world.ts";

type Live = PluginDetail["live"];

/** The plugins as their objects know them, without what the passing of time alone changes. */
export async function standingOf(world: World, pluginIds: readonly string[]) {
  const details = await Promise.all(pluginIds.map((id) => world.live(id)));
  return {
    plugins: details.map(({ live }) => withoutClocks(live)),
    policy: await call(world.api, Policy, "/api/ops/policy"),
    ledger: await ledgerOf(world),
  };
}

/** Waits until every outbox is empty and Postgres has all of it. */
export async function atRest(world: World, pluginIds: readonly string[]): Promise<void> {
  let before = "";
  await world.until("a control plane at rest", async () => {
    const standing = await standingOf(world, pluginIds);
    const now = JSON.stringify(standing);
    const settled = now === before && standing.plugins.every(({ outbox }) => outbox === 0);
    before = now;
    return settled;
  });
}

/** Every table, with its number of rows and a digest of what they hold. */
async function ledgerOf(world: World): Promise<Record<string, { rows: number; digest: string }>> {
  const tables = await world.rows<{ tablename: string }>(
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
  );
  const found: Record<string, { rows: number; digest: string }> = {};
  for (const { tablename } of tables) {
    const [row] = await world.rows<{ rows: number; digest: string }>(
      `SELECT count(*)::int AS rows, md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) AS digest
       FROM "${tablename}" t`,
    );
    if (row) found[tablename] = row;
  }
  return found;
}

/** Windows move on by themselves, what was counted in them does not; silence grows, its state does not. */
function withoutClocks({ recent, daily, detectors, ...live }: Live) {
  const totals = (buckets: Live["recent"]) => ({
    errors: sum(buckets.map(({ errors }) => errors)),
    requests: sum(buckets.map(({ requests }) => requests)),
    webhooks_sent: sum(buckets.map(({ webhooks_sent }) => webhooks_sent)),
    webhooks_failed: sum(buckets.map(({ webhooks_failed }) => webhooks_failed)),
  });
  const silence = ({ type, state, bound }: Live["detectors"][number]) => ({ type, state, bound });
  return {
    ...live,
    recent: totals(recent),
    daily: totals(daily),
    detectors: detectors.map((view) => (view.type === "heartbeat_missed" ? silence(view) : view)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
