import { describe, expect, it } from "vitest";
import type { FeedMessage } from "../../src/contract/feed.ts";
import { coalesce } from "../../src/core/feed-coalesce.ts";

const changed = (topic: FeedMessage["topic"], id?: string): FeedMessage =>
  id === undefined ? { type: "changed", topic } : { type: "changed", topic, id };

describe("feed messages", () => {
  it("are sent once per thing, in order", () => {
    expect(
      coalesce([
        changed("incidents", "a"),
        changed("plugins"),
        changed("incidents", "a"),
        changed("incidents", "b"),
      ]),
    ).toEqual([changed("incidents", "a"), changed("plugins"), changed("incidents", "b")]);
  });

  it("give way to a message about the whole topic", () => {
    expect(coalesce([changed("incidents", "a"), changed("incidents")])).toEqual([changed("incidents")]);
  });
});
