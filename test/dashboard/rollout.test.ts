/** Releases and remedies on the dashboard: what is computed for the pages, without a browser. */
import { describe, expect, test } from "vitest";
import { floorOf, mustBeMeant } from "../../dashboard/src/view/floor-draft.ts";
import { aRemedyDraft, remedyOf } from "../../dashboard/src/view/remedy-draft.ts";
import {
  FIRST_PLAN,
  failuresOf,
  isRemedy,
  planIssues,
  seenStanding,
  stageMarks,
  subjectHref,
  waveKind,
  withKind,
  withPart,
} from "../../dashboard/src/view/rollout.ts";
import { aRollout } from "./rollout-fixtures.ts";

describe("a subject", () => {
  test("is a remedy by its id, and a release otherwise", () => {
    expect(isRemedy({ product: "molam-woo", key: "rmd_1" })).toBe(true);
    expect(isRemedy({ product: "molam-woo", key: "1.2.3" })).toBe(false);
  });
  test("has an address of its own, whatever its name holds", () => {
    expect(subjectHref({ product: "a/b", key: "1.2.3+x y" })).toBe("/releases/a%2Fb/1.2.3%2Bx%20y");
  });
});

describe("a rollout", () => {
  test("has stages behind it, one that is open, and stages to come", () => {
    expect(stageMarks(aRollout({ stages: ["a", "b", "c"], stage: 1 })).map(({ mark }) => mark)).toEqual([
      "done",
      "current",
      "ahead",
    ]);
  });
  test("is decided about as it was seen: its status and since when", () => {
    const standing = { by: "vigie", at: "2026-11-22T10:00:00.000Z", reason: "abort rule" };
    expect(seenStanding({ status: "halted", standing })).toEqual({ from: "halted", since: standing.at });
    expect(seenStanding({ status: "active" })).toEqual({ from: "active", since: null });
  });
  test("counts a success that came back as a failure", () => {
    const state = aRollout({ success: 7, rolled_back: 1, failed: 1, relapsed: 1, inconclusive: 2 });
    expect(failuresOf(state)).toEqual({ failures: 3, finished: 12 });
  });
});

describe("a plan", () => {
  test("as first offered can be saved as it is", () => {
    expect(planIssues(FIRST_PLAN, "en").size).toBe(0);
  });
  test("names the wave and field that is wrong", () => {
    const issues = planIssues({ waves: [{ percent: 50 }, { percent: 20 }] }, "en");
    expect([...issues]).toEqual([["waves.1.percent", "must be above that of the wave before"]]);
  });
  test("keeps a wave's date when its shops are counted in another way", () => {
    const wave = { percent: 20, not_before: "2026-11-23T08:00:00.000Z" };
    expect(withKind(wave, "merchants")).toEqual({ merchants: [], not_before: wave.not_before });
    expect(waveKind(withKind(wave, "shops"))).toBe("shops");
  });
  test("drops an optional field rather than leave it empty", () => {
    expect(withPart({ shops: 5, bake_s: 60 }, "bake_s", undefined)).toEqual({ shops: 5 });
  });
});

describe("a remedy being written", () => {
  const draft = { ...aRemedyDraft("molam-woo"), title: "Old webhook endpoint", set: "endpoint = v1" };
  test("becomes the request to publish it", () => {
    expect(remedyOf(draft, "en")).toEqual({
      value: {
        product: "molam-woo",
        title: "Old webhook endpoint",
        for: ["webhook_fail_rate"],
        set: { endpoint: "v1" },
      },
      issues: new Map(),
    });
  });
  test("says which field is missing", () => {
    expect([...remedyOf({ ...draft, set: "", for: [] }, "en").issues.keys()].sort()).toEqual(["for", "set"]);
  });
});

describe("a floor being written", () => {
  test.each([
    ["", { version: null }],
    [" 1.2.3 ", { version: "1.2.3" }],
    ["1.2", null],
  ])("%j means %j", (text, expected) => {
    expect(floorOf(text)).toEqual(expected);
  });

  test("must be said to be meant where it leaves no active release, and never where it is removed", () => {
    const conflict = {
      kind: "refused",
      status: 409,
      error: { code: "conflict", message: "it would bar every patch", request_id: "req-1" },
    } as const;
    const high = { version: "9.0.0" };
    expect(mustBeMeant(high, { left: [] }, null)).toBe(true);
    expect(mustBeMeant(high, null, conflict)).toBe(true);
    expect(mustBeMeant(high, { left: ["9.1.0"] }, null)).toBe(false);
    expect(mustBeMeant(high, null, { kind: "unreachable" })).toBe(false);
    expect(mustBeMeant({ version: null }, { left: [] }, null)).toBe(false);
  });
});
