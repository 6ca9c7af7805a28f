/** Pure: what has changed, of the things that people look at, when these records are written. */
import type { FeedMessage, FeedTopic } from "../contract/feed.ts";
import type { LedgerRecord } from "../contract/ledger.ts";
import { coalesce } from "./feed-coalesce.ts";

export function changesIn(records: readonly LedgerRecord[]): FeedMessage[] {
  return coalesce(records.flatMap((record) => changeOf(record) ?? []));
}

function changeOf(record: LedgerRecord): FeedMessage | null {
  switch (record.kind) {
    case "incident":
    case "fleet_incident":
      return changed("incidents", record.row.id);
    case "event":
    case "vote":
    case "shadow":
      return changed("incidents", record.row.incident_id);
    case "attempt":
      return changed("attempts", record.row.id);
    case "approval":
      return changed("attempts", record.row.attempt_id);
    case "plugin":
      return changed("plugins", record.row.id);
    case "policy":
      return changed("policy");
    case "release":
    case "remedy":
      return changed("releases");
    default:
      return null;
  }
}

function changed(topic: FeedTopic, id?: string): FeedMessage {
  return { type: "changed", topic, ...(id === undefined ? {} : { id }) };
}
