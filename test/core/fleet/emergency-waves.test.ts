import { describe, expect, it } from "vitest";
import { type EmergencyRow, planned } from "../../../src/core/fleet/emergency.ts";
import {
  afterEnd,
  afterOrder,
  afterSilence,
  ORDER_TRIES,
  type Patience,
  PUT_OFF_LIMIT_S,
  type TargetChange,
} from "../../../src/core/fleet/emergency-outcome.ts";
import {
  MAX_WAVE,
  nextMove,
  OUTCOME_LIMIT_MS,
  WAVE_PATIENCE_MS,
  type WaveFacts,
  waveSize,
} from "../../../src/core/fleet/emergency-waves.ts";
import { T0 } from "../../builders/heartbeat.ts";

const aRow = (overrides: Partial<EmergencyRow> = {}): EmergencyRow => ({
  ...planned(
    1,
    {
      kind: "rollback_since",
      scope: {},
      minutes: 30,
      wave_size: 10,
      wave_growth: 2,
      pause_s: 60,
      stop_failed_percent: 20,
      reason: "checkout is down",
    },
    [],
    0,
    "anna",
    T0,
  ),
  status: "running",
  wave: 1,
  waveAt: T0,
  ...overrides,
});
const facts = (overrides: Partial<WaveFacts> = {}): WaveFacts => ({
  targets: 40,
  unassigned: 30,
  waiting: 0,
  ordered: 0,
  done: 0,
  failed: 0,
  wave: { open: 0, size: 10 },
  oldestOrderAt: null,
  nextTryAt: null,
  ...overrides,
});

describe("waves", () => {
  it("begin at once with the first one", () => {
    const first = facts({ unassigned: 40, wave: { open: 0, size: 0 } });
    expect(nextMove(aRow({ wave: 0, waveAt: 0 }), first, T0)).toEqual({ do: "begin_wave" });
  });

  it("grow, each by as much as the plan says, up to a bound", () => {
    expect([1, 2, 3, 4].map((wave) => waveSize(aRow(), wave))).toEqual([10, 20, 40, 80]);
    expect(waveSize(aRow({ wave_growth: 1 }), 9)).toBe(10);
    expect(waveSize(aRow(), 30)).toBe(MAX_WAVE);
  });

  it("give their orders first, and those that were put off when their time has come", () => {
    const given = { waiting: 3, ordered: 7, wave: { open: 10, size: 10 }, oldestOrderAt: T0 };
    expect(nextMove(aRow(), facts({ ...given, nextTryAt: 0 }), T0)).toEqual({ do: "order" });
    const later = facts({ ...given, nextTryAt: T0 + 40_000 });
    expect(nextMove(aRow(), later, T0)).toEqual({ do: "wait", until: T0 + 40_000 });
    expect(nextMove(aRow(), later, T0 + 40_000)).toEqual({ do: "order" });
  });

  it("follow when every shop has answered and the pause is over", () => {
    const answered = facts({ done: 9, failed: 1 });
    expect(nextMove(aRow(), answered, T0 + 59_000)).toEqual({ do: "wait", until: T0 + 60_000 });
    expect(nextMove(aRow(), answered, T0 + 60_000)).toEqual({ do: "begin_wave" });
  });

  it("wait for a few that are silent no longer than a patience", () => {
    const few = facts({ done: 6, ordered: 4, wave: { open: 4, size: 10 }, oldestOrderAt: T0 });
    expect(nextMove(aRow(), few, T0 + WAVE_PATIENCE_MS - 1)).toEqual({
      do: "wait",
      until: T0 + WAVE_PATIENCE_MS,
    });
    expect(nextMove(aRow(), few, T0 + WAVE_PATIENCE_MS)).toEqual({ do: "begin_wave" });
  });

  it("wait for a few that are busy no longer than that, and order them again between", () => {
    const nextTryAt = T0 + 9 * 60_000;
    const one = facts({ done: 9, waiting: 1, wave: { open: 1, size: 10 }, nextTryAt });
    expect(nextMove(aRow(), one, T0 + 60_000)).toEqual({ do: "wait", until: T0 + WAVE_PATIENCE_MS });
    expect(nextMove(aRow(), one, T0 + WAVE_PATIENCE_MS)).toEqual({ do: "begin_wave" });
    expect(nextMove(aRow(), one, nextTryAt)).toEqual({ do: "order" });
    const second = facts({ ...one, unassigned: 10, ordered: 20, wave: { open: 20, size: 20 } });
    expect(nextMove(aRow({ wave: 2, waveAt: T0 + WAVE_PATIENCE_MS }), second, T0 + 480_000)).toEqual({
      do: "wait",
      until: nextTryAt,
    });
  });

  it("do not follow while most of the wave is busy", () => {
    const most = facts({ done: 4, waiting: 6, wave: { open: 6, size: 10 }, nextTryAt: T0 + 600_000 });
    expect(nextMove(aRow(), most, T0 + 2 * WAVE_PATIENCE_MS - 1)).toEqual({
      do: "wait",
      until: T0 + 600_000,
    });
  });

  it("do not follow while most of the wave is silent: its orders fail first", () => {
    const most = facts({
      done: 4,
      ordered: 6,
      wave: { open: 6, size: 10 },
      oldestOrderAt: T0,
    });
    expect(nextMove(aRow(), most, T0 + OUTCOME_LIMIT_MS - 1)).toEqual({
      do: "wait",
      until: T0 + OUTCOME_LIMIT_MS,
    });
    expect(nextMove(aRow(), most, T0 + OUTCOME_LIMIT_MS)).toEqual({ do: "give_up" });
  });

  it("end when nothing is left to order or to hear of", () => {
    expect(nextMove(aRow(), facts({ unassigned: 0, done: 40 }), T0)).toEqual({ do: "end" });
    const last = facts({
      unassigned: 0,
      done: 39,
      ordered: 1,
      oldestOrderAt: T0,
      wave: { open: 1, size: 10 },
    });
    expect(nextMove(aRow(), last, T0)).toEqual({ do: "wait", until: T0 + OUTCOME_LIMIT_MS });
    const busy = facts({ unassigned: 0, done: 39, waiting: 1, nextTryAt: T0 + 60_000 });
    expect(nextMove(aRow(), busy, T0)).toEqual({ do: "wait", until: T0 + 60_000 });
  });
});

