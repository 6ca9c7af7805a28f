import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NotificationKind } from "../../../src/contract/notification.ts";
import { attemptId } from "../../builders/ledger.ts";
import { aChange, noticeFactsOf } from "../../builders/notice.ts";
import { aDesk } from "./a-desk.ts";

const BOTH = ["ops", "merchant"];
const GOOD_ENDS: readonly NotificationKind[] = ["patched", "incident_resolved"];

describe("what comes back soon after it was over", () => {
  it("is told to both again, with the call for a person and its next end", () => {
    const { take } = aDesk();
    expect(take(0)).toEqual(BOTH);
    expect(take(1, { kind: "escalated", urgency: "page" })).toEqual(BOTH);
    expect(take(6, { kind: "incident_resolved" })).toEqual(BOTH);
    expect(take(12, { title: "Back again" })).toEqual(BOTH);
    expect(take(13, { kind: "escalated", urgency: "page" })).toEqual(BOTH);
    expect(take(14, { kind: "escalated", urgency: "page" })).toEqual([]);
    expect(take(20, { kind: "incident_resolved" })).toEqual(BOTH);
  });

  it("never leaves a merchant with a good end that no longer holds, nor with trouble that is over", () => {
    const kinds = ["incident_detected", "escalated", "approval_needed", "rolled_back", ...GOOD_ENDS] as const;
    const turn = fc.record({
      kind: fc.constantFrom(...kinds),
      attempt: fc.nat(2),
      minutes: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(turn, { minLength: 1, maxLength: 12 }), (turns) => {
        const { take, toldMerchant } = aDesk();
        const facts = noticeFactsOf({ attempt: aChange() });
        let minute = 0;
        for (const { kind, attempt, minutes } of turns) {
          minute += minutes;
          take(minute, { kind, facts, attempt_id: attempt === 0 ? null : attemptId(attempt) });
          const last = toldMerchant().at(-1);
          // Of what it never heard a merchant need not hear the end.
          if (last === undefined) expect(kind).toBe("incident_resolved");
          else expect([kind, GOOD_ENDS.includes(last.kind)]).toEqual([kind, GOOD_ENDS.includes(kind)]);
        }
      }),
    );
  });
});

describe("a change that was kept after an inconclusive check", () => {
  it("has its end told to the merchant, which one that healed has not", () => {
    for (const [health_verdict, told] of [
      ["inconclusive", BOTH],
      ["healthy", []],
    ] as const) {
      const { take } = aDesk();
      take(0);
      take(5, { kind: "patched", facts: noticeFactsOf({ attempt: aChange({ health_verdict }) }) });
      expect(take(90, { kind: "incident_resolved" })).toEqual(told);
    }
  });
});

describe("a person who calls for another", () => {
  it("gets ops paged, however lately Vigie did; the merchant does not read the same words again", () => {
    const { take } = aDesk();
    const call = { kind: "escalated", urgency: "page", text: "1.2.4 ended as failed" } as const;
    expect(take(0, call)).toEqual(BOTH);
    for (const minute of [1, 2]) expect(take(minute, { ...call, called_by: "test:grace" })).toEqual(["ops"]);
  });
});
