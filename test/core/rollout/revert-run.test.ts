import { describe, expect, it } from "vitest";
import type { OrderReply } from "../../../src/contract/order.ts";
import { ok, type Result, refuse } from "../../../src/contract/refusal.ts";
import {
  type AppliedSlot,
  afterAnswer,
  afterAttempt,
  afterSilence,
  afterTakingBack,
  nextRevertStep,
  nextTurn,
  ORDER_TRIES,
  REVERT_WAIT_MS,
  type RevertEntry,
  type RevertStatus,
  toTakeBack,
} from "../../../src/core/rollout/revert-run.ts";

const T0 = 1_800_000_000_000;
const aSlot = (number: number, overrides: Partial<AppliedSlot> = {}): AppliedSlot => ({
  attemptId: `att_${number}`,
  pluginId: `plg_${number}`,
  outcome: "success",
  takenAt: T0 + number,
  finishedAt: T0 + 100 + number,
  ...overrides,
});
const anEntry = (number: number, overrides: Partial<RevertEntry> = {}): RevertEntry => ({
  attemptId: `att_${number}`,
  pluginId: `plg_${number}`,
  appliedAt: T0,
  status: "waiting",
  at: null,
  ...overrides,
});
const ids = (entries: readonly { attemptId: string }[]) => entries.map(({ attemptId }) => attemptId);

describe("taking back", () => {
  it("goes from what is under way to the oldest success, and leaves alone what is not in place", () => {
    const slots = [
      aSlot(1),
      aSlot(2, { outcome: "relapsed" }),
      aSlot(3, { outcome: "rolled_back" }),
      aSlot(4, { outcome: "cancelled" }),
      aSlot(5, { outcome: "failed" }),
      aSlot(6, { outcome: "inconclusive" }),
      aSlot(7),
      aSlot(8, { outcome: null, finishedAt: null }),
    ];
    expect(ids(toTakeBack(slots))).toEqual(["att_8", "att_7", "att_2", "att_1"]);
  });

  it("orders as many at a time as the limit leaves free, in order", () => {
    const entries = [
      anEntry(1, { status: "reverted" }),
      anEntry(2, { status: "ordered", at: T0 }),
      anEntry(3),
      anEntry(4),
      anEntry(5),
    ];
    expect(ids(nextRevertStep(entries, 3, T0).order)).toEqual(["att_3", "att_4"]);
    expect(nextRevertStep(entries, 1, T0).order).toEqual([]);
  });

  it("gives up on a shop that is not heard of, so that it does not hold up the others", () => {
    const entries = [anEntry(1, { status: "ordered", at: T0 }), anEntry(2)];
    const early = nextRevertStep(entries, 1, T0 + REVERT_WAIT_MS - 1);
    expect([early.order, early.giveUp]).toEqual([[], []]);
    const late = nextRevertStep(entries, 1, T0 + REVERT_WAIT_MS);
    expect([ids(late.giveUp), ids(late.order), late.done]).toEqual([["att_1"], ["att_2"], false]);
    expect(nextTurn(entries)).toBe(T0 + REVERT_WAIT_MS);
    expect(nextTurn([anEntry(2)])).toBeNull();
  });

  it("leaves out who is to be asked later, and wakes for it", () => {
    const entries = [anEntry(1, { at: T0, askAt: T0 + 60_000 }), anEntry(2)];
    expect(ids(nextRevertStep(entries, 1, T0).order)).toEqual(["att_2"]);
    expect(ids(nextRevertStep(entries, 1, T0 + 60_000).order)).toEqual(["att_1"]);
    expect(nextTurn(entries)).toBe(T0 + 60_000);
    expect(afterSilence("reset", ORDER_TRIES - 1)).toMatchObject({ status: "waiting", retryInS: 10 });
    expect(afterSilence("reset", ORDER_TRIES).status).toBe("failed");
  });

  it("moves nothing while it is held, and is over only when nothing was left", () => {
    const late = T0 + 2 * REVERT_WAIT_MS;
    const entries = [anEntry(1, { status: "ordered", at: T0 }), anEntry(2)];
    expect(nextRevertStep(entries, 5, late, true)).toEqual({ order: [], giveUp: [], done: false });
    expect(nextRevertStep([], 5, late, true).done).toBe(true);
    expect([afterTakingBack("cancelled", true), afterTakingBack("failed", true)]).toEqual([
      "waiting",
      "failed",
    ]);
  });

  it("is done when nothing waits and nothing is awaited", () => {
    expect(nextRevertStep([anEntry(1, { status: "reverted" })], 5, T0).done).toBe(true);
    expect(nextRevertStep([], 5, T0).done).toBe(true);
    expect(nextRevertStep([anEntry(1)], 5, T0).done).toBe(false);
    expect(nextRevertStep([anEntry(1, { status: "ordered", at: T0 })], 5, T0).done).toBe(false);
  });

  const said = (would: OrderReply["would"]): Result<OrderReply> =>
    ok({ would, attempt_id: null, text: "so it is" });
  it.each<[Result<OrderReply>, RevertStatus]>([
    [said("cancel"), "reverted"],
    [said("roll_back"), "ordered"],
    [said("revert"), "ordered"],
    [said("nothing"), "nothing"],
    [refuse({ reason: "conflict", message: "irreversible" }), "refused"],
    [refuse({ reason: "unavailable", message: "busy", retry_after_s: 1 }), "waiting"],
  ])("understands the answer %j", (answer, status) => {
    expect(afterAnswer(answer, 1).status).toBe(status);
  });

  it("has to take back what got through all the same", () => {
    expect(afterAttempt("success")).toBe("waiting");
    expect((["rolled_back", "failed", "cancelled", "inconclusive"] as const).map(afterAttempt)).toEqual(
      Array(4).fill("reverted"),
    );
    expect((["success", "failed", "cancelled"] as const).map((outcome) => afterTakingBack(outcome))).toEqual([
      "reverted",
      "failed",
      "failed",
    ]);
  });
});
