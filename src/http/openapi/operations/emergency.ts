/** The guard and emergency actions. */

import type { OpsRoute } from "../../ops/ops-roles.ts";
import { created, json, LIST, type Operation, READ, WRITE } from "./operation.ts";

export const emergencyOperations = {
  "GET /api/ops/guard": {
    summary: "What holds automatic changes back now: storm, autonomy budget, hourly budget, kill switch",
    security: "ops",
    replies: json("Guard"),
    refusals: READ,
  },
  "POST /api/ops/autonomy/restore": {
    summary: "Let automatic healing go on after its budget was spent; outcomes so far count no more",
    security: "ops",
    body: "RestoreAutonomyRequest",
    replies: json("Guard"),
    refusals: WRITE,
  },
  "GET /api/ops/emergency": {
    summary: "Emergency actions, newest first",
    security: "ops",
    replies: json("EmergencyList"),
    refusals: READ,
  },
  "POST /api/ops/emergency/cancel-pending": {
    summary: "Cancel every attempt that no shop was told of; `dry_run` only lists them",
    security: "ops",
    body: "CancelPendingRequest",
    replies: created("Emergency"),
    refusals: WRITE,
  },
  "POST /api/ops/emergency/rollback-since": {
    summary:
      "Plan to take back, in waves, what was applied in the last minutes; nothing happens before it is confirmed",
    security: "ops",
    body: "RollbackSinceRequest",
    replies: created("Emergency"),
    refusals: WRITE,
  },
  "GET /api/ops/emergency/:id": {
    summary: "One emergency action with its progress and its targets",
    security: "ops",
    query: "EmergencyQuery",
    replies: json("EmergencyDetail"),
    refusals: [...LIST, 404],
  },
  "POST /api/ops/emergency/:id/confirm": {
    summary: "Run a plan: its digest and number of targets, sent back within ten minutes",
    security: "ops",
    body: "ConfirmEmergencyRequest",
    replies: json("Emergency"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/emergency/:id/abort": {
    summary: "Give no further orders; what was ordered goes on",
    security: "ops",
    body: "AbortEmergencyRequest",
    replies: json("Emergency"),
    refusals: [...WRITE, 404],
  },
} as const satisfies Partial<Record<OpsRoute, Operation>>;
