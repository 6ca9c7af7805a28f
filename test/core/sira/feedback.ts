/** Builder: what SIRA is told of attempts that tried to heal the shop of `aDecideRequest`. */

import { SiraMemory } from "../../../sim/sira-memory.ts";
import type { FeedbackRequest, Outcome } from "../../../src/contract/decision.ts";
import type { VoteRequest } from "../../../src/contract/sira-memory.ts";
import { PLUGIN_KEY } from "./decide-request.ts";

export const FIRST = Date.parse("2026-11-22T12:00:00Z");
export const WOO = {
  platform: "woocommerce",
  platform_version: "9.1.2",
  runtime: "php",
  runtime_version: "8.2.1",
};

/** `number` tells the attempts apart. */
export function aFeedback(number: number, overrides: Partial<FeedbackRequest> = {}): FeedbackRequest {
  return {
    attempt_id: `att_${PLUGIN_KEY}_${number}`,
    incident_id: `inc_${PLUGIN_KEY}_1`,
    plugin_id: `plg_${PLUGIN_KEY}`,
    product: "demo-pay",
    signature: "webhook_fail_rate|1.2.2|",
    env: { platform: "demo" },
    from_version: "1.2.2",
    action: "patch",
    target_version: "1.2.3",
    confidence: 0.7,
    outcome: "success",
    reason: "healthy",
    finished_at: new Date(FIRST + number * 60_000).toISOString(),
    ...overrides,
  };
}

export function aVote(number: number, overrides: Partial<VoteRequest> = {}): VoteRequest {
  return {
    incident_id: `inc_${PLUGIN_KEY}_${number}`,
    plugin_id: `plg_${PLUGIN_KEY}`,
    product: "demo-pay",
    signature: "webhook_fail_rate|1.2.2|",
    person: "vera",
    revision: 1,
    vote: "false_positive",
    at: new Date(FIRST).toISOString(),
    ...overrides,
  };
}

/** A memory of so many successes and failures of each, told in that order. */
export function taught(
  ...lessons: { of?: Partial<FeedbackRequest>; healed?: number; failed?: number; outcome?: Outcome }[]
): SiraMemory {
  const memory = new SiraMemory();
  let number = 0;
  for (const { of = {}, healed = 0, failed = 0, outcome = "rolled_back" } of lessons) {
    for (let i = 0; i < healed; i++) memory.learn(aFeedback(++number, of));
    for (let i = 0; i < failed; i++) memory.learn(aFeedback(++number, { ...of, outcome }));
  }
  return memory;
}
