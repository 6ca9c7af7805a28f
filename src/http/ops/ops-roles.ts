/** Which roles may use which route. Any one of the listed roles is enough; none implies another. */
import type { Role } from "../../contract/ops.ts";

const ANYONE = ["viewer", "operator", "approver", "admin"] as const;
/** Acts on single shops, and on what surrounds the healing. */
const OPERATE = ["operator", "admin"] as const;
/** Apart from `operator` and `admin`: who asks for a change should not be who allows it. */
const APPROVE = ["approver"] as const;
/**
 * Stops: whoever is there may. Where the same route also lets go again, its object demands one of `ANSWER_FOR` for that: to
 * release the kill switch, to resume what was halted, to lift a hold.
 */
const STOP = ["operator", "approver", "admin"] as const;
/** Undoes in many shops, or lets Vigie act by itself again: not for whoever only operates. */
const ANSWER_FOR = ["approver", "admin"] as const;
/** Changes what Vigie may do by itself, and what it may ship. */
const ADMINISTER = ["admin"] as const;

export const OPS_ROUTES = {
  "GET /api/ops/me": ANYONE,
  "GET /api/ops/plugin-incidents": ANYONE,
  "GET /api/ops/plugin-incidents/:id": ANYONE,
  "POST /api/ops/plugin-incidents/:id/approve": APPROVE,
  "POST /api/ops/plugin-incidents/:id/manual-action": OPERATE,
  "GET /api/ops/fleet-incidents": ANYONE,
  "GET /api/ops/fleet-incidents/:id": ANYONE,
  "GET /api/ops/autopatch-attempts": ANYONE,
  "GET /api/ops/plugins": ANYONE,
  "GET /api/ops/plugins/:id": ANYONE,
  "GET /api/ops/releases": ANYONE,
  "POST /api/ops/releases": ADMINISTER,
  "POST /api/ops/releases/:product/:version/status": STOP,
  "GET /api/ops/releases/:product/:version/rollout": ANYONE,
  "PUT /api/ops/releases/:product/:version/rollout": ADMINISTER,
  "DELETE /api/ops/releases/:product/:version/rollout": ADMINISTER,
  "POST /api/ops/releases/:product/:version/holds": STOP,
  "POST /api/ops/releases/:product/:version/revert": ANSWER_FOR,
  "GET /api/ops/releases/:product/floor": ANYONE,
  "PUT /api/ops/releases/:product/floor": ADMINISTER,
  "GET /api/ops/remedies": ANYONE,
  "POST /api/ops/remedies": ADMINISTER,
  "POST /api/ops/remedies/:product/:id/status": STOP,
  "GET /api/ops/policy": ANYONE,
  "PUT /api/ops/policy": ADMINISTER,
  "PATCH /api/ops/policy": ADMINISTER,
  "GET /api/ops/policy/kill": ANYONE,
  "POST /api/ops/policy/kill": STOP,
  "POST /api/ops/policy/backtest": OPERATE,
  "GET /api/ops/shadow-decisions": ANYONE,
  "GET /api/ops/policy/history": ANYONE,
  "GET /api/ops/notifications": ANYONE,
  "POST /api/ops/notifications/test": OPERATE,
  "GET /api/ops/merchants/:id/notifications": ANYONE,
  "PUT /api/ops/merchants/:id/notifications": OPERATE,
  "POST /api/ops/merchants/:id/notifications/test": OPERATE,
  "GET /api/ops/guard": ANYONE,
  "POST /api/ops/autonomy/restore": ANSWER_FOR,
  "GET /api/ops/emergency": ANYONE,
  "POST /api/ops/emergency/cancel-pending": STOP,
  "POST /api/ops/emergency/rollback-since": ANSWER_FOR,
  "GET /api/ops/emergency/:id": ANYONE,
  "POST /api/ops/emergency/:id/confirm": ANSWER_FOR,
  "POST /api/ops/emergency/:id/abort": STOP,
  "POST /api/ops/sira/:product/rebuild": ADMINISTER,
  "POST /api/ops/claims": OPERATE,
  "GET /api/ops/kpis": ANYONE,
  "GET /api/ops/feed": ANYONE,
} as const satisfies Record<string, readonly Role[]>;

export type OpsRoute = keyof typeof OPS_ROUTES;

export function mayUse(route: OpsRoute, roles: readonly Role[]): boolean {
  const needed: readonly Role[] = OPS_ROUTES[route];
  return needed.some((role) => roles.includes(role));
}
