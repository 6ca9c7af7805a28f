import { describe, expect, test } from "vitest";
import { policyIssues } from "../../dashboard/src/view/policy-issues.ts";
import {
  aNewMute,
  aNewWindow,
  instantOfInput,
  localInput,
  quietLines,
  SNOOZE_PRESETS,
  snoozeUntil,
  voteCounts,
  withField,
} from "../../dashboard/src/view/quiet.ts";
import type { IncidentVote } from "../../src/contract/incident.ts";
import { defaultPolicyDocument, MaintenanceWindow, Mute } from "../../src/contract/policy.ts";
import { anIncident, at, T0 } from "./fixtures.ts";

const DAY_MS = 86_400_000;

describe("a snooze", () => {
  test.each(SNOOZE_PRESETS)("by the preset %s ends ahead, within what the server takes", (preset) => {
    const aheadMs = Date.parse(snoozeUntil(preset, T0)) - T0;
    expect(aheadMs).toBeGreaterThan(0);
    expect(aheadMs).toBeLessThan(7 * DAY_MS);
  });

  test("until tomorrow ends at eight where the reader is", () => {
    const morning = new Date(snoozeUntil("tomorrow", T0));
    expect([morning.getHours(), morning.getMinutes()]).toEqual([8, 0]);
  });
});

describe("a date and time control", () => {
  test("shows an instant in the reader's zone and gives the same one back, to the minute", () => {
    const instant = "2026-11-22T12:34:00.000Z";
    expect(localInput(instant)).toMatch(/^2026-11-2\dT\d\d:\d\d$/);
    expect(instantOfInput(localInput(instant))).toBe(instant);
  });

  test("that is empty holds no instant", () => {
    expect(instantOfInput("")).toBe("");
    expect(localInput("")).toBe("");
  });
});

describe("why nobody is told", () => {
  test("names who, why and until when; what is over is not named", () => {
    const muted = { by: "ada", reason: "known", until: at(60) };
    const incident = anIncident({ muted, snoozed: { by: "grace", reason: "asleep", until: at(-1) } });
    expect(quietLines(incident, T0)).toEqual([{ kind: "muted", ...muted }]);
    expect(quietLines(anIncident(), T0)).toEqual([]);
  });
});

describe("votes", () => {
  test("are counted for each kind, none left out", () => {
    const votes = [{ vote: "useful" }, { vote: "false_positive" }, { vote: "useful" }] as IncidentVote[]; // only the vote counts
    expect(voteCounts(votes)).toEqual([
      { vote: "useful", n: 2 },
      { vote: "not_actionable", n: 0 },
      { vote: "false_positive", n: 1 },
    ]);
  });
});

describe("the form of mutes and windows", () => {
  test("leaves out a field that was emptied", () => {
    const mute = withField(aNewMute(T0), "product", " molam-woocommerce ");
    expect(mute.product).toBe("molam-woocommerce");
    expect("product" in withField(mute, "product", " ")).toBe(false);
  });

  test("begins with lines that need only their reason, and a mute what it is about", () => {
    expect(MaintenanceWindow.safeParse({ ...aNewWindow(T0), reason: "migration" }).success).toBe(true);
    expect(Mute.safeParse({ ...aNewMute(T0), reason: "known", type: "new_error" }).success).toBe(true);
  });

  test("says in the reader's words what is wrong, at its field", () => {
    const document = {
      ...defaultPolicyDocument(),
      mutes: [{ ...aNewMute(T0), reason: "known" }],
      maintenance: [
        { ...aNewWindow(T0), scope: "merchant", reason: "x" },
        { ...aNewWindow(T0), until: at(-60), reason: "migration" },
        { ...aNewWindow(T0), from: "", reason: "migration" },
      ],
    };
    const keys = policyIssues(document, "fr").map(({ path, message }) => [
      path,
      "key" in message && message.key,
    ]);
    expect(keys).toContainEqual(["mutes.0", "policyIssue.muteScope"]);
    expect(keys).toContainEqual(["maintenance.0.id", "policyIssue.windowId"]);
    expect(keys).toContainEqual(["maintenance.0.reason", "reason.missing"]);
    expect(keys).toContainEqual(["maintenance.1.until", "policyIssue.windowUntil"]);
    expect(keys).toContainEqual(["maintenance.2.from", "policyIssue.instant"]);
  });
});
