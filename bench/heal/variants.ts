/** The week as it is meant to be run, and the same week with one protection taken away. */

import { seededRandom } from "../../sim/random.ts";
import type { DecideReply, DecideRequest } from "../../src/contract/decision.ts";
import { PolicyDocument } from "../../src/contract/policy.ts";
import type { SiraRpc } from "../../src/contract/rpc/sira.ts";
import { goesItsWay, isExcluded, ranHere } from "../../src/core/sira/moves.ts";

export const VARIANTS = ["vigie", "no canary", "no staging", "random choice", "heuristics only"] as const;
export type Variant = (typeof VARIANTS)[number];

/** Automatic for everybody, day and night: nobody approves anything. Every limit is the default. */
export function policyOf(variant: Variant): PolicyDocument {
  return PolicyDocument.parse({
    mode: "auto",
    whitelist: { all: true },
    max_severity: "critical",
    approvals: {
      by_severity: { low: 0, medium: 0, high: 0, critical: 0 },
      by_step: { patch: 0, minor: 1, major: 2, downgrade: 0 },
    },
    ...(variant === "no canary"
      ? { canary: { stages: [{ percent: 100 }], in_flight: 10_000, abort: [], bake_s: 0 } }
      : {}),
  });
}

type Decide = (request: DecideRequest, builtin: SiraRpc) => ReturnType<SiraRpc["decide"]>;

/** What answers in place of the built-in SIRA; undefined for itself. */
export function deciderOf(variant: Variant, seed: number): Decide | undefined {
  if (variant === "heuristics only") return () => Promise.reject(new Error("taken away for comparison"));
  if (variant !== "random choice") return undefined;
  const random = seededRandom(seed);
  return async (request) => {
    const moves = request.candidates.filter(
      (move) =>
        move.action !== "escalate" &&
        move.action !== "monitor" &&
        !isExcluded(move, request.excluded) &&
        goesItsWay(move, request.plugin.version) &&
        ranHere(move, request),
    );
    const move = moves[Math.floor(random() * moves.length)];
    const reply: DecideReply = {
      action: move?.action ?? "escalate",
      ...(move?.version === undefined ? {} : { patch_version: move.version }),
      ...(move?.config === undefined ? {} : { config: move.config }),
      ...(move?.remedy === undefined ? {} : { remedy: move.remedy }),
      confidence: 0.9,
      explanation: "Drawn by lot.",
      alternatives: [],
    };
    return reply;
  };
}
