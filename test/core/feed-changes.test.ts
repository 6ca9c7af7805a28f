import { expect, it } from "vitest";
import type { LedgerRecord } from "../../src/contract/ledger.ts";
import { changesIn } from "../../src/core/feed-changes.ts";
import {
  aFleetIncident,
  aMerchant,
  anApproval,
  anAttempt,
  anAuditRecord,
  anEvent,
  anIncident,
  aPluginRecord,
  aPolicy,
  aRelease,
  attemptId,
  incidentId,
  pluginId,
} from "../builders/ledger.ts";

it("names each thing that people look at once, whatever was written of it", () => {
  const records: LedgerRecord[] = [
    { kind: "incident", row: anIncident() },
    { kind: "event", row: anEvent() },
    { kind: "attempt", row: anAttempt() },
    { kind: "approval", row: anApproval() },
    { kind: "plugin", row: aPluginRecord() },
    { kind: "policy", row: aPolicy() },
    { kind: "release", row: aRelease() },
    { kind: "fleet_incident", row: aFleetIncident() },
  ];
  expect(changesIn(records)).toEqual([
    { type: "changed", topic: "incidents", id: incidentId() },
    { type: "changed", topic: "attempts", id: attemptId() },
    { type: "changed", topic: "plugins", id: pluginId() },
    { type: "changed", topic: "policy" },
    { type: "changed", topic: "releases" },
    { type: "changed", topic: "incidents", id: aFleetIncident().id },
  ]);
});

it("says nothing of what no page shows as it changes", () => {
  expect(
    changesIn([
      { kind: "merchant", row: aMerchant() },
      { kind: "audit", row: anAuditRecord() },
    ]),
  ).toEqual([]);
});
