import { expect, it } from "vitest";
import { planNotes, revertNotes } from "../../../src/core/rollout/rollout-notes.ts";

it("whoever plans several waves is told what opens the next one, and that a date does not", () => {
  expect(planNotes({ waves: [{ merchants: ["dakar-textiles"] }, { percent: 100 }] })).toMatchObject([
    expect.stringMatching(/successes alone.*whatever the date/),
  ]);
  expect(planNotes({ waves: [{ percent: 100 }] })).toEqual([]);
});

it("whoever takes settings back is told that some shops cannot", () => {
  expect(revertNotes(true)).toHaveLength(2);
  expect(revertNotes(true)[1]).toContain("kept no former ones");
  expect(revertNotes(false)).toHaveLength(1);
});
