import { describe, expect, it } from "vitest";
import { NEW_ERROR } from "../../../src/core/detect/detection-tuning.ts";
import {
  countError,
  dominantError,
  type FrequentError,
  fadeErrors,
} from "../../../src/core/detect/error-frequency.ts";
import {
  freezeKnownErrors,
  type NewError,
  newErrorFinding,
  newErrorSuspect,
  newNewError,
  observeErrors,
  resetFreshCounts,
} from "../../../src/core/detect/new-error.ts";
import { addSeen, hasSeen, NONE_SEEN } from "../../../src/core/detect/seen-fingerprints.ts";
import { T0 } from "../../builders/heartbeat.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const report = (fingerprint: string, count = 1) => ({
  fingerprint,
  message: `${fingerprint} happened`,
  count,
});
const beat = (state: NewError, at: number, reports: ReturnType<typeof report>[] = [], requests = 10) =>
  observeErrors(state, reports, requests, at);
/** Error "old" was seen, then the version changed at T0. */
const changed = freezeKnownErrors(beat(newNewError(), T0 - HOUR, [report("old", 9)], 500), T0);

describe("new error after a version change", () => {
  it("fires at three occurrences of a fingerprint never seen before", () => {
    const two = beat(changed, T0 + MINUTE, [report("bad", 2)]);
    expect(newErrorFinding(two, T0 + MINUTE)).toMatchObject({ firing: false, standing: "suspect" });
    expect(newErrorSuspect(two, T0 + MINUTE)).toBe(true);
    const three = beat(two, T0 + 2 * MINUTE, [report("bad")]);
    expect(newErrorFinding(three, T0 + 2 * MINUTE)).toMatchObject({
      firing: true,
      severity: "medium",
      fingerprint: "bad",
      signal: {
        method: "unseen-fingerprint",
        value: 3,
        bound: 3,
        onset_at: "2026-03-02T12:01:00.000Z",
        explanation:
          'Error bad ("bad happened") occurred 3 times since the version changed at 2026-03-02T12:00:00.000Z and never before it; alarm at 3.',
      },
    });
  });

  it("needs to have watched before, for long enough to have met the error", () => {
    const young = freezeKnownErrors(beat(newNewError(), T0 - HOUR, [report("old", 9)], 10), T0);
    const rare = beat(young, T0 + MINUTE, [report("bad", 3)], 20);
    expect(newErrorFinding(rare, T0 + MINUTE)).toMatchObject({ firing: false, standing: "not_enough_data" });
    expect(newErrorFinding(rare, T0 + MINUTE).signal.explanation).toContain(
      "Too little was watched before the change (10 requests, 60 min)",
    );
    const often = beat(young, T0 + MINUTE, [report("bad", 9)], 20);
    expect(newErrorFinding(often, T0 + MINUTE).firing).toBe(true);
    expect(newErrorFinding(beat(often, T0 + 2 * MINUTE, [], 15), T0 + 2 * MINUTE).firing).toBe(true);
  });

  it("goes by time where requests are not counted", () => {
    const watchedFor = (ms: number) =>
      freezeKnownErrors(beat(newNewError(), T0 - ms, [report("old")], 0), T0);
    const later = (state: NewError) => beat(state, T0 + 10 * MINUTE, [report("bad", 3)], 0);
    expect(newErrorFinding(later(watchedFor(MINUTE)), T0 + 10 * MINUTE).firing).toBe(false);
    expect(newErrorFinding(later(watchedFor(HOUR)), T0 + 10 * MINUTE).firing).toBe(true);
  });

  it("does not call errors new because a new algorithm names them", () => {
    const before = freezeKnownErrors(beat(newNewError(), T0 - HOUR, [report("fp1:aa", 9)], 500), T0);
    const renamed = beat(before, T0 + MINUTE, [report("fp2:aa", 9)]);
    expect(newErrorFinding(renamed, T0 + MINUTE)).toMatchObject({ firing: false, standing: "normal" });
    const own = beat(before, T0 + MINUTE, [report("payment-refused", 9)]);
    expect(newErrorFinding(own, T0 + MINUTE).firing).toBe(true);
    const later = freezeKnownErrors(renamed, T0 + HOUR);
    const fresh = beat(later, T0 + HOUR + MINUTE, [report("fp2:bb", 9)]);
    expect(newErrorFinding(fresh, T0 + HOUR + MINUTE)).toMatchObject({ firing: true, fingerprint: "fp2:bb" });
  });

  it("leaves alone what was seen before, however often it comes", () => {
    const state = beat(changed, T0 + MINUTE, [report("old", 1000)]);
    expect(newErrorFinding(state, T0 + MINUTE)).toMatchObject({
      firing: false,
      standing: "normal",
      fingerprint: "",
    });
  });

  it("knows nothing new before any change of version, and shows that it learns", () => {
    const state = beat(newNewError(), T0, [report("a", 50)]);
    expect(newErrorFinding(state, T0)).toMatchObject({ firing: false, standing: "learning" });
  });

  it("remembers far more fingerprints than it can list", () => {
    let state = newNewError();
    for (let i = 0; i < 60; i++) state = beat(state, T0 - HOUR, [report(`rare-${i}`)]);
    state = freezeKnownErrors(state, T0);
    for (let i = 0; i < 60; i++) state = beat(state, T0 + MINUTE, [report(`rare-${i}`, 5)]);
    expect(state.fresh).toEqual([]);
    expect(state.frequent).toHaveLength(NEW_ERROR.maxFrequent);
  });

  it("stops watching a day after the change", () => {
    const state = beat(changed, T0 + 25 * HOUR, [report("late", 50)]);
    expect(newErrorFinding(state, T0 + 25 * HOUR)).toMatchObject({ firing: false, standing: "learning" });
  });

  it("is over when requests are served without it, not when nothing is", () => {
    let state = beat(changed, T0 + MINUTE, [report("bad", 3)], 30);
    state = beat(state, T0 + 2 * HOUR, [], 0);
    expect(newErrorFinding(state, T0 + 2 * HOUR)).toMatchObject({ firing: true, cleared: false });
    state = beat(state, T0 + 2 * HOUR + MINUTE, [], 60);
    expect(newErrorFinding(state, T0 + 2 * HOUR + MINUTE)).toMatchObject({ firing: false, cleared: true });
  });

  it("fires again when the fix did not stop it, and only then", () => {
    const firing = beat(changed, T0 + MINUTE, [report("bad", 3)]);
    const patched = freezeKnownErrors(firing, T0 + HOUR);
    expect(newErrorFinding(patched, T0 + HOUR)).toMatchObject({ firing: false, cleared: false });
    const mended = beat(patched, T0 + HOUR + 2 * MINUTE, [], 100);
    expect(newErrorFinding(mended, T0 + HOUR + 2 * MINUTE)).toMatchObject({ firing: false, cleared: true });
    const still = beat(patched, T0 + HOUR + MINUTE, [report("bad", 3)]);
    expect(newErrorFinding(still, T0 + HOUR + MINUTE)).toMatchObject({ firing: true, fingerprint: "bad" });
  });

  it("starts counting again when a setting was changed", () => {
    const firing = beat(changed, T0 + MINUTE, [report("bad", 7)]);
    expect(newErrorFinding(resetFreshCounts(firing, T0 + MINUTE), T0 + MINUTE).firing).toBe(false);
  });

  it("does not let noise push an alarm out", () => {
    let state = beat(changed, T0 + MINUTE, [report("bad", 3)]);
    for (let i = 0; i < 100; i++) state = beat(state, T0 + 2 * MINUTE, [report(`noise-${i}`, 1 + (i % 3))]);
    expect(state.fresh).toHaveLength(NEW_ERROR.maxFresh);
    expect(state.fresh.map(({ fingerprint }) => fingerprint)).toContain("bad");
  });
});

