/** `POST /api/ops/policy/backtest`: what a draft policy would have said of the attempts of the last days. It changes nothing. */
import { z } from "zod";
import { GATE_RULES } from "./attempt.ts";
import { Action, IncidentId, Instant, MerchantId, Severity } from "./ids.ts";
import { PolicyDocument } from "./policy.ts";

export const BACKTEST_MAX_DAYS = 30;
/** Incidents that one back-test looks at, newest first. */
export const BACKTEST_MAX_INCIDENTS = 5_000;
/** Changed ones that are listed; all of them are counted. */
export const BACKTEST_MAX_ITEMS = 200;

export const BacktestRequest = z
  .strictObject({
    days: z.number().int().min(1).max(BACKTEST_MAX_DAYS).default(7),
    /** The whole draft... */
    document: PolicyDocument.optional(),
    /** ...or an RFC 7396 merge patch over the policy in force. */
    patch: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ document, patch }) => (document === undefined) !== (patch === undefined), {
    path: ["document"],
    message: "give either a document or a patch",
  });
export type BacktestRequest = z.infer<typeof BacktestRequest>;

/**
 * `automatic`: went, or would go, without a person. `approval`: asked people. `slot`: waited for a canary slot. `forbidden`: by a rule.
 * `shadow`: recorded in mode shadow, nothing was done.
 */
export const BacktestCourse = z.enum(["automatic", "approval", "slot", "forbidden", "shadow"]);
export type BacktestCourse = z.infer<typeof BacktestCourse>;

const Count = z.number().int().nonnegative();
const Courses = z.record(z.string(), Count);

export const BacktestItem = z.object({
  incident_id: IncidentId,
  /** Of the attempt, or of the shadow decision. */
  id: z.string().max(128),
  merchant_id: MerchantId,
  at: Instant,
  severity: Severity,
  action: Action,
  target_version: z.string().max(64).nullable(),
  was: BacktestCourse,
  would: BacktestCourse,
  /** The rule that makes the difference: it would forbid or ask, or it did then. */
  rule: z.string().max(64).nullable(),
  why: z.string().max(500).nullable(),
  approvals_needed: Count,
  /** How it ended then: an attempt's status, or a shadow decision's outcome (`open` while there is none). */
  ended: z.string().max(32),
});
export type BacktestItem = z.infer<typeof BacktestItem>;

export const BacktestReply = z.object({
  from: Instant,
  until: Instant,
  days: Count,
  /** Only the newest incidents of these days were looked at: there were more than `BACKTEST_MAX_INCIDENTS`. */
  truncated: z.boolean(),
  incidents: Count,
  /** Incidents about which nothing was decided that the gate could judge: escalated, watched, or gone before. */
  without_attempt: Count,
  replayed: Count,
  /** Attempts of before the facts were kept, and those that people ordered or that took a change back. */
  not_replayable: z.object({ without_facts: Count, by_people: Count }),
  changed: Count,
  was: Courses,
  would: Courses,
  /** How often each rule forbids and asks under the draft. */
  by_rule: z.array(z.object({ rule: z.enum(GATE_RULES), forbids: Count, asks: Count })),
  /** How those that would go by themselves ended then. */
  would_be_automatic_ended: Courses,
  /** Changes of course, most frequent first, with how they ended then. */
  moves: z.array(z.object({ was: BacktestCourse, would: BacktestCourse, count: Count, ended: Courses })),
  items: z.array(BacktestItem).max(BACKTEST_MAX_ITEMS),
  /** What cannot be known from the record, in words. */
  unknown: z.array(z.string()),
});
export type BacktestReply = z.infer<typeof BacktestReply>;
