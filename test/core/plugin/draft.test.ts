import { describe, expect, it } from "vitest";
import { beginDraft } from "../../../src/core/plugin/draft.ts";
import { PluginStory } from "./story.ts";

describe("the working copy of a step", () => {
  it("has every part of its own, but for what the detectors know", () => {
    const { state, policy, now } = new PluginStory().breakWebhooks();
    const draft = beginDraft(state, now, policy);
    expect(draft.state).toEqual(state);
    expect(draft.state.incidents[0]).not.toBe(state.incidents[0]);
    expect(draft.state.detection).toBe(state.detection);
  });
});
