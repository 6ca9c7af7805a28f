import { describe, expect, it } from "vitest";
import {
  detailLines,
  emergencyLines,
  guardLines,
  killLines,
  planLines,
} from "../../../local/ops/ops-text.ts";
import type { Emergency } from "../../../src/contract/emergency.ts";
import type { Guard } from "../../../src/contract/guard.ts";

const DIGEST = "ab".repeat(32);
const anEmergency = (overrides: Partial<Emergency> = {}): Emergency => ({
  id: "emg_3",
  kind: "rollback_since",
  status: "planned",
  scope: { product: "demo-pay", version: "1.2.4" },
  minutes: 30,
  wave_size: 25,
  wave_growth: 2,
  pause_s: 60,
  stop_failed_percent: 20,
  reason: "checkout is down",
  planned_by: "anna",
  planned_at: "2026-11-22T10:00:00.000Z",
  expires_at: "2026-11-22T10:10:00.000Z",
  digest: DIGEST,
  confirmed_by: null,
  confirmed_at: null,
  ended_at: null,
  ended_because: null,
  counts: { targets: 2, waiting: 2, ordered: 0, done: 0, failed: 0, skipped: 0 },
  changes: [{ product: "demo-pay", action: "patch", version: "1.2.4", shops: 2 }],
  wave: 0,
  held: null,
  warnings: ["halt it as well"],
  ...overrides,
});
const aGuard = (overrides: Partial<Guard> = {}): Guard => ({
  storm: false,
  storm_explanation: "0 of 12 plugins are silent",
  autonomy: {
    state: "normal",
    explanation: "no finished automatic attempts",
    finished: 0,
    success: 0,
    rolled_back: 0,
    min_finished: 50,
    max_rollback_share: 0.02,
    min_success_share: 0.95,
    downgraded_at: null,
    restored: null,
  },
  actions_last_hour: 3,
  attempts: { waiting: 1, handed_over: 2, watched: 3 },
  emergency: null,
  kill_switch: false,
  mode: "auto",
  policy_revision: 7,
  actions_per_hour: 200,
  ...overrides,
});

describe("a plan in words", () => {
  it("says what it would touch, that nothing has been done, and the command that runs it", () => {
    expect(planLines(anEmergency())).toEqual([
      "emg_3  planned  take back what was applied in the last 30 min, of demo-pay 1.2.4; waves of 25, each 2 times the one before, 60 s apart, stops above 20 % failed",
      "  reason     checkout is down (anna, 2026-11-22T10:00:00.000Z)",
      "  targets    2: 2 waiting",
      "             2 x demo-pay patch 1.2.4",
      "  note       halt it as well",
      "",
      "Nothing has been done. Until 2026-11-22T10:10:00.000Z this runs it:",
      `  npm run ops -- rollback-since --confirm emg_3/2/${DIGEST}`,
    ]);
  });

  it("offers no command when it touches nothing or is none any more", () => {
    const none = { targets: 0, waiting: 0, ordered: 0, done: 0, failed: 0, skipped: 0 };
    for (const action of [anEmergency({ counts: none, changes: [] }), anEmergency({ status: "expired" })])
      expect(planLines(action).join("\n")).not.toContain("--confirm");
  });
});

describe("a running action in words", () => {
  it("says who began it, how far it is, and loudly why nothing leaves, once", () => {
    const held = "The kill switch is engaged: release it.";
    const lines = emergencyLines(
      anEmergency({
        kind: "cancel_pending",
        status: "running",
        scope: { merchant_id: "m1" },
        counts: { targets: 9, waiting: 4, ordered: 2, done: 1, failed: 1, skipped: 1 },
        changes: [],
        wave: 2,
        confirmed_by: "ada",
        confirmed_at: "2026-11-22T10:05:00.000Z",
        held,
        warnings: [held],
      }),
    );
    expect(lines).toEqual([
      "emg_3  running  cancel what waits, of merchant m1",
      "  reason     checkout is down (anna, 2026-11-22T10:00:00.000Z)",
      "  targets    9: 4 waiting, 2 ordered, 1 done, 1 failed, 1 skipped",
      "  wave       2",
      "  begun by   ada, 2026-11-22T10:05:00.000Z",
      `  HELD       ${held}`,
    ]);
  });

  it("lists shops with what became of each, and how to see those that follow", () => {
    const aTarget = (number: number) => ({
      number,
      attempt_id: "att_1",
      plugin_id: "plg_1",
      merchant_id: "m1",
      product: "demo-pay",
      action: "patch" as const,
      version: "1.2.4",
      at: "2026-11-22T10:00:00.000Z",
      state: "failed" as const,
      wave: 1,
      follows: null,
      text: "the way back ended as expired",
    });
    const detail = (numbers: number[], next_after: number | null) => ({
      ...anEmergency({ scope: {} }),
      targets: numbers.map(aTarget),
      next_after,
    });
    const all = detailLines(detail([1, 2], null));
    expect(all[0]).toContain("in the whole fleet");
    expect(all.slice(-2)).toEqual([
      "      1  failed   m1 plg_1  the way back ended as expired",
      "      2  failed   m1 plg_1  the way back ended as expired",
    ]);
    const page = detail(
      Array.from({ length: 200 }, (_, i) => 3 * (i + 1)),
      600,
    );
    const first = detailLines(page).slice(-2);
    expect(first[0]).toContain("     90  failed");
    expect(first[1]).toBe("         more follow: npm run ops -- show emg_3 --after 90");
    expect(detailLines(page, { state: "failed" }).slice(-2)).toEqual([
      "    600  failed   m1 plg_1  the way back ended as expired",
      "         more follow: npm run ops -- show emg_3 --state failed --after 600",
    ]);
    expect(detailLines({ ...page, next_after: null }, { after: 1 }).at(-1)).toContain("    600  failed");
  });
});

it("the kill switch's dry run says what it would stop, and that nothing has been done", () => {
  const attempt = {
    attempt_id: "att_1",
    plugin_id: "plg_1",
    merchant_id: "m1",
    product: "demo-pay",
    action: "patch" as const,
    version: "1.2.4",
    phase: "waiting" as const,
    at: "2026-11-22T10:00:00.000Z",
  };
  const counts = { waiting: 2, handed_over: 0, watched: 1 };
  expect(killLines({ engaged: false, text: "No command leaves.", counts, attempts: [attempt] })).toEqual([
    "No command leaves.",
    "  waiting     m1 plg_1  demo-pay patch 1.2.4",
    "  and 2 more",
    "Nothing has been done.",
  ]);
});

describe("the guard in words", () => {
  it("is calm when nothing holds back", () => {
    expect(guardLines(aGuard())).toEqual([
      "kill switch  released",
      "mode         auto (policy revision 7)",
      "autonomy     no finished automatic attempts",
      "storm        0 of 12 plugins are silent",
      "actions      3 automatic in the last hour, at most 200",
      "attempts     1 wait, 2 are handed over, 3 under watch",
      "emergency    none runs",
    ]);
  });

  it("is loud about what does, and says what to do", () => {
    const { autonomy } = aGuard();
    const lines = guardLines(
      aGuard({
        kill_switch: true,
        storm: true,
        emergency: "emg_3",
        autonomy: { ...autonomy, state: "degraded", explanation: "2 rolled back" },
      }),
    ).join("\n");
    for (const text of [
      "ENGAGED: no command leaves",
      "DOWNGRADED: 2 rolled back",
      'npm run ops -- autonomy restore --reason "…"',
      "STORM: 0 of 12",
      "emg_3 runs",
    ])
      expect(lines).toContain(text);
  });
});
