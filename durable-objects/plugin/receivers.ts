/** Where the plugin's outbox goes. Every receiver dedupes by the message's own id, so sending again is harmless. */
import type { LedgerRecord } from "../../src/contract/ledger.ts";
import type { FinishedReport } from "../../src/contract/rpc/fleet.ts";
import { changesIn } from "../../src/core/feed-changes.ts";
import type { OutboxMessage as CoreMessage } from "../../src/core/plugin/draft.ts";
import type { Env } from "../../src/env.ts";
import { sendFeedback, sendVote, siraPorts } from "../../src/services/sira-service.ts";
import type { Deliver } from "../outbox/outbox-drain.ts";
import type { OutboxMessage } from "../outbox/outbox-store.ts";
import {
  bodiesOf,
  feedMessage,
  feedReceiver,
  ledgerMessage,
  ledgerReceiver,
  noticeReceiver,
} from "../outbox/receivers.ts";
import { fleetOf, releasesOf, siraOf } from "../stubs.ts";

type To<K extends CoreMessage["to"]> = Extract<CoreMessage, { to: K }>;

/** The core's messages as outbox rows. One plugin's rows share a lane, so that they reach the ledger in order. */
export function outboxRows(pluginId: string, messages: readonly CoreMessage[]): OutboxMessage[] {
  const rows: OutboxMessage[] = [];
  const records: LedgerRecord[] = [];
  for (const message of messages) {
    if (message.to !== "ledger") {
      rows.push({ kind: message.to, lane: pluginId, body: JSON.stringify(message) });
      continue;
    }
    records.push(message.record);
    rows.push(ledgerMessage(pluginId, message.record));
  }
  // At once, also while Postgres is away: a plugin's page shows what its object says.
  return [...rows, ...changesIn(records).map(({ topic, id }) => feedMessage(topic, id))];
}

export function pluginReceivers(env: Env, pluginId: string): Record<string, Deliver> {
  return {
    ledger: ledgerReceiver(env),
    feed: feedReceiver(env),
    notify: noticeReceiver(env),
    sira_vote: async (rows) => {
      for (const { vote } of bodiesOf<To<"sira_vote">>(rows)) {
        const sent = await sendVote(vote, siraPorts(env, siraOf(env, vote.product)));
        if (!sent.ok) return { status: sent.retryable ? "unavailable" : "rejected", why: sent.detail };
      }
      return { status: "delivered" };
    },
    sira: async (rows) => {
      for (const { feedback } of bodiesOf<To<"sira">>(rows)) {
        const sent = await sendFeedback(feedback, siraPorts(env, siraOf(env, feedback.product)));
        if (!sent.ok) return { status: sent.retryable ? "unavailable" : "rejected", why: sent.detail };
      }
      return { status: "delivered" };
    },
    release: async (rows) => {
      for (const message of bodiesOf<To<"release">>(rows)) {
        const releases = releasesOf(env, message.product);
        const about = { version: message.version, attempt_id: message.attemptId };
        if (message.report === "relapse") await releases.relapse(about);
        else if (message.report === "called_back") await releases.callBack({ ...about, at: message.at });
        else if (message.report === "reverted")
          await releases.reverted({ ...about, outcome: message.outcome });
        else await releases.finish({ ...about, outcome: message.outcome });
      }
      return { status: "delivered" };
    },
    fleet: async (rows) => {
      const fleet = fleetOf(env);
      for (const message of bodiesOf<To<"fleet">>(rows)) {
        if (message.report === "finished") await fleet.attemptFinished(finishedReport(message));
        else if (message.report === "attempt")
          await fleet.attempt({ plugin_id: pluginId, ...message.attempt });
        else if (message.report === "action") await fleet.countAction(message.attemptId);
        else if (message.report === "called_back") await fleet.giveBackAction(message.attemptId);
        else if (message.report === "presence")
          await fleet.presence({ plugin_id: pluginId, silent: message.silent });
        else if (message.report === "signal") await fleet.signal({ plugin_id: pluginId, ...message.signal });
        else if (message.report === "evidence") {
          const { platform, perHour, ...rest } = message.evidence;
          await fleet.evidence({
            plugin_id: pluginId,
            platform_version: platform,
            per_hour: perHour,
            ...rest,
          });
        } else await fleet.busy({ plugin_id: pluginId, busy: message.busy });
      }
      return { status: "delivered" };
    },
  };
}

function finishedReport({
  to: _to,
  report: _report,
  attemptId,
  ...ending
}: Extract<To<"fleet">, { report: "finished" }>): FinishedReport {
  return { attempt_id: attemptId, ...ending };
}
