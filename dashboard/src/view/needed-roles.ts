/** Pure. Which roles a change takes, so that a refusal can say which one is missing. The server decides; this explains. */
import type { Role } from "../../../src/contract/ops.ts";

/** Any one of the roles is enough. */
export const NEEDED_ROLES = {
  "POST /api/ops/plugin-incidents/:id/approve": ["approver"],
  "POST /api/ops/plugin-incidents/:id/manual-action": ["operator", "admin"],
  "POST /api/ops/releases/:product/:version/status": ["operator", "admin"],
  "PUT /api/ops/policy": ["admin"],
  "POST /api/ops/policy/kill": ["operator", "admin"],
} as const satisfies Record<string, readonly Role[]>;

/** The roles that would have been enough; empty when the person has one of them, so that the refusal has another reason. */
export function missingRoles(needed: readonly Role[], held: readonly Role[]): readonly Role[] {
  return needed.some((role) => held.includes(role)) ? [] : needed;
}
