import { expect, it } from "vitest";
import {
  type Bars,
  barNotes,
  isBarred,
  planNotes,
  revertNotes,
} from "../../../src/core/rollout/rollout-notes.ts";

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

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const EXPIRES = Date.parse("2026-12-01T00:00:00.000Z");
const plan = { waves: [{ shops: 5 }, { percent: 100, not_before: "2026-12-02T08:00:00Z" }] };

it.each<[string, Partial<Bars>, boolean, RegExp[]]>([
  ["nothing bars", {}, false, []],
  ["is paused", { status: "paused" }, false, [/paused: nobody new .* resumes it/]],
  ["is halted", { status: "halted" }, false, [/halted: nobody new .* resumes it/]],
  ["is blocked", { status: "blocked" }, true, [/blocked.*an admin/]],
  ["lies below the floor", { belowFloor: "2.0.0" }, true, [/below the product's floor 2\.0\.0/]],
  ["has expired", { expires: NOW }, true, [/expired at 2026-11-22T10:00:00\.000Z/]],
  ["expires before a wave may open", { expires: EXPIRES }, false, [/expires at 2026-12-01.*before wave 2/]],
  ["is halted and has expired", { status: "halted", expires: NOW }, true, [/halted/, /expired/]],
])("whoever plans what %s is told so", (_, over, barred, notes) => {
  const bars: Bars = { status: "active", expires: null, belowFloor: null, ...over };
  expect(isBarred(bars, NOW)).toBe(barred);
  expect(barNotes(bars, plan, NOW)).toEqual(notes.map((note) => expect.stringMatching(note)));
});
