/** Valid answers of the contract about releases, remedies and their rollouts. */

import type { RevertReply } from "../../src/contract/revert.ts";
import type {
  HoldReply,
  HoldRequest,
  LiveRemedy,
  PlanReply,
  RolloutDetail,
  RolloutState,
} from "../../src/contract/rollout.ts";
import { at, attemptId, PLUGIN_ID } from "./fixtures.ts";

export const REMEDY_ID = "rmd_AAAAAAAAAAAAAAAA";

export function aRollout(over: Partial<RolloutState> = {}): RolloutState {
  return {
    status: "active",
    standing: null,
    source: "policy",
    stages: ["first 5 shops", "20 % of shops", "50 % of shops", "100 % of shops"],
    stage: 1,
    stage_since: at(-3600),
    not_before: null,
    in_flight: 3,
    in_flight_limit: 20,
    success: 12,
    baked: 9,
    bake_s: 600,
    rolled_back: 1,
    failed: 0,
    inconclusive: 0,
    relapsed: 0,
    holds: [],
    acknowledgements: [],
    revert: null,
    plan: null,
    ...over,
  };
}

/** A halted release with everything that its page can show; `text` stands for what a stranger wrote. */
export function aRolloutDetail(text: string, over: Partial<RolloutDetail> = {}): RolloutDetail {
  const hold = {
    environment: "woocommerce 9.1 / php 8.0",
    source: "learned" as const,
    by: "vigie",
    reason: "3 of 3 failed there, 0 of 14 elsewhere",
    at: at(-1800),
    finished: 3,
    failures: 3,
    lifted: null,
  };
  const run = {
    state: "running" as const,
    cause: "canary" as const,
    by: "vigie",
    reason: text,
    started_at: at(-300),
    ended_at: null,
    in_flight_limit: 20,
    counts: {
      waiting: 1,
      ordered: 1,
      reverted: 2,
      nothing: 0,
      refused: 0,
      failed: 0,
      unconfirmed: 0,
      stopped: 0,
    },
  };
  return {
    product: "molam-woo",
    version: "1.2.3",
    rollout: aRollout({
      status: "halted",
      standing: { by: "vigie", at: at(-600), reason: text },
      holds: [hold, { ...hold, environment: text, lifted: { by: "amina", at: at(-60), reason: "mended" } }],
      acknowledgements: [{ by: "amina", at: at(-7200), reason: "known", finished: 9, failures: 2 }],
      plan: {
        plan: { waves: [{ shops: 5 }, { percent: 100 }] },
        by: "amina",
        at: at(-9000),
        reason: "slowly",
      },
    }),
    revert: {
      ...run,
      items: [
        {
          attempt_id: attemptId(3),
          plugin_id: PLUGIN_ID,
          applied_at: at(-900),
          status: "ordered",
          text,
          at: at(-200),
        },
      ],
    },
    slots: [
      {
        attempt_id: attemptId(3),
        plugin_id: PLUGIN_ID,
        stage: 0,
        environment: text,
        outcome: "relapsed",
        acknowledged: false,
        taken_at: at(-1000),
        finished_at: at(-900),
      },
      {
        attempt_id: attemptId(4),
        plugin_id: PLUGIN_ID,
        stage: 1,
        environment: null,
        outcome: null,
        acknowledged: false,
        taken_at: at(-10),
        finished_at: null,
      },
    ],
    ...over,
  };
}

export function aRemedy(over: Partial<LiveRemedy> = {}): LiveRemedy {
  return {
    id: REMEDY_ID,
    product: "molam-woo",
    title: "Deliver by the old endpoint",
    for: ["webhook_fail_rate"],
    set: { endpoint: "v1", retries: 3 },
    status: "active",
    published_by: "amina",
    published_at: at(-86_400),
    revision: 1,
    rollout: aRollout(),
    ...over,
  };
}

export function aPlanReply(over: Partial<PlanReply> = {}): PlanReply {
  return {
    planned: false,
    shops: 120,
    out_of_reach: 20,
    waves: [
      { wave: "first 5 shops", not_before: null, shops: 5, added: 5, sample: [PLUGIN_ID] },
      { wave: "100 % of shops", not_before: at(86_400), shops: 100, added: 95, sample: [] },
    ],
    truncated: false,
    rollout: aRollout(),
    ...over,
  };
}

export function aRevertReply(dryRun: boolean): RevertReply {
  const { revert } = aRolloutDetail("too many failures");
  if (revert === null) throw new Error("the fixture has a run");
  return { dry_run: dryRun, halts: true, shops: 4, run: revert };
}

export function aHoldReply({ environment, held, reason }: HoldRequest): HoldReply {
  const standing = { by: "amina", at: at(0), reason };
  const hold = { environment, source: "person", ...standing, finished: 0, failures: 0 } as const;
  return { ...aRollout(), hold: { ...hold, lifted: held ? null : standing }, shops: 12 };
}