describe("frequent errors", () => {
  it("keep the most frequent and let the least give way", () => {
    let list: FrequentError[] = [];
    for (let i = 0; i < NEW_ERROR.maxFrequent; i++) list = countError(list, `fp-${i}`, 10 + i);
    list = countError(list, "one-more", 2);
    expect(list).toHaveLength(NEW_ERROR.maxFrequent);
    expect(list.find(([fingerprint]) => fingerprint === "fp-0")).toBeUndefined();
    expect(list.find(([fingerprint]) => fingerprint === "one-more")).toEqual(["one-more", 12, 2]);
  });

  it("let the last hour decide which one dominates", () => {
    const old = fadeErrors(countError([], "old", 1000), 12 * HOUR);
    expect(dominantError(countError(old, "now", 5))).toBe("now");
    expect(dominantError([])).toBe("");
  });
});

describe("seen fingerprints", () => {
  it("never forget one, and seldom claim one never seen", () => {
    let seen = NONE_SEEN;
    for (let i = 0; i < 60; i++) seen = addSeen(seen, `fp:v1:${i}`);
    expect(seen).toHaveLength(128);
    for (let i = 0; i < 60; i++) expect(hasSeen(seen, `fp:v1:${i}`)).toBe(true);
    let claimed = 0;
    for (let i = 0; i < 2000; i++) if (hasSeen(seen, `fp:v1:other-${i}`)) claimed += 1;
    expect(claimed / 2000).toBeLessThan(0.06);
  });
});
