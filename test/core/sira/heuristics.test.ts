import { describe, expect, it } from "vitest";
import { DecideReply, type DecideRequest } from "../../../src/contract/decision.ts";
import { heuristicDecision } from "../../../src/core/sira/heuristics.ts";
import { aDecideRequest } from "./decide-request.ts";

const patches = (...versions: string[]) =>
  versions.map((version) => ({ action: "patch" as const, version, reversible: true }));

describe("heuristic decision", () => {
  const cases: [string, Parameters<typeof aDecideRequest>[0], Partial<DecideReply>][] = [
    [
      "takes the nearest higher version for failing webhooks",
      { candidates: patches("1.3.0", "1.2.10", "1.2.3", "1.2.1") },
      { action: "patch", patch_version: "1.2.3" },
    ],
    [
      "passes over a fix that failed here",
      { candidates: patches("1.2.3", "1.2.4"), excluded: [{ action: "patch", version: "1.2.3" }] },
      { action: "patch", patch_version: "1.2.4" },
    ],
    [
      "never takes an exclusion of a whole action lightly",
      { candidates: patches("1.2.3"), excluded: [{ action: "patch" }] },
      { action: "escalate" },
    ],
    [
      "patches an error spike",
      { type: "error_spike", candidates: patches("1.2.3") },
      { action: "patch", patch_version: "1.2.3" },
    ],
    [
      "rolls back a new error after a version change",
      {
        type: "new_error",
        candidates: [...patches("1.2.3"), { action: "rollback", version: "1.2.1" }],
      },
      { action: "rollback", patch_version: "1.2.1" },
    ],
    [
      "goes on to the next release after a new error with nothing to go back to",
      { type: "new_error", candidates: patches("1.2.3") },
      { action: "patch", patch_version: "1.2.3" },
    ],
    [
      "escalates a new error that only a new major version could mend",
      { type: "new_error", candidates: patches("2.0.0") },
      { action: "escalate" },
    ],
    [
      "takes settings that ops published for this kind of incident before any version",
      {
        candidates: [
          ...patches("1.2.3"),
          { action: "config", remedy: "rmd_retry-more", config: { retries: 5 } },
        ],
      },
      { action: "config", remedy: "rmd_retry-more", config: { retries: 5 } },
    ],
    [
      "passes over settings that failed here, and settings without any",
      {
        candidates: [
          ...patches("1.2.3"),
          { action: "config", remedy: "rmd_retry-more", config: { retries: 5 } },
          { action: "config", remedy: "rmd_empty-one", config: {} },
        ],
        excluded: [{ action: "config", remedy: "rmd_retry-more" }],
      },
      { action: "patch", patch_version: "1.2.3" },
    ],
    [
      "goes back to the version before when failing webhooks began with the change from it",
      {
        changed_from: "1.2.0",
        candidates: [
          ...patches("1.2.3"),
          { action: "rollback", version: "1.2.1" },
          { action: "rollback", version: "1.2.0" },
        ],
      },
      { action: "rollback", patch_version: "1.2.0" },
    ],
    [
      "goes on, not back, when failing webhooks began by themselves",
      { candidates: [...patches("1.2.3"), { action: "rollback", version: "1.2.1" }] },
      { action: "patch", patch_version: "1.2.3" },
    ],
    [
      "subscribes again when webhooks were switched off",
      { type: "webhook_disabled", candidates: [...patches("1.2.3"), { action: "resubscribe" }] },
      { action: "resubscribe" },
    ],
    [
      "escalates switched-off webhooks that it cannot subscribe",
      { type: "webhook_disabled", candidates: patches("1.2.3") },
      { action: "escalate" },
    ],
    ["escalates silence", { type: "heartbeat_missed", candidates: patches("1.2.3") }, { action: "escalate" }],
    ["escalates when nothing is on offer", { candidates: [] }, { action: "escalate" }],
    ["escalates a kind of incident it does not know", { type: "moon_phase" }, { action: "escalate" }],
    ["does not call a downgrade a patch", { candidates: patches("1.2.1", "1.2.2") }, { action: "escalate" }],
  ];

  it.each(cases)("%s", (_, overrides, expected) => {
    const reply = heuristicDecision(aDecideRequest(overrides));
    expect(reply).toMatchObject(expected);
    expect(DecideReply.safeParse(reply).success).toBe(true);
  });

  it("goes back to nothing but what ran before, however near another version is", () => {
    const candidates: DecideRequest["candidates"] = [
      { action: "rollback", version: "1.2.3" },
      { action: "rollback", version: "1.2.1" },
    ];
    const request = { type: "new_error", version: "1.2.4", candidates };
    const back = heuristicDecision(aDecideRequest({ ...request, changed_from: "1.2.1" }));
    expect([back.action, back.patch_version]).toEqual(["rollback", "1.2.1"]);
    // It came down from 1.3.0 already: there is no way back from here.
    expect(heuristicDecision(aDecideRequest({ ...request, changed_from: "1.3.0" })).action).toBe("escalate");
  });

  it("is less sure of a larger step, of an irreversible one, and after each failed fix", () => {
    const confidence = (candidates: DecideRequest["candidates"], excluded: DecideRequest["excluded"] = []) =>
      heuristicDecision(aDecideRequest({ candidates, excluded })).confidence;
    expect(confidence(patches("1.2.3"))).toBe(0.7);
    expect(confidence(patches("1.3.0"))).toBe(0.55);
    expect(confidence(patches("2.0.0"))).toBe(0.35);
    expect(confidence([{ action: "patch", version: "1.2.3", reversible: false }])).toBe(0.6);
    expect(confidence(patches("1.2.4"), [{ action: "patch", version: "1.2.3" }])).toBe(0.6);
  });

  it("lists what else could be done, at most eight, without what failed", () => {
    const versions = Array.from({ length: 12 }, (_, i) => `1.2.${i + 3}`);
    const reply = heuristicDecision(
      aDecideRequest({ candidates: patches(...versions), excluded: [{ action: "patch", version: "1.2.4" }] }),
    );
    expect(reply.alternatives.map((a) => a.patch_version)).toEqual(versions.slice(2, 10));
  });
});
