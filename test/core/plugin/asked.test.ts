import { describe, expect, it } from "vitest";
import type { Attempt } from "../../../src/contract/attempt.ts";
import { aPolicy } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

const LIMIT_S = 300;

/** In a shop without traffic or probes: nothing proves the change, nothing condemns it. */
function asked(): PluginStory {
  const story = new PluginStory(aPolicy({ intervals: { verify_limit_s: LIMIT_S } })).toVerifying();
  for (let s = 0; s <= LIMIT_S; s += 15) story.beat(15, {}, { state: "probation" });
  expect(story.notified()).toContain("approval_needed");
  return story;
}

/** The record's rows since the person was asked, as people see them. */
const asksOf = (story: PluginStory, { revision }: Attempt) =>
  story
    .rows("attempt")
    .filter((row) => row.revision >= revision)
    .map((row) => [row.status, row.asked_until]);

describe("whether to keep an inconclusive change", () => {
  it("is not asked while it is watched", () => {
    expect(new PluginStory().toVerifying().attempt).toMatchObject({ status: "verifying", asked_until: null });
  });

  it("is on the record with the moment at which it goes back by itself", () => {
    const story = asked();
    const { attempt } = story;
    expect(attempt).toMatchObject({ status: "verifying", health: { verdict: "inconclusive" } });
    const recorded = story.rows("attempt").at(-1);
    expect(recorded?.asked_until).toBe(attempt.asked_until);
    const until = Date.parse(attempt.asked_until ?? "");
    while (story.now + 15_000 < until) story.beat(15, {}, { state: "probation" });
    expect(story.attempt.status).toBe("verifying");
    story.beat(15, {}, { state: "probation" });
    expect(asksOf(story, attempt)).toEqual([
      ["verifying", attempt.asked_until],
      ["rolling_back", null],
    ]);
  });

  it.each([
    ["approve", "success"],
    ["reject", "rolling_back"],
  ] as const)("is asked of nobody any more after the answer: %s", (decision, status) => {
    const story = asked();
    const { attempt } = story;
    story.approve("grace", { decision });
    expect(asksOf(story, attempt).at(-1)).toEqual([status, null]);
  });

  it("is asked of nobody any more once traffic has proved it", () => {
    const story = asked();
    const { attempt } = story;
    for (let i = 0; i < 12 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
    expect(asksOf(story, attempt).at(-1)).toEqual(["success", null]);
  });
});
