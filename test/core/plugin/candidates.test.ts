import { describe, expect, it } from "vitest";
import { DecideRequest } from "../../../src/contract/decision.ts";
import type { ReleaseRecord } from "../../../src/contract/ops.ts";
import type { Remedy } from "../../../src/contract/remedy.ts";
import { decideRequest } from "../../../src/core/plugin/candidates.ts";
import { T0 } from "../../builders/heartbeat.ts";
import { aPolicy, aRelease } from "../../builders/release.ts";
import { PluginStory } from "./story.ts";

function aRemedy(overrides: Partial<Remedy> = {}): Remedy {
  return {
    id: "rmd_retries-up",
    product: "molam-woocommerce",
    title: "more retries",
    for: ["webhook_fail_rate"],
    set: { retries: 5 },
    status: "active",
    published_by: "test:ada",
    published_at: new Date(T0).toISOString(),
    revision: 1,
    ...overrides,
  };
}

function asked(
  releases: ReleaseRecord[],
  remedies: Remedy[] = [],
  change: (story: PluginStory) => void = () => {},
): DecideRequest {
  const story = new PluginStory().breakWebhooks();
  change(story);
  const [incident] = story.state.incidents;
  if (incident === undefined) throw new Error("no incident");
  return decideRequest(story.state, incident, { releases, remedies }, story.policy, story.now);
}

const named = (request: DecideRequest) =>
  request.candidates.map(({ action, version, remedy }) =>
    [action, version ?? remedy].filter(Boolean).join(" "),
  );
const MOVES = ["resubscribe", "escalate", "monitor"];

