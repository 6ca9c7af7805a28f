/** Pure: where a rollout stands, for people. */
import type { ReleaseStatus, Standing } from "../../contract/release.ts";
import type { Acknowledgement, EnvironmentHold, RolloutState } from "../../contract/rollout.ts";
import type { PlannedRollout } from "../../contract/rollout-plan.ts";
import { advance, type Progress, type Rollout } from "./canary.ts";
import { type Canary, courseOf } from "./rollout-course.ts";

export interface RolloutFacts {
  status: ReleaseStatus;
  standing: Standing | null;
  rollout: Rollout;
  progress: Progress;
  canary: Canary;
  plan: PlannedRollout | null;
  holds: EnvironmentHold[];
  acknowledgements: Acknowledgement[];
  revert: RolloutState["revert"];
}

export function rolloutState(facts: RolloutFacts, now: number): RolloutState {
  const { progress, plan } = facts;
  const course = courseOf(facts.canary, plan?.plan ?? null);
  const rollout = advance(facts.rollout, progress, course, now);
  const stage = course.stages[rollout.stage];
  const bakeMs = stage?.bakeMs ?? 0;
  const { inFlight, ...ended } = progress.all;
  return {
    status: facts.status,
    standing: facts.standing,
    source: course.source,
    stages: course.stages.map(({ name }) => name.slice(0, 120)),
    stage: rollout.stage,
    stage_since: new Date(rollout.since).toISOString(),
    not_before: dateAhead([stage?.notBefore, course.stages[rollout.stage + 1]?.notBefore], now),
    in_flight: inFlight,
    in_flight_limit: course.inFlight,
    ...ended,
    baked: progress.bakedBy(now - bakeMs),
    bake_s: bakeMs / 1000,
    holds: facts.holds,
    acknowledgements: facts.acknowledgements,
    revert: facts.revert,
    plan,
  };
}

/** The first of the dates that still lies ahead. */
function dateAhead(dates: readonly (number | null | undefined)[], now: number): string | null {
  const ahead = dates.find((date) => typeof date === "number" && date > now);
  return typeof ahead === "number" ? new Date(ahead).toISOString() : null;
}
