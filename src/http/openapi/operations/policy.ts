/** The policy, what it would have done, and what was learned under it. */

import type { OpsRoute } from "../../ops/ops-roles.ts";
import { json, LIST, type Operation, READ, WRITE } from "./operation.ts";

export const policyOperations = {
  "GET /api/ops/policy": {
    summary: "The policy in force, from its authority",
    security: "ops",
    replies: json("Policy"),
    refusals: READ,
  },
  "PUT /api/ops/policy": {
    summary: "Replace the policy",
    security: "ops",
    body: "PolicyPut",
    replies: json("Policy"),
    refusals: WRITE,
  },
  "PATCH /api/ops/policy": {
    summary: "Change the policy by an RFC 7396 merge patch",
    security: "ops",
    body: "PolicyPatch",
    replies: json("Policy"),
    refusals: WRITE,
  },
  "GET /api/ops/policy/kill": {
    summary: "What pulling the kill switch would stop, and what would go on; changes nothing",
    security: "ops",
    replies: json("KillPreview"),
    refusals: READ,
  },
  "POST /api/ops/policy/kill": {
    summary:
      "Pull the kill switch: once it has answered, no command leaves; or release it, which takes approver or admin",
    security: "ops",
    body: "KillRequest",
    replies: json("Policy"),
    refusals: WRITE,
  },
  "POST /api/ops/policy/backtest": {
    summary: "What a draft policy would have said of the last days' attempts; changes nothing",
    security: "ops",
    body: "BacktestRequest",
    replies: json("BacktestReply"),
    refusals: WRITE,
  },
  "GET /api/ops/shadow-decisions": {
    summary: "What would have been done in mode shadow, newest first, and what became of it",
    security: "ops",
    query: "ShadowQuery",
    replies: json("ShadowPage"),
    refusals: LIST,
  },
  "GET /api/ops/policy/history": {
    summary: "Earlier policies, newest first, with who and why",
    security: "ops",
    query: "HistoryQuery",
    replies: json("PolicyHistory"),
    refusals: LIST,
  },
  "POST /api/ops/sira/:product/rebuild": {
    summary: "Build what SIRA knows of a product anew from the records, or only count what that would change",
    security: "ops",
    body: "RebuildRequest",
    replies: json("RebuildReply"),
    refusals: [...WRITE, 404],
  },
} as const satisfies Partial<Record<OpsRoute, Operation>>;
