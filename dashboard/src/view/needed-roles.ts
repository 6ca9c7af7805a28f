/** Pure. Which roles a change takes, so that a refusal can say which one is missing. The server decides; this explains. */
import type { Role } from "../../../src/contract/ops.ts";
import type { ReleaseStatus } from "../../../src/contract/release.ts";

/** Any one of the roles is enough. */
export const NEEDED_ROLES = {
  "POST /api/ops/plugin-incidents/:id/approve": ["approver"],
  "POST /api/ops/plugin-incidents/:id/manual-action": ["operator", "admin"],
  "POST /api/ops/releases/:product/:version/status": ["operator", "approver", "admin"],
  "PUT /api/ops/releases/:product/:version/rollout": ["admin"],
  "DELETE /api/ops/releases/:product/:version/rollout": ["admin"],
  "POST /api/ops/releases/:product/:version/holds": ["operator", "approver", "admin"],
  "POST /api/ops/releases/:product/:version/revert": ["approver", "admin"],
  "PUT /api/ops/releases/:product/floor": ["admin"],
  "POST /api/ops/remedies": ["admin"],
  "POST /api/ops/remedies/:product/:id/status": ["operator", "approver", "admin"],
  "PUT /api/ops/policy": ["admin"],
  "POST /api/ops/policy/kill": ["operator", "approver", "admin"],
  "POST /api/ops/policy/backtest": ["operator", "admin"],
  "POST /api/ops/notifications/test": ["operator", "admin"],
  "PUT /api/ops/merchants/:id/notifications": ["operator", "admin"],
  "POST /api/ops/merchants/:id/notifications/test": ["operator", "admin"],
  "POST /api/ops/autonomy/restore": ["approver", "admin"],
  "POST /api/ops/emergency/cancel-pending": ["operator", "approver", "admin"],
  "POST /api/ops/emergency/rollback-since": ["approver", "admin"],
  "POST /api/ops/emergency/:id/confirm": ["approver", "admin"],
  "POST /api/ops/emergency/:id/abort": ["operator", "approver", "admin"],
} as const satisfies Record<string, readonly Role[]>;

/** To let go on what was stopped. */
const LET_GO = ["approver", "admin"] as const satisfies readonly Role[];

/** The kill switch: whoever is there may pull it, who answers for it releases it. */
export function rolesToKill(engaged: boolean): readonly Role[] {
  return engaged ? NEEDED_ROLES["POST /api/ops/policy/kill"] : LET_GO;
}

/** An environment's hold: set like a stop, lifted like one. */
export function rolesToHold(held: boolean): readonly Role[] {
  return held ? NEEDED_ROLES["POST /api/ops/releases/:product/:version/holds"] : LET_GO;
}

/** A release's, or a remedy's, way from one status to another; stopping takes less than letting go. */
export function rolesToMove(from: ReleaseStatus, to: ReleaseStatus): readonly Role[] {
  if (from === "blocked") return ["admin"];
  if (to === "blocked") return ["operator", "admin"];
  if (from === "halted" && to === "active") return LET_GO;
  return NEEDED_ROLES["POST /api/ops/releases/:product/:version/status"];
}

/** The roles that would have been enough; empty when the person has one of them, so that the refusal has another reason. */
export function missingRoles(needed: readonly Role[], held: readonly Role[]): readonly Role[] {
  return needed.some((role) => held.includes(role)) ? [] : needed;
}
