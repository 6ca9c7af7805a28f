/** Pure: the stages that a release walks, from its own plan or from the policy, in one shape. */
import type { AbortRule, CanaryStage, PolicyDocument } from "../../contract/policy.ts";
import type { RolloutPlan, RolloutWave } from "../../contract/rollout-plan.ts";

export type Canary = PolicyDocument["canary"];

/** Whom a stage admits. `shops`: the first so many. `percent`: a stable hash below it. */
export type StageReach =
  | { by: "shops"; shops: number }
  | { by: "percent"; percent: number }
  | { by: "merchants"; merchants: readonly string[] };

export interface Stage {
  name: string;
  reach: StageReach;
  /** Milliseconds since the epoch; null for as soon as the stage before is complete. */
  notBefore: number | null;
  /** Baked successes that complete it; null for the usual number of its kind. */
  successes: number | null;
  /** Time may complete it where there are too few shops for its successes. Never a plan's: whoever planned it waits for them. */
  byTime: boolean;
  /** A success counts once so much time has passed without a relapse, in milliseconds. */
  bakeMs: number;
  abort: readonly AbortRule[];
}

export interface Course {
  source: "plan" | "policy";
  /** At least one. */
  stages: readonly Stage[];
  /** Shops that may be changing at the same time. */
  inFlight: number;
}

/** The stages of a release: those of its plan when it has one, else the policy's. */
export function courseOf(canary: Canary, plan: RolloutPlan | null): Course {
  if (plan !== null)
    return {
      source: "plan",
      stages: plan.waves.map((wave) => waveStage(wave, canary)),
      inFlight: canary.in_flight,
    };
  return {
    source: "policy",
    stages: canary.stages.map((stage) => policyStage(stage, canary)),
    inFlight: canary.in_flight,
  };
}

function policyStage(stage: CanaryStage, canary: Canary): Stage {
  const reach: StageReach =
    "shops" in stage ? { by: "shops", shops: stage.shops } : { by: "percent", percent: stage.percent };
  return {
    name: reachName(reach),
    reach,
    notBefore: null,
    successes: null,
    byTime: true,
    bakeMs: canary.bake_s * 1000,
    abort: canary.abort,
  };
}

function waveStage(wave: RolloutWave, canary: Canary): Stage {
  const reach = waveReach(wave);
  return {
    name: wave.name === undefined ? reachName(reach) : `${wave.name}: ${reachName(reach)}`,
    reach,
    notBefore: wave.not_before === undefined ? null : Date.parse(wave.not_before),
    successes: wave.successes ?? null,
    byTime: false,
    bakeMs: (wave.bake_s ?? canary.bake_s) * 1000,
    abort: wave.abort ?? canary.abort,
  };
}

function waveReach(wave: RolloutWave): StageReach {
  if (wave.merchants !== undefined) return { by: "merchants", merchants: wave.merchants };
  if (wave.shops !== undefined) return { by: "shops", shops: wave.shops };
  // The schema demands exactly one of the three.
  return { by: "percent", percent: wave.percent ?? 0 };
}

export function reachName(reach: StageReach): string {
  switch (reach.by) {
    case "shops":
      return `first ${reach.shops} shops`;
    case "percent":
      return `${reach.percent} % of shops`;
    case "merchants":
      return reach.merchants.length === 1
        ? `merchant ${reach.merchants[0]}`
        : `${reach.merchants.length} merchants`;
    default:
      return reach satisfies never;
  }
}
