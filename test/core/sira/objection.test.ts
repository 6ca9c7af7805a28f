import { describe, expect, it } from "vitest";
import type { DecideRequest } from "../../../src/contract/decision.ts";
import { decide } from "../../../src/core/sira/decide.ts";
import { heuristicDecision } from "../../../src/core/sira/heuristics.ts";
import { type Choice, objectionTo } from "../../../src/core/sira/objection.ts";
import { aDecideRequest } from "./decide-request.ts";
import { taught } from "./feedback.ts";

const CANDIDATES: DecideRequest["candidates"] = [
  { action: "patch", version: "1.2.3", step: "patch", reversible: true },
  { action: "patch", version: "1.2.0", reversible: true },
  { action: "rollback", version: "1.2.1", step: "downgrade", reversible: true },
  { action: "rollback", version: "0.9.0", step: "downgrade", reversible: true },
  { action: "rollback", version: "1.2.4", reversible: true },
  { action: "config", remedy: "rmd_timeouts", config: { timeout_s: 20 } },
  { action: "config", remedy: "rmd_nothing-set", config: {} },
];
const back = (patch_version: string): Choice => ({ action: "rollback", patch_version });

describe("a choice", () => {
  it.each<[string, Choice, Parameters<typeof aDecideRequest>[0], RegExp | null]>([
    ["of a candidate may be taken", { action: "patch", patch_version: "1.2.3" }, {}, null],
    ["to ask a person may be taken", { action: "escalate" }, {}, null],
    ["to watch on may be taken", { action: "monitor" }, {}, null],
    ["that is not on offer may not", { action: "resubscribe" }, {}, /not among the candidates/],
    ["of a patch without its version may not", { action: "patch" }, {}, /not among the candidates/],
    ["of settings without settings may not", { action: "config" }, {}, /not among the candidates/],
    [
      "of a remedy that sets nothing may not",
      { action: "config", remedy: "rmd_nothing-set" },
      {},
      /without settings/,
    ],
    [
      "of a patch that goes down may not",
      { action: "patch", patch_version: "1.2.0" },
      {},
      /is none from 1\.2\.2/,
    ],
    ["of a rollback that goes up may not", back("1.2.4"), { changed_from: "1.2.4" }, /is none from 1\.2\.2/],
    ["of the way back after the change may be taken", back("1.2.1"), { changed_from: "1.2.1" }, null],
    [
      "of another way back than the change's may not",
      back("0.9.0"),
      { changed_from: "1.2.1" },
      /not known to have run/,
    ],
    ["of a way back without a change may not", back("1.2.1"), {}, /not known to have run/],
    ["of a way back from an error of this version may be taken", back("1.2.1"), { type: "new_error" }, null],
  ])("%s", (_, choice, over, objection) => {
    const said = objectionTo(choice, aDecideRequest({ candidates: CANDIDATES, ...over }));
    if (objection === null) expect(said).toBeNull();
    else expect(said).toMatch(objection);
  });

  it.each([
    ["low", null],
    ["medium", null],
    ["high", "proposed only to watch what is high"],
    ["critical", "proposed only to watch what is critical"],
  ] as const)("to watch on what is %s: %s", (severity, objection) => {
    const request = aDecideRequest();
    request.incident.severity = severity;
    expect(objectionTo({ action: "monitor" }, request)).toBe(objection);
  });
});

it("never meets an objection when it is the built-in service's or the rules' own", () => {
  const severities = ["low", "medium", "high", "critical"] as const;
  for (const type of [
    "webhook_fail_rate",
    "error_spike",
    "new_error",
    "webhook_disabled",
    "heartbeat_missed",
  ])
    for (const changed of [{}, { changed_from: "1.2.1" }, { changed_from: "0.9.0" }])
      for (const severity of severities) {
        const request = aDecideRequest({ type, candidates: CANDIDATES, ...changed });
        request.incident.severity = severity;
        for (const reply of [heuristicDecision(request), decide(request, taught())])
          for (const choice of [reply, ...reply.alternatives])
            expect(objectionTo(choice, request)).toBeNull();
      }
});