describe("what a decision service may choose from", () => {
  it("are the releases above and below, the remedies for this kind of incident, and the moves that need neither", () => {
    const request = asked([aRelease({ version: "1.2.3" }), aRelease({ version: "1.2.1" })], [aRemedy()]);
    expect(named(request)).toEqual(["config rmd_retries-up", "patch 1.2.3", "rollback 1.2.1", ...MOVES]);
    expect(request.candidates[0]).toMatchObject({ config: { retries: 5 }, reversible: true });
    expect(DecideRequest.parse(request)).toEqual(request);
  });

  it.each([
    ["is for another kind of incident", { for: ["webhook_disabled" as const] }],
    ["is halted", { status: "halted" as const }],
    ["needs a newer version", { min_version: "1.2.3" }],
    ["needs an older version", { max_version: "1.2.1" }],
  ])("is no remedy that %s", (_, change) => {
    expect(named(asked([], [aRemedy(change)]))).toEqual(MOVES);
  });

  it("is nothing that cannot be had here for now, until that is over", () => {
    const aside = (until: number) => (story: PluginStory) => {
      story.state.setAside = [
        { action: "patch", subject: "1.2.3", until: story.now + until },
        { action: "config", subject: "rmd_retries-up", until: story.now + until },
      ];
    };
    expect(named(asked([aRelease()], [aRemedy()], aside(1)))).toEqual(MOVES);
    expect(named(asked([aRelease()], [aRemedy()], aside(0)))).toHaveLength(2 + MOVES.length);
  });

  it("are of a long catalogue the nearest versions both ways, and the moves always", () => {
    const many = (major: number) =>
      Array.from({ length: 100 }, (_unused, i) =>
        aRelease({ version: `${major}.0.${i}`, min_from: "0.0.1" }),
      );
    const request = asked([...many(0), ...many(2)]);
    const names = named(request);
    expect(names).toHaveLength(64);
    expect(names.slice(-3)).toEqual(MOVES);
    expect(names).toContain("rollback 0.0.99");
    expect(names).toContain("patch 2.0.0");
    expect(names.filter((name) => name.startsWith("patch")).length).toBeGreaterThanOrEqual(30);
    expect(names).not.toContain("rollback 0.0.0");
    expect(names).not.toContain("patch 2.0.99");
    expect(DecideRequest.safeParse(request).success).toBe(true);
  });

  it("leave the room that one way does not need to the other", () => {
    const up = Array.from({ length: 100 }, (_unused, i) => aRelease({ version: `2.0.${i}` }));
    const names = named(asked([...up, aRelease({ version: "1.2.1" })]));
    expect(names).toContain("rollback 1.2.1");
    expect(names.filter((name) => name.startsWith("patch"))).toHaveLength(60);
  });

  it("names the remedies that failed for this signature", () => {
    const request = asked([], [aRemedy()], ({ state }) => {
      const signature = state.incidents[0]?.row.signature ?? "";
      state.excluded = [{ signature, action: "config", version: null, remedy: "rmd_retries-up", at: T0 }];
    });
    expect(request.excluded).toEqual([{ action: "config", remedy: "rmd_retries-up" }]);
  });

  it("says which version ran before when the fault began after the change", () => {
    const hoursAfter = (hours: number) => (story: PluginStory) => {
      const onset = Date.parse(story.incident.onset_at ?? story.incident.detected_at);
      story.state.lastChange = { from: "1.2.0", at: onset - hours * 3_600_000 };
    };
    expect(asked([], [], hoursAfter(1)).incident.changed_from).toBe("1.2.0");
    expect(asked([], [], hoursAfter(25)).incident.changed_from).toBeUndefined();
    expect(asked([], [], hoursAfter(-1)).incident.changed_from).toBeUndefined();
  });

  it("says what the policy allows, and what of it without a person", () => {
    const allowed = (input: Record<string, unknown>) =>
      asked([], [], (story) => {
        story.policy = aPolicy({
          max_severity: "critical",
          approvals: { by_severity: { high: 0, critical: 0 } },
          ...input,
        });
      }).allowed;
    expect(allowed({})).toEqual({
      actions: ["patch", "rollback", "config", "resubscribe"],
      min_confidence: 0.6,
      steps: ["patch"],
    });
    for (const input of [
      { mode: "approve-only" },
      { mode: "off" },
      { max_severity: "low" },
      { whitelist: { merchants: ["another"] } },
      { approvals: { by_severity: { low: 1, medium: 1, high: 1, critical: 1 } } },
    ])
      expect(allowed(input)).toMatchObject({ min_confidence: 1, steps: [] });
    expect(allowed({ allowed_actions: ["config"] })?.actions).toEqual(["config"]);
  });

  it("asks in mode shadow just what it would ask in mode auto, so that the same is decided", () => {
    for (const input of [
      {},
      { max_severity: "low" },
      { kill_switch: true },
      { whitelist: { merchants: ["another"] } },
    ]) {
      const [auto, shadow] = (["auto", "shadow"] as const).map((mode) =>
        asked([aRelease(), aRelease({ version: "1.2.4" })], [aRemedy()], (story) => {
          story.policy = aPolicy({ ...input, mode });
        }),
      );
      expect(shadow).toEqual(auto);
    }
  });

  describe("once a change has healed a fault and was sound through its bake", () => {
    const offered = (type: "new_error" | "error_spike", change: (story: PluginStory) => void = () => {}) => {
      const story = new PluginStory().toKept();
      const [healed] = story.state.incidents;
      if (healed === undefined) throw new Error("nothing was healed");
      story.state.incidents = [];
      change(story);
      const incident = { ...healed, row: { ...healed.row, id: "inc_another", type } };
      const releases = ["1.2.1", "1.2.2", "1.2.4"].map((version) => aRelease({ version }));
      return named(decideRequest(story.state, incident, { releases, remedies: [] }, story.policy, story.now));
    };
    const BACK = ["rollback 1.2.1", "rollback 1.2.2"];

    it("do not lead back to that fault for an unseen error alone", () => {
      expect(offered("new_error")).toEqual(["patch 1.2.4", ...MOVES]);
    });

    it("lead back for what is more than that", () => {
      expect(offered("error_spike")).toEqual([...BACK, "patch 1.2.4", ...MOVES]);
    });

    it("lead back while it is still being watched, and where it was blamed", () => {
      const stillBaking = (story: PluginStory) => {
        story.state.incidents = new PluginStory().toKept().state.incidents;
      };
      const blamed = (story: PluginStory) => {
        story.state.excluded = [{ signature: "s", action: "patch", version: "1.2.3", at: T0 }];
      };
      for (const change of [stillBaking, blamed])
        expect(offered("new_error", change)).toEqual([...BACK, "patch 1.2.4", ...MOVES]);
    });
  });
});
