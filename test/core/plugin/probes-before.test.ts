import { describe, expect, it } from "vitest";
import { A_PLUGIN_ID, type HeartbeatOverrides } from "../../builders/heartbeat.ts";
import { PluginStory } from "./story.ts";

const said = (ok: boolean, name = "checkout") => ({ probes: [{ name, ok, ms: 5 }] });
const onProbation = (beat: HeartbeatOverrides): HeartbeatOverrides => ({ ...beat, state: "probation" });

/** Under watch after 1.2.3, with what its probes said before; null when they said nothing. */
function watched(before: boolean | null): PluginStory {
  const story = new PluginStory();
  if (before !== null) story.beat(1, { sent: 20 }, said(before));
  return story.toVerifying();
}
/** So many beats without traffic, until the attempt is over. */
function beats(story: PluginStory, count: number, beat: HeartbeatOverrides, sent = 0): PluginStory {
  for (let i = 0; i < count && story.state.attempt?.phase.name === "verifying"; i++)
    story.beat(15, { sent }, onProbation(beat));
  return story;
}
const HELD_AGAINST_NONE = "Not held against it, failing before the change: checkout.";

describe("a probe that fails after a change", () => {
  it.each([
    ["passed", true],
    ["said nothing", null],
  ])("condemns it when it %s before", (_, before) => {
    const story = beats(watched(before), 4, said(false));
    expect(story.attempt).toMatchObject({
      status: "rolling_back",
      health: { verdict: "unhealthy", rule: "probes", value: 2 },
    });
  });

  it("is no evidence against it when it failed before too, and the verdict says so", () => {
    const story = beats(watched(false), 40, said(false), 20);
    expect(story.lastAttempt).toMatchObject({
      status: "success",
      health: { verdict: "healthy", explanation: expect.stringContaining(HELD_AGAINST_NONE) },
    });
  });

  it("is none for it either: without anything else a person is asked", () => {
    const story = watched(false).toAsked(onProbation(said(false)));
    expect(story.attempt.health).toMatchObject({
      rule: "not_enough_evidence",
      explanation: expect.stringContaining(HELD_AGAINST_NONE),
    });
  });

  it("is held against it once it has passed since", () => {
    const story = beats(beats(watched(false), 2, said(true)), 4, said(false));
    expect(story.attempt.health).toMatchObject({ verdict: "unhealthy", rule: "probes" });
    expect(story.attempt.health?.explanation).not.toContain("Not held against it");
  });

  it("is one thing, another one that was fine is another", () => {
    const both = { probes: [...said(false).probes, ...said(false, "webhook").probes] };
    const story = beats(watched(false), 4, both);
    expect(story.attempt.health).toMatchObject({ verdict: "unhealthy", rule: "probes", value: 2 });
  });

  it("is held against it when it was another version's that failed, and not ours to compare with", () => {
    const story = new PluginStory();
    story.version = "1.2.1";
    story.beat(1, { sent: 20 }, said(false));
    story.version = "1.2.2";
    beats(story.toVerifying(), 4, said(false));
    expect(story.attempt.health).toMatchObject({ verdict: "unhealthy", rule: "probes" });
  });
});

describe("a probe that passes where it failed before", () => {
  it("speaks for the change", () => {
    const story = beats(watched(false), 10, said(true));
    expect(story.lastAttempt).toMatchObject({
      status: "success",
      health: { verdict: "healthy", rule: "probes" },
    });
  });
});

describe("a probe that passes as it did during the fault", () => {
  it.each([
    ["passed before", true],
    ["said nothing before", null],
  ])("is no proof by itself when it %s: without traffic a person is asked", (_, before) => {
    const story = watched(before).toAsked(onProbation(said(true)));
    expect(story.attempt.health).toMatchObject({
      rule: "not_enough_evidence",
      explanation: expect.stringContaining("Probes that did not fail before the change can add 1.5 at most."),
    });
  });

  it("adds to what traffic shows", () => {
    const [probed, alone] = [said(true), {}].map((beat) => beats(watched(true), 8, beat, 1));
    expect(probed?.lastAttempt).toMatchObject({ status: "success", health: { rule: "webhooks_delivered" } });
    expect(alone?.attempt.status).toBe("verifying");
  });
});

describe("what a client's probes said just before the switch", () => {
  it("comes with its acknowledgement, and counts like that of a beat", () => {
    const story = new PluginStory().breakWebhooks().decide().gate().stage().beat(15).handOver().wait(5);
    story.version = "1.2.3";
    story.apply({
      type: "ack",
      data: {
        plugin_id: A_PLUGIN_ID,
        command_id: story.handed?.row.id ?? "none",
        result: {
          version: "1.2.3",
          details: { provisional: true, before_checkout: false, before_api: true },
        },
      },
    });
    beats(story, 6, said(false));
    expect(story.attempt.status).toBe("verifying");
    beats(story, 4, said(false, "api"));
    expect(story.attempt.health).toMatchObject({ verdict: "unhealthy", rule: "probes" });
  });
});