describe("too many failures", () => {
  it.each([
    ["1 of 5 is not more than 20 %", { done: 4, failed: 1 }, "begin_wave"],
    ["2 of 5 are", { done: 3, failed: 2 }, "stop"],
    ["2 of 4 are too few answers", { done: 2, failed: 2 }, "begin_wave"],
    ["skipped ones are no answers", { done: 2, failed: 2, targets: 400 }, "begin_wave"],
    ["2 of 3 when there are no more", { done: 1, failed: 2, targets: 3, unassigned: 0 }, "stop"],
  ])("stop it: %s", (_, counts, move) => {
    expect(nextMove(aRow(), facts(counts), T0 + 60_000).do).toBe(move);
  });

  it("stop it before another order is given, and say how many", () => {
    const due = { waiting: 5, wave: { open: 5, size: 10 }, nextTryAt: 0 };
    expect(nextMove(aRow(), facts({ done: 3, failed: 2, ...due }), T0)).toEqual({
      do: "stop",
      why: "2 of 5 failed, more than 20 %",
    });
  });

  it("never stop one that was told to go through with it", () => {
    expect(nextMove(aRow({ stop_failed_percent: 100 }), facts({ failed: 10 }), T0 + 60_000).do).toBe(
      "begin_wave",
    );
  });
});

