import { describe, expect, it } from "vitest";
import {
  askForNotice,
  INCIDENT_NOTICE,
  incidentNoticeReceiver,
} from "../../../durable-objects/fleet/incident-notices.ts";
import { OUTBOX_MIGRATION, OutboxStore } from "../../../durable-objects/outbox/outbox-store.ts";
import type { FleetIncident } from "../../../src/contract/fleet-incident.ts";
import type { NotificationRecord } from "../../../src/contract/notification.ts";
import type { PolicyDocument } from "../../../src/contract/policy.ts";
import type { FleetTurn } from "../../../src/core/fleet/fleet-notice.ts";
import { aFleetIncident, incidentId } from "../../builders/ledger.ts";
import { anObjectStorage } from "../../builders/object-storage.ts";
import { aPolicy } from "../../builders/release.ts";
import { aDesk } from "../notice/a-desk.ts";

const HOUR_MS = 3_600_000;
const MUTED = aPolicy({
  mutes: [
    {
      type: "webhook_fail_rate",
      until: new Date(Date.now() + HOUR_MS).toISOString(),
      reason: "known fault",
      by: "ada",
    },
  ],
});
const COHORT = aFleetIncident({ kind: "cohort" });
const STORM = aFleetIncident({
  kind: "storm",
  key: "storm:webhook_fail_rate",
  product: null,
  version: null,
  signal: { ...aFleetIncident().signal, type: "storm_webhook_fail_rate" },
});

/** A fleet whose incidents come before this policy, and a notice desk that takes what it writes. */
function aFleet(policy: PolicyDocument) {
  const { storage } = anObjectStorage();
  storage.sql.exec(OUTBOX_MIGRATION.sql);
  const outbox = new OutboxStore(storage.sql);
  const desk = aDesk();
  const receive = (document: PolicyDocument) =>
    incidentNoticeReceiver({ storage, outbox, policy: async () => document, flush: () => {} });
  return {
    /** The incident's turn: which kinds of rows it leaves in the outbox, and whom the desk tells of it. */
    async turn(incident: FleetIncident, turn: FleetTurn, document = policy) {
      outbox.append([askForNotice(incident, turn)], Date.now());
      await receive(document)(outbox.due(INCIDENT_NOTICE, Date.now(), 1));
      const written = ["ledger", "notify"].flatMap((kind) => outbox.due(kind, Date.now(), 10));
      const told = written
        .filter(({ kind }) => kind === "notify")
        .flatMap(({ body }) => desk.take(0, (JSON.parse(body) as { record: NotificationRecord }).record));
      storage.sql.exec("DELETE FROM outbox");
      return { written: written.map(({ kind }) => kind), told };
    },
    take: desk.take,
  };
}

describe("a storm that begins while it is muted", () => {
  it("is told to nobody, and yet keeps incidents of its type from merchants until it is over", async () => {
    const { turn, take } = aFleet(MUTED);
    expect(await turn(STORM, "opened")).toEqual({ written: ["notify"], told: [] });
    expect(take(11)).toEqual(["ops"]);
    const over = await turn({ ...STORM, status: "resolved" }, "resolved", aPolicy());
    expect(over).toEqual({ written: ["notify"], told: [] });
    expect(take(12, { incident_id: incidentId(2) })).toEqual(["ops", "merchant"]);
  });
});

describe("a fleet incident", () => {
  it("that nobody mutes is told to ops, with its row; a cohort that is muted leaves nothing", async () => {
    const told = { written: ["ledger", "notify"], told: ["ops"] };
    expect(await aFleet(aPolicy()).turn(STORM, "opened")).toEqual(told);
    expect(await aFleet(aPolicy()).turn(COHORT, "opened")).toEqual(told);
    expect(await aFleet(MUTED).turn(COHORT, "opened")).toEqual({ written: [], told: [] });
  });
});
