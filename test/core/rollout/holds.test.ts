import { describe, expect, it } from "vitest";
import { type ClassCount, learnHold } from "../../../src/core/rollout/holds.ts";

const OLD = "woocommerce 8.9 / php 7.4";
const NEW = "woocommerce 9.1 / php 8.2";
const count = (environment: string, failures: number, finished: number): ClassCount => ({
  environment,
  failures,
  finished,
});
const none = new Set<string>();

describe("a hold", () => {
  it.each([
    ["it fails always there and never elsewhere", [count(OLD, 2, 2), count(NEW, 0, 8)], OLD],
    ["three failures there stand against five successes", [count(OLD, 3, 3), count(NEW, 0, 5)], OLD],
    ["it mostly fails there and rarely elsewhere", [count(OLD, 8, 10), count(NEW, 2, 100)], OLD],
  ])("is learned when %s", (_, counts, environment) => {
    expect(learnHold(counts, none)?.environment).toBe(environment);
  });

  it.each([
    ["one failure is an accident", [count(OLD, 1, 1), count(NEW, 0, 500)]],
    ["too little was seen elsewhere", [count(OLD, 9, 9), count(NEW, 0, 4)]],
    ["it fails elsewhere as well", [count(OLD, 5, 10), count(NEW, 5, 10)]],
    ["the two could still be alike", [count(OLD, 2, 5), count(NEW, 1, 10)]],
    ["there is only one class", [count(OLD, 9, 9)]],
    ["shops that say nothing of themselves are no class", [count("unknown", 9, 9), count(NEW, 0, 50)]],
    ["nothing has finished", []],
  ])("is not learned when %s", (_, counts) => {
    expect(learnHold(counts, none)).toBeNull();
  });

  it("compares with the classes that are not held, and names the clearest case", () => {
    const worse = "prestashop 8.1 / php 8.1";
    const counts = [count(OLD, 4, 6), count(worse, 9, 9), count(NEW, 0, 60)];
    expect(learnHold(counts, none)?.environment).toBe(worse);
    const next = learnHold(counts, new Set([worse]));
    expect(next).toMatchObject({ environment: OLD, othersFinished: 60, othersFailures: 0 });
    expect(learnHold(counts, new Set([worse, OLD]))).toBeNull();
  });

  it("says what it saw, against what, and by which bounds", () => {
    const hold = learnHold([count(OLD, 2, 2), count(NEW, 0, 8)], none);
    expect(hold).toMatchObject({
      environment: OLD,
      failures: 2,
      finished: 2,
      othersFailures: 0,
      othersFinished: 8,
      reason: "2 of 2 failed there (at least 34.2 %), 0 of 8 elsewhere (at most 32.4 %)",
    });
    expect(hold?.low).toBeGreaterThan(hold?.high ?? 1);
  });
});
