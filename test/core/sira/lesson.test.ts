import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SiraMemory } from "../../../sim/sira-memory.ts";
import type { FeedbackRequest } from "../../../src/contract/decision.ts";
import { lessonOf, NO_TALLY, placeOf, typeOf } from "../../../src/core/sira/lesson.ts";
import { aFeedback, aVote, WOO } from "./feedback.ts";

const aLesson = fc
  .record({
    number: fc.integer({ min: 1, max: 12 }),
    revision: fc.integer({ min: 1, max: 3 }),
    outcome: fc.constantFrom(
      "success" as const,
      "rolled_back" as const,
      "failed" as const,
      "inconclusive" as const,
    ),
    env: fc.constantFrom<Record<string, string>>({}, WOO, { platform: "demo" }),
    target_version: fc.constantFrom("1.2.3", "1.2.4"),
    signature: fc.constantFrom("webhook_fail_rate|1.2.2|", "error_spike|1.2.2|boom"),
  })
  // One account of an attempt under one revision has one content, as the plugin's object writes it.
  .map(({ number, revision, ...rest }) => aFeedback(number, { ...rest, revision }));

function consistent(lessons: readonly FeedbackRequest[]): FeedbackRequest[] {
  const first = new Map<string, FeedbackRequest>();
  for (const lesson of lessons) {
    const key = `${lesson.attempt_id}|${lesson.revision}`;
    if (!first.has(key)) first.set(key, lesson);
  }
  return [...first.values()];
}

function memoryOf(lessons: readonly FeedbackRequest[]): SiraMemory {
  const memory = new SiraMemory();
  for (const lesson of lessons) memory.learn(lesson);
  return memory;
}

describe("learning", () => {
  it("comes to the same whatever the order and however often it is told", () => {
    const told = fc.array(aLesson, { maxLength: 30 }).map(consistent);
    fc.assert(
      fc.property(
        told.chain((lessons) =>
          fc.tuple(
            fc.constant(lessons),
            fc.shuffledSubarray([...lessons, ...lessons], { minLength: lessons.length * 2 }),
          ),
        ),
        ([once, shuffled]) => {
          expect(memoryOf(shuffled).dump()).toEqual(memoryOf(once).dump());
        },
      ),
      { numRuns: 300 },
    );
  });

  it("counts an attempt once, by its highest revision", () => {
    const memory = new SiraMemory();
    const place = lessonOf(aFeedback(1)).place;
    expect(memory.learn(aFeedback(1))).toBe(true);
    expect(memory.learn(aFeedback(1))).toBe(false);
    expect(memory.tally(place.place)).toEqual({ ...NO_TALLY, success: 1 });
    expect(
      memory.learn(aFeedback(1, { revision: 2, outcome: "failed", reason: "came back in its bake" })),
    ).toBe(true);
    for (const key of [place.place, place.fault, place.move, place.fix])
      expect(memory.tally(key)).toEqual({ ...NO_TALLY, failed: 1 });
    expect(memory.learn(aFeedback(1))).toBe(false);
  });

  it("counts an attempt at the finest place and at each place that holds it", () => {
    const memory = memoryOf([
      aFeedback(1, { env: WOO }),
      aFeedback(2),
      aFeedback(3, { signature: "webhook_fail_rate|1.2.2|other" }),
      aFeedback(4, { from_version: "1.2.1" }),
      aFeedback(5, { target_version: "1.2.4" }),
    ]);
    const { place, fault, move, fix, kind } = lessonOf(aFeedback(2)).place;
    expect([place, fault, move, fix].map((key) => memory.tally(key).success)).toEqual([1, 2, 3, 4]);
    expect(memory.siblings(kind, fix)).toEqual([{ ...NO_TALLY, success: 1 }]);
  });

  it("keeps remedies apart by their id, and takes the type from the signature when it is not told", () => {
    const remedy = (id: string) => {
      const { target_version: _, ...rest } = aFeedback(1, { action: "config", remedy: id });
      return lessonOf(rest).place;
    };
    expect(remedy("rmd_aaaaaaaa").fix).not.toBe(remedy("rmd_bbbbbbbb").fix);
    expect(remedy("rmd_aaaaaaaa").kind).toBe(remedy("rmd_bbbbbbbb").kind);
    expect(typeOf("webhook_fail_rate:demo-pay@1.2.2:abc")).toBe("webhook_fail_rate");
    expect(lessonOf(aFeedback(1)).place).toEqual(
      lessonOf(aFeedback(1, { incident_type: "webhook_fail_rate" })).place,
    );
  });

  it("lets no signature or environment pass for another place", () => {
    const base = {
      type: "error_spike",
      env: {},
      from: "1.2.2",
      action: "patch" as const,
      version: "1.2.3",
    };
    const keys = ["a", "a|1.2.2|b", "1.2.2|a", "|a", ""].flatMap((signature) =>
      [{}, { platform: "a|1.2.2" }].map((env) => placeOf({ ...base, signature, env }).place),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("takes votes in any order", () => {
    const votes = [
      aVote(1),
      aVote(1, { revision: 2, vote: "useful" }),
      aVote(1, { person: "otto" }),
      aVote(2),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...votes, ...votes], { minLength: 8 }), (told) => {
        const memory = new SiraMemory();
        for (const vote of told) memory.vote(vote);
        expect(memory.opinion("webhook_fail_rate|1.2.2|")).toEqual({
          useful: 1,
          not_actionable: 0,
          false_positive: 2,
        });
      }),
    );
  });
});
