/** Which roles may use which route. Any one of the listed roles is enough; none implies another. */
import type { Role } from "../../contract/ops.ts";

const ANYONE = ["viewer", "operator", "approver", "admin"] as const;
/** Acts on single shops and stops things. */
const OPERATE = ["operator", "admin"] as const;
/** Apart from `operator` and `admin`: who asks for a change should not be who allows it. */
const APPROVE = ["approver"] as const;
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
  "POST /api/ops/releases/:product/:version/status": OPERATE,
  "GET /api/ops/policy": ANYONE,
  "PUT /api/ops/policy": ADMINISTER,
  "PATCH /api/ops/policy": ADMINISTER,
  "POST /api/ops/policy/kill": OPERATE,
  "GET /api/ops/policy/history": ANYONE,
  "GET /api/ops/notifications": ANYONE,
  "POST /api/ops/notifications/test": OPERATE,
  "GET /api/ops/merchants/:id/notifications": ANYONE,
  "PUT /api/ops/merchants/:id/notifications": OPERATE,
  "POST /api/ops/merchants/:id/notifications/test": OPERATE,
  "POST /api/ops/claims": OPERATE,
  "GET /api/ops/kpis": ANYONE,
  "GET /api/ops/feed": ANYONE,
} as const satisfies Record<string, readonly Role[]>;

export type OpsRoute = keyof typeof OPS_ROUTES;

export function mayUse(route: OpsRoute, roles: readonly Role[]): boolean {
  const needed: readonly Role[] = OPS_ROUTES[route];
  return needed.some((role) => roles.includes(role));
}
