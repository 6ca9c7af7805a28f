import { describe, expect, it } from "vitest";
import {
  disabledFinding,
  newWebhookDisabled,
  observeSubscription,
  type WebhookDisabled,
} from "../../../src/core/detect/webhook-disabled.ts";
import { T0 } from "../../builders/heartbeat.ts";

type Report = Parameters<typeof observeSubscription>[1];
const report = (...reports: Report[]): WebhookDisabled =>
  reports.reduce((state, each, i) => observeSubscription(state, each, T0 + i * 1000), newWebhookDisabled());

describe("webhook disabled", () => {
  it.each<[Report[], boolean, boolean, string]>([
    [[], false, false, "not_enough_data"],
    [["unknown"], false, false, "not_enough_data"],
    [["active"], false, true, "normal"],
    [["disabled"], true, false, "firing"],
    [["disabled", "unknown", undefined], true, false, "firing"],
    [["disabled", "active"], false, true, "normal"],
  ])("after %j: firing %s, cleared %s", (reports, firing, cleared, standing) => {
    expect(disabledFinding(report(...reports), T0 + 9000)).toMatchObject({
      firing,
      cleared,
      standing,
      severity: "high",
    });
  });

  it("dates its onset to the first report", () => {
    const finding = disabledFinding(report("active", "disabled", "disabled"), T0 + 61_000);
    expect(finding.signal).toMatchObject({
      value: 1,
      onset_at: "2026-03-02T12:00:01.000Z",
      window_s: 60,
    });
  });
});
