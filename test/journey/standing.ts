/** Everything that bad input could have changed, as one value: live objects, the policy, and every row of Postgres. */
import { call } from "../../local/demo/ops.ts";
import type { PluginDetail } from "../../src/contract/ops.ts";
import { Policy } from "../../src/contract/policy.ts";
import { type ControlPlane, eventually } from "./control-plane.ts";

type Live = PluginDetail["live"];

/** The plugins as their objects know them, without what the passing of time alone changes. */
export async function standingOf(plane: ControlPlane, pluginIds: readonly string[]) {
  const plugins = await Promise.all(pluginIds.map((id) => plane.live(id)));
  return {
    plugins: plugins.map(withoutClocks),
    policy: await call(plane.api, Policy, "/api/ops/policy"),
    ledger: await plane.ledger(),
  };
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

/** Waits until every outbox is empty and Postgres has all of it. */
export async function atRest(plane: ControlPlane, pluginIds: readonly string[]): Promise<void> {
  let before = "";
  await eventually("a control plane at rest", async () => {
    const standing = await standingOf(plane, pluginIds);
    const now = JSON.stringify(standing);
    const settled = now === before && standing.plugins.every(({ outbox }) => outbox === 0);
    before = now;
    return settled ? true : null;
  });
}
