/** Where the fleet's outbox goes. Every receiver dedupes, so sending again is harmless. */
import type { Env } from "../../src/env.ts";
import type { Deliver } from "../outbox/outbox-drain.ts";
import type { OutboxStore } from "../outbox/outbox-store.ts";
import { bodiesOf, feedReceiver, ledgerReceiver, noticeReceiver } from "../outbox/receivers.ts";
import { policyOf, releasesOf } from "../stubs.ts";
import type { HaltOrder } from "./cohort-desk.ts";
import { INCIDENT_NOTICE, incidentNoticeReceiver } from "./incident-notices.ts";

/** `flush`: sends what a receiver has appended itself. */
export function fleetReceivers(
  env: Env,
  storage: DurableObjectStorage,
  outbox: OutboxStore,
  flush: () => void,
): Record<string, Deliver> {
  return {
    ledger: ledgerReceiver(env),
    feed: feedReceiver(env),
    notify: noticeReceiver(env),
    [INCIDENT_NOTICE]: incidentNoticeReceiver({
      storage,
      outbox,
      policy: async () => (await policyOf(env).read()).document,
      flush,
    }),
    release: async (rows) => {
      for (const { product, ...order } of bodiesOf<HaltOrder>(rows))
        await releasesOf(env, product).blame(order);
      return { status: "delivered" };
    },
  };
}
