import { describe, expect, it } from "vitest";
import { PluginStory } from "./story.ts";

/** What the fleet was told of attempts, in order. */
function told(story: PluginStory) {
  return story.outbox.flatMap((message) =>
    message.to !== "fleet"
      ? []
      : message.report === "attempt"
        ? [message.attempt.phase]
        : message.report === "finished"
          ? [
              message.revised
                ? `revised: ${message.outcome}`
                : `${message.ending}, automatic ${message.automatic}`,
            ]
          : [],
  );
}
const keep = (story: PluginStory) => {
  for (let i = 0; i < 40 && story.state.attempt; i++) story.beat(15, { sent: 20 }, { state: "probation" });
  return story;
};

describe("the fleet is told of an attempt", () => {
  it("once for each turn that an emergency action asks for, and once that it is over", () => {
    const story = keep(new PluginStory().toVerifying());
    expect(told(story)).toEqual(["waiting", "handed_over", "applied", "success, automatic true"]);
  });

  it("with what it would change, when, and that it takes nothing back", () => {
    const story = new PluginStory().toVerifying();
    const reports = story.outbox.flatMap((message) =>
      message.to === "fleet" && message.report === "attempt" ? [message.attempt] : [],
    );
    expect(reports.at(-1)).toEqual({
      attempt_id: story.attempt.id,
      phase: "applied",
      action: "patch",
      subject: "1.2.3",
      automatic: true,
      takes_back: false,
      at: story.now,
    });
  });

  it("nothing more by beats that change nothing, nor on its way back", () => {
    const story = new PluginStory().toVerifying();
    const before = told(story).length;
    story.beat(15, { sent: 4 }, { state: "probation" }).beat(15, { sent: 4 }, { state: "probation" });
    expect(told(story)).toHaveLength(before);
    story.apply({
      type: "order",
      order: { kind: "revert", reason: "checkout is down", by: "anna", cause: "emergency" },
      release: null,
    });
    expect(story.attempt.status).toBe("rolling_back");
    expect(told(story)).toHaveLength(before);
  });

  it("that takes another back, and that it did", () => {
    const story = keep(new PluginStory().toVerifying());
    const first = story.lastAttempt.id;
    story.beat(15, { sent: 20 });
    story.apply({
      type: "order",
      order: { kind: "revert", reason: "checkout is down", by: "anna", cause: "emergency" },
      release: null,
    });
    const begun = story.outbox.findLast((message) => message.to === "fleet" && message.report === "attempt");
    expect(begun).toMatchObject({ attempt: { phase: "waiting", takes_back: true, automatic: false } });
    story.gate({ admission: null }).beat(15).handOver({ admission: null }).wait(5).ack("1.2.2");
    story.version = "1.2.2";
    keep(story);
    const over = story.outbox.findLast((message) => message.to === "fleet" && message.report === "finished");
    expect(over).toMatchObject({ ending: "success", reverts: first, automatic: false });
  });
});
