/**
 * People are told of a fleet incident unless the policy mutes it; the desk hears of a storm all the same, since it keeps single incidents
 * of its type from merchants. The policy is another object's, so it cannot be read inside the
 * transaction that opens the incident: a row of the outbox asks for the notice, and its receiver reads the policy, then writes the notice.
 */
import type { FleetIncident } from "../../src/contract/fleet-incident.ts";
import type { NotificationRecord } from "../../src/contract/notification.ts";
import type { PolicyDocument } from "../../src/contract/policy.ts";
import { type FleetTurn, fleetNoticeOf, fleetType } from "../../src/core/fleet/fleet-notice.ts";
import { fleetQuietOf } from "../../src/core/policy/suppression.ts";
import type { Deliver } from "../outbox/outbox-drain.ts";
import type { OutboxMessage, OutboxStore } from "../outbox/outbox-store.ts";
import { bodiesOf, deskMessage, noticeMessages } from "../outbox/receivers.ts";

/** The kind of the rows that ask for a notice. */
export const INCIDENT_NOTICE = "incident_notice";
const LANE = "fleet";
/** Incidents whose beginning was told: only their end is news to anybody. */
const TOLD_KEY = "fleet_incidents_told";
const TOLD_LIMIT = 200;

interface Asked {
  incident: FleetIncident;
  turn: FleetTurn;
}

export function askForNotice(incident: FleetIncident, turn: FleetTurn): OutboxMessage {
  return { kind: INCIDENT_NOTICE, lane: LANE, body: JSON.stringify({ incident, turn } satisfies Asked) };
}

/** Done twice it writes the same notice under the same id. `flush`: what was written is to leave soon. */
export function incidentNoticeReceiver(parts: {
  storage: Pick<DurableObjectStorage, "kv" | "transactionSync">;
  outbox: OutboxStore;
  policy: () => Promise<PolicyDocument>;
  flush: () => void;
}): Deliver {
  const { storage, outbox } = parts;
  return async (rows) => {
    const policy = await parts.policy();
    const now = Date.now();
    storage.transactionSync(() => {
      for (const { incident, turn } of bodiesOf<Asked>(rows)) {
        const told = storage.kv.get<string[]>(TOLD_KEY) ?? [];
        const muted = fleetQuietOf(policy, { product: incident.product, type: fleetType(incident) }, now);
        const speaks = turn === "opened" ? muted === null : told.includes(incident.id);
        const notice = fleetNoticeOf(incident, turn);
        if (!speaks) {
          if (notice.storm !== undefined) outbox.append([deskMessage(LANE, toNobody(notice))], now);
          continue;
        }
        outbox.append(noticeMessages(LANE, notice), now);
        const others = told.filter((id) => id !== incident.id);
        storage.kv.put(TOLD_KEY, turn === "opened" ? [...others, incident.id].slice(-TOLD_LIMIT) : others);
      }
    });
    parts.flush();
    return { status: "delivered" };
  };
}

/** For merchants alone, and a storm has none of its own: the desk takes it and makes no message of it. */
function toNobody(notice: NotificationRecord): NotificationRecord {
  return { ...notice, audience: "merchant" };
}
