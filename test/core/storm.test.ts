import { describe, expect, it } from "vitest";
import { judgeStorm, LOST_AFTER_MS, ONSET_WINDOW_MS } from "../../src/core/storm.ts";

const T0 = 1_800_000_000_000;
const silentFor = (ms: number, count: number) => new Array<number>(count).fill(T0 - ms);

describe("storm guard", () => {
  const cases: [string, { roster: number; silentSince: number[]; storm: boolean }, boolean][] = [
    ["calm fleet", { roster: 100, silentSince: [], storm: false }, false],
    ["empty fleet", { roster: 0, silentSince: [], storm: false }, false],
    ["a fifth silent at once", { roster: 100, silentSince: silentFor(1_000, 20), storm: false }, true],
    ["just below a fifth", { roster: 100, silentSince: silentFor(1_000, 19), storm: false }, false],
    [
      "most of a tiny fleet, below the floor",
      { roster: 5, silentSince: silentFor(1_000, 4), storm: false },
      false,
    ],
    ["the floor", { roster: 12, silentSince: silentFor(1_000, 5), storm: false }, true],
    [
      "many, but one after the other",
      { roster: 100, silentSince: silentFor(ONSET_WINDOW_MS + 1, 40), storm: false },
      false,
    ],
    [
      "still silent after the onset",
      { roster: 100, silentSince: silentFor(ONSET_WINDOW_MS + 1, 40), storm: true },
      true,
    ],
    ["most of them back", { roster: 100, silentSince: silentFor(600_000, 10), storm: true }, true],
    ["nearly all of them back", { roster: 100, silentSince: silentFor(600_000, 9), storm: true }, false],
    [
      "shops lost for good end no day under a storm",
      { roster: 100, silentSince: silentFor(LOST_AFTER_MS, 40), storm: true },
      false,
    ],
    [
      "lost shops do not dilute the rest of the fleet",
      { roster: 100, silentSince: [...silentFor(LOST_AFTER_MS, 70), ...silentFor(1_000, 6)], storm: false },
      true,
    ],
  ];
  it.each(cases)("%s", (_, facts, storm) => {
    expect(judgeStorm({ now: T0, ...facts }).storm).toBe(storm);
  });
});