describe("an order's answer", () => {
  const attempt_id = `att_${"A".repeat(27)}_2`;
  const fresh: Patience = { tries: 0, putOffS: 0 };
  const busy = {
    ok: false,
    refusal: { reason: "unavailable", message: "in the shop's hands", retry_after_s: 60 },
  } as const;
  const answered = (would: "cancel" | "roll_back" | "revert" | "nothing") =>
    ({ ok: true, value: { would, attempt_id, text: "so it is" } }) as const;

  it.each<[string, TargetChange, Partial<TargetChange>]>([
    ["cancelled", afterOrder("cancel_pending", answered("cancel"), fresh), { state: "done", follows: null }],
    [
      "nothing to do",
      afterOrder("cancel_pending", answered("nothing"), fresh),
      { state: "skipped", text: "so it is" },
    ],
    ["never told of it", afterOrder("rollback_since", answered("cancel"), fresh), { state: "done" }],
    [
      "goes back",
      afterOrder("rollback_since", answered("roll_back"), fresh),
      { state: "ordered", follows: attempt_id },
    ],
    [
      "is taken back",
      afterOrder("rollback_since", answered("revert"), fresh),
      { state: "ordered", follows: attempt_id },
    ],
    [
      "cannot go back",
      afterOrder(
        "rollback_since",
        { ok: false, refusal: { reason: "conflict", message: "irreversible" } },
        fresh,
      ),
      { state: "skipped", text: "irreversible" },
    ],
    ["asks for patience", afterOrder("rollback_since", busy, fresh), { state: "waiting", retryInS: 60 }],
    [
      "no answer",
      afterSilence("overloaded", { tries: 1, putOffS: 0 }),
      { state: "waiting", retryInS: 20, patience: { tries: 2, putOffS: 0 } },
    ],
    [
      "no answer ever",
      afterSilence("overloaded", { tries: ORDER_TRIES - 1, putOffS: 0 }),
      { state: "failed", text: "given up: overloaded" },
    ],
  ])("%s", (_, change, expected) => {
    expect(change).toMatchObject(expected);
  });

  it("asks for patience for two hours, however often, and is given up only then", () => {
    let borne = fresh;
    for (let minute = 0; minute < PUT_OFF_LIMIT_S / 60; minute++) {
      const { state, patience } = afterOrder("rollback_since", busy, borne);
      expect([minute, state]).toEqual([minute, "waiting"]);
      borne = patience;
    }
    expect(borne).toEqual({ tries: 0, putOffS: PUT_OFF_LIMIT_S });
    expect(afterOrder("rollback_since", busy, borne)).toMatchObject({
      state: "failed",
      text: "given up: in the shop's hands",
    });
  });

  it("is patient by its own clock: what a busy plugin asked for is no silence", () => {
    const asked = { tries: 0, putOffS: 3_600 };
    expect(afterSilence("overloaded", asked)).toMatchObject({ state: "waiting", retryInS: 10 });
  });
});

describe("the end of the attempt that is followed", () => {
  const once: Patience = { tries: 0, putOffS: 0 };
  const end = (ending: Parameters<typeof afterEnd>[0]["ending"], own: boolean) =>
    afterEnd({ attempt_id: "att_1", outcome: "cancelled", ...(ending ? { ending } : {}) }, own, once).state;

  it("is good when the change itself went back, or never was", () => {
    for (const ending of ["rolled_back", "cancelled", "rejected"] as const)
      expect(end(ending, true)).toBe("done");
    for (const ending of ["success", "failed", "rollback_failed", "expired"] as const)
      expect(end(ending, true)).toBe("failed");
  });

  it("is good when the attempt that takes it back succeeded, and nothing else is", () => {
    expect(end("success", false)).toBe("done");
    for (const ending of ["rolled_back", "rollback_failed", "failed", "expired", "rejected"] as const)
      expect(end(ending, false)).toBe("failed");
  });

  it("is ordered again when it was cancelled, a bounded number of times", () => {
    const report = { attempt_id: "att_2", outcome: "cancelled", ending: "cancelled" } as const;
    expect(afterEnd(report, false, once)).toMatchObject({ state: "waiting", retryInS: 10, follows: null });
    expect(afterEnd(report, false, { tries: ORDER_TRIES - 1, putOffS: 0 }).state).toBe("failed");
  });

  it("is read from the outcome where an older object says no more", () => {
    expect(afterEnd({ attempt_id: "att_1", outcome: "success" }, false, once).state).toBe("done");
    expect(afterEnd({ attempt_id: "att_1", outcome: "rolled_back" }, true, once).state).toBe("done");
  });
});
