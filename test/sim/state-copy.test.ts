import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { copyOf, copyOfState } from "../../sim/virtual-realm.ts";
import { PluginStory } from "../core/plugin/story.ts";

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

describe("the simulation's copy of a state", () => {
  beforeEach(() => {
    vi.stubGlobal("structuredClone", <T>(value: T): T => {
      if (typeof value === "object" && value !== null && "detection" in value) freeze(value.detection);
      return copyOfState(value);
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("may share the detectors' part: no step writes to it, from a fault through a fix to its end", () => {
    const story = new PluginStory().toKept();
    story.beat(120, { sent: 20, failed: 20 }).beat(30, { sent: 20, failed: 20 }).pass(7200);
    story.beat(120, { sent: 20 });
    expect(story.statuses()).toContain("success");
  });

  it("copies everything else", () => {
    const { state } = new PluginStory().breakWebhooks();
    const copy = copyOfState(state);
    expect(copy).toEqual(state);
    expect(copy.incidents[0]).not.toBe(state.incidents[0]);
    expect(copyOf({ a: [{ b: null }] })).toEqual({ a: [{ b: null }] });
  });
});
