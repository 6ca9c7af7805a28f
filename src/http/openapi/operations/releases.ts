/** Releases, remedies and their rollouts. */

import type { OpsRoute } from "../../ops/ops-roles.ts";
import { created, json, LIST, type Operation, READ, WRITE } from "./operation.ts";

export const releasesOperations = {
  "GET /api/ops/releases": {
    summary: "Published releases, with where each rollout stands",
    security: "ops",
    query: "ReleaseQuery",
    replies: json("ReleaseList"),
    refusals: LIST,
  },
  "POST /api/ops/releases": {
    summary: "Publish a release: a manifest signed by enough publishers, and its file",
    security: "ops",
    body: "PublishRequest",
    replies: created("ReleaseRecord"),
    refusals: WRITE,
  },
  "POST /api/ops/releases/:product/:version/status": {
    summary:
      "Pause, halt, block or resume a release; to resume what was halted takes approver or admin, to block operator or admin",
    security: "ops",
    body: "ReleaseStatusRequest",
    replies: json("ReleaseRecord"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/releases/:product/:version/rollout": {
    summary: "One rollout, live: stage, counts, holds, plan, what is taken back, and the shops that took it",
    security: "ops",
    replies: json("RolloutDetail"),
    refusals: [...READ, 404],
  },
  "PUT /api/ops/releases/:product/:version/rollout": {
    summary:
      "Plan a rollout in waves, in place of the policy's stages; a dry run says whom each wave may reach",
    security: "ops",
    body: "PlanRequest",
    replies: json("PlanReply"),
    refusals: [...WRITE, 404],
  },
  "DELETE /api/ops/releases/:product/:version/rollout": {
    summary: "Cancel the plan: the rollout follows the policy's stages again, from the first",
    security: "ops",
    body: "CancelPlanRequest",
    replies: json("RolloutState"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/releases/:product/:version/holds": {
    summary: "Keep it from a class of environments; or lift a hold, which takes approver or admin",
    security: "ops",
    body: "HoldRequest",
    replies: json("HoldReply"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/releases/:product/:version/revert": {
    summary: "Halt it and take it back wherever it was applied, newest first; a dry run lists the shops",
    security: "ops",
    body: "RevertRequest",
    replies: json("RevertReply"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/releases/:product/floor": {
    summary: "The version below which a product may not go",
    security: "ops",
    replies: json("Floor"),
    refusals: [...READ, 404],
  },
  "PUT /api/ops/releases/:product/floor": {
    summary:
      "Set or remove the product's floor: no patch or rollback to a version below it; a dry run says what it would shut out",
    security: "ops",
    body: "FloorRequest",
    replies: json("FloorReply"),
    refusals: [...WRITE, 404],
  },
  "GET /api/ops/remedies": {
    summary: "Published remedies, with where each stands",
    security: "ops",
    query: "ReleaseQuery",
    replies: json("RemedyList"),
    refusals: LIST,
  },
  "POST /api/ops/remedies": {
    summary: "Publish a remedy: settings that answer kinds of incidents",
    security: "ops",
    body: "PublishRemedyRequest",
    replies: created("Remedy"),
    refusals: WRITE,
  },
  "POST /api/ops/remedies/:product/:id/status": {
    summary: "Pause, halt, block or resume a remedy, by the same roles as a release",
    security: "ops",
    body: "ReleaseStatusRequest",
    replies: json("Remedy"),
    refusals: [...WRITE, 404],
  },
} as const satisfies Partial<Record<OpsRoute, Operation>>;
