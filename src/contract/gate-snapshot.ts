/**
 * Everything that the policy gate judged an attempt by, beside the policy: stored with it, so that another policy can be asked what
 * it would have said.
 */
import { z } from "zod";
import { SemverStep } from "./decision.ts";
import { Action, Instant, Severity } from "./ids.ts";

export const GateSnapshot = z.object({
  at: Instant,
  /** Of the incident. */
  type: z.string().max(64),
  flapping: z.boolean(),
  severity: Severity,
  action: Action,
  step: SemverStep.nullable(),
  confidence: z.number(),
  automatic: z.boolean(),
  takes_back: z.boolean(),
  approvals: z.number().int(),
  excluded: z.boolean(),
  attempts_today: z.number().int(),
  since_failure_ms: z.number().nullable(),
  /** Of the release or remedy at that moment; null when the action needed none. */
  admission: z
    .object({
      admitted: z.boolean(),
      status: z.string().max(32),
      stage: z.string().max(200),
      observed: z.string().max(200),
      bound: z.string().max(200),
    })
    .nullable(),
  guard: z.object({
    storm: z.boolean(),
    autonomy: z.enum(["normal", "degraded"]),
    actions_last_hour: z.number().int(),
  }),
});
export type GateSnapshot = z.infer<typeof GateSnapshot>;
