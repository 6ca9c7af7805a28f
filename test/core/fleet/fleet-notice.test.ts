import { expect, it } from "vitest";
import type { FleetIncident } from "../../../src/contract/fleet-incident.ts";
import { NotificationRecord } from "../../../src/contract/notification.ts";
import { fleetNoticeOf, fleetType } from "../../../src/core/fleet/fleet-notice.ts";

const anIncident = (overrides: Partial<FleetIncident>): FleetIncident => ({
  id: "fli_7",
  revision: 1,
  kind: "cohort",
  key: "cohort:version:molam-woocommerce@1.3.0",
  status: "open",
  signal: {
    type: "cohort_version",
    method: "pooled-bernoulli-cusum",
    value: 15.2,
    bound: 15,
    sample: 9,
    window_s: 240,
    onset_at: null,
    explanation: "9 of about 9 webhooks failed",
  },
  product: "molam-woocommerce",
  version: "1.3.0",
  platform_version: null,
  plugins: [],
  plugin_count: 6,
  opened_at: "2026-03-02T12:00:00.000Z",
  resolved_at: null,
  resolution: null,
  ...overrides,
});
const aStorm = (type: string) =>
  anIncident({
    kind: "storm",
    key: type,
    product: null,
    version: null,
    signal: { ...anIncident({}).signal, type },
  });

it("pages when a cohort begins, and says what follows", () => {
  const notice = fleetNoticeOf(anIncident({}), "opened");
  expect(NotificationRecord.parse(notice)).toEqual({
    id: "fli_7.opened",
    kind: "fleet_incident_opened",
    urgency: "page",
    incident_id: null,
    plugin_id: null,
    fleet_incident_id: "fli_7",
    title: "Webhooks fail in 6 plugins on molam-woocommerce 1.3.0",
    text: "9 of about 9 webhooks failed. If the release is the only one that fails so, it is halted.",
    at: "2026-03-02T12:00:00.000Z",
  });
});

it("tells of the end without waking anybody", () => {
  const over = {
    status: "resolved",
    resolution: "no shop holds evidence of failure any more.",
    resolved_at: "2026-03-02T13:00:00.000Z",
  } as const;
  expect(fleetNoticeOf(anIncident(over), "resolved")).toMatchObject({
    id: "fli_7.resolved",
    kind: "fleet_incident_closed",
    urgency: "notice",
    title: "Over: Webhooks fail in 6 plugins on molam-woocommerce 1.3.0",
    at: "2026-03-02T13:00:00.000Z",
  });
});

it.each([
  ["storm", "heartbeat_missed"],
  ["storm_webhook_fail_rate", "webhook_fail_rate"],
  ["storm_webhook_disabled", "webhook_disabled"],
] as const)("%s is of type %s", (type, single) => {
  expect(fleetType(aStorm(type))).toBe(single);
  expect(fleetNoticeOf(aStorm(type), "opened").title).toBe(
    `Storm of ${single.replaceAll("_", " ")}: 6 plugins at once`,
  );
  // For the desk that tells people: in a storm merchants are not told of single incidents of its type.
  expect(NotificationRecord.parse(fleetNoticeOf(aStorm(type), "resolved")).storm).toBe(single);
});

it("a platform's cohort blames no release", () => {
  const notice = fleetNoticeOf(anIncident({ version: null, platform_version: "9.4" }), "opened");
  expect(notice.title).toBe("Webhooks fail in 6 plugins on molam-woocommerce platform version 9.4");
  expect(notice.text).toContain("No release is blamed");
});
