import { describe, expect, it } from "vitest";
import { defaultPolicyDocument } from "../../../src/contract/policy.ts";
import {
  aborted,
  CONFIRM_WITHIN_MS,
  confirmed,
  digestOf,
  type EmergencyPlan,
  type EmergencyRow,
  ended,
  planned,
  statusAt,
  warningsOf,
} from "../../../src/core/fleet/emergency.ts";
import { holdReason } from "../../../src/core/policy/hold-reason.ts";
import { T0 } from "../../builders/heartbeat.ts";

const IDS = ["att_b", "att_a"];
const aPlan = (overrides: Partial<EmergencyPlan> = {}): EmergencyPlan => ({
  kind: "rollback_since",
  scope: { product: "demo-pay" },
  minutes: 30,
  wave_size: 25,
  wave_growth: 2,
  pause_s: 60,
  stop_failed_percent: 20,
  reason: "checkout is down",
  ...overrides,
});
const aRow = (overrides: Partial<EmergencyRow> = {}): EmergencyRow => ({
  ...planned(7, aPlan(), IDS, 1, "anna", T0),
  ...overrides,
});
const answer = (row: EmergencyRow) => ({ digest: row.digest, targets: IDS.length });
const messageOf = (result: ReturnType<typeof confirmed>) =>
  result.ok || !("message" in result.refusal) ? null : result.refusal.message;

describe("a plan", () => {
  it("says what it would do, by whom, and until when it may be confirmed", () => {
    expect(aRow()).toMatchObject({
      id: "emg_7",
      status: "planned",
      planned_by: "anna",
      expires_at: new Date(T0 + CONFIRM_WITHIN_MS).toISOString(),
      confirmed_by: null,
      wave: 0,
      leftOut: 1,
    });
  });

  it("has a digest over everything that decides what happens, and not over the reason", () => {
    const digest = digestOf(aPlan(), IDS);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf(aPlan({ reason: "another" }), IDS)).toBe(digest);
    const others: [EmergencyPlan, string[]][] = [
      [aPlan(), ["att_a", "att_b"]],
      [aPlan(), ["att_b"]],
      [aPlan({ kind: "cancel_pending" }), IDS],
      [aPlan({ scope: {} }), IDS],
      [aPlan({ scope: { product: "demo-pay", version: "1.2.3" } }), IDS],
      [aPlan({ minutes: 31 }), IDS],
      [aPlan({ wave_size: 26 }), IDS],
      [aPlan({ wave_growth: 1 }), IDS],
      [aPlan({ pause_s: 0 }), IDS],
      [aPlan({ stop_failed_percent: 100 }), IDS],
    ];
    const digests = others.map(([plan, ids]) => digestOf(plan, ids));
    expect(new Set([digest, ...digests]).size).toBe(others.length + 1);
  });

  it("runs when exactly it is sent back in time, under the name of whoever did", () => {
    const row = aRow();
    expect(confirmed(row, answer(row), 2, null, "ada", T0 + 60_000)).toEqual({
      ok: true,
      value: {
        ...row,
        status: "running",
        confirmed_by: "ada",
        confirmed_at: new Date(T0 + 60_000).toISOString(),
      },
    });
  });

  it.each<[string, () => ReturnType<typeof confirmed>, string]>([
    [
      "after ten minutes",
      () => confirmed(aRow(), answer(aRow()), 2, null, "ada", T0 + CONFIRM_WITHIN_MS + 1),
      "make a new one",
    ],
    [
      "with another digest",
      () => confirmed(aRow(), { digest: "0".repeat(64), targets: 2 }, 2, null, "ada", T0),
      "read it again",
    ],
    [
      "with another number of targets",
      () => confirmed(aRow(), { ...answer(aRow()), targets: 3 }, 2, null, "ada", T0),
      "2 target(s)",
    ],
    ["when it touches nothing", () => confirmed(aRow(), answer(aRow()), 0, null, "ada", T0), "nothing"],
    [
      "while another runs",
      () => confirmed(aRow(), answer(aRow()), 2, aRow({ id: "emg_3" }), "ada", T0),
      "emg_3 is running",
    ],
    [
      "a second time",
      () => confirmed(aRow({ status: "running" }), answer(aRow()), 2, null, "ada", T0),
      "it is running",
    ],
  ])("does not run %s", (_, confirm, why) => {
    expect(messageOf(confirm())).toContain(why);
  });

  it("is shown as expired without anybody writing so", () => {
    expect(statusAt(aRow(), T0 + CONFIRM_WITHIN_MS)).toBe("planned");
    expect(statusAt(aRow(), T0 + CONFIRM_WITHIN_MS + 1)).toBe("expired");
    expect(statusAt(aRow({ status: "running" }), T0 + 10 * CONFIRM_WITHIN_MS)).toBe("running");
  });
});

describe("aborting", () => {
  it("ends what runs and what is only planned, with who and why", () => {
    const done = aborted(aRow({ status: "running", held: "waits" }), "Anna", "wrong product", T0);
    expect(done).toMatchObject({
      ok: true,
      value: { status: "aborted", held: null, ended_because: "Anna: wrong product" },
    });
    expect(aborted(aRow(), "Anna", "no need", T0).ok).toBe(true);
  });

  it("is refused when it is over", () => {
    const over = [
      ended(aRow(), "done", null, T0),
      ended(aRow(), "stopped", "too many failed", T0),
      ended(aRow(), "aborted", "enough", T0),
    ];
    for (const row of over)
      expect(aborted(row, "Anna", "too late", T0)).toMatchObject({
        ok: false,
        refusal: { reason: "conflict" },
      });
    expect(aborted(aRow(), "Anna", "too late", T0 + CONFIRM_WITHIN_MS + 1).ok).toBe(false);
  });
});

describe("what whoever confirms is told", () => {
  const counts = { targets: 2, waiting: 2, ordered: 0, done: 0, failed: 0, skipped: 0 };

  it("that nothing can leave under the kill switch or mode off, and what to do", () => {
    const document = defaultPolicyDocument();
    expect(holdReason(document)).toBeNull();
    const killed = holdReason({ ...document, kill_switch: true });
    expect(killed).toMatch(/kill switch is engaged.*Release it, with mode "approve-only"/);
    expect(holdReason({ ...document, mode: "off" })).toMatch(/mode is "off".*"approve-only"/);
    expect(warningsOf(aRow(), counts, killed)[0]).toBe(killed);
  });

  it("what is left out, and that a release which stays active can be chosen again", () => {
    const [left, active] = warningsOf(aRow(), counts, null);
    expect(left).toContain("1 more change(s)");
    expect(active).toContain("halt it as well");
  });

  it("that nothing matches", () => {
    const none = { ...counts, targets: 0, waiting: 0 };
    expect(warningsOf(aRow({ kind: "cancel_pending", leftOut: 0 }), none, null)).toEqual([
      "Nothing matches: it would touch nobody.",
    ]);
  });
});
