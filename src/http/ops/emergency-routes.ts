/** Emergency actions, the guard, and restoring autonomy: all from objects, so that they work while Postgres is down. */
import { Hono } from "hono";
import { fleetOf, policyOf } from "../../../durable-objects/stubs.ts";
import {
  AbortEmergencyRequest,
  CancelPendingRequest,
  ConfirmEmergencyRequest,
  EmergencyId,
  EmergencyQuery,
  RollbackSinceRequest,
} from "../../contract/emergency.ts";
import { type Guard, RestoreAutonomyRequest } from "../../contract/guard.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpRefusal, refusalResponse, resultResponse } from "../error-response.ts";
import { readJson, readQuery } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

const NO_SUCH: HttpRefusal = { reason: "not_found", message: "no such emergency action" };

export const emergencyRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/emergency"), async (c) =>
    c.json({ items: await fleetOf(c.env).emergencies() }),
  )
  .post("/cancel-pending", allow("POST /api/ops/emergency/cancel-pending"), async (c) => {
    const input = await readJson(c, CancelPendingRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await fleetOf(c.env).cancelPending(input.value, c.var.person), 201);
  })
  .post("/rollback-since", allow("POST /api/ops/emergency/rollback-since"), async (c) => {
    const input = await readJson(c, RollbackSinceRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await fleetOf(c.env).rollbackSince(input.value, c.var.person), 201);
  })
  .get("/:id", allow("GET /api/ops/emergency/:id"), async (c) => {
    const id = EmergencyId.safeParse(c.req.param("id"));
    if (!id.success) return refusalResponse(c, NO_SUCH);
    const query = readQuery(c, EmergencyQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    return resultResponse(c, await fleetOf(c.env).emergency(id.data, query.value));
  })
  .post("/:id/confirm", allow("POST /api/ops/emergency/:id/confirm"), async (c) => {
    const id = EmergencyId.safeParse(c.req.param("id"));
    if (!id.success) return refusalResponse(c, NO_SUCH);
    const input = await readJson(c, ConfirmEmergencyRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await fleetOf(c.env).confirmEmergency(id.data, input.value, c.var.person));
  })
  .post("/:id/abort", allow("POST /api/ops/emergency/:id/abort"), async (c) => {
    const id = EmergencyId.safeParse(c.req.param("id"));
    if (!id.success) return refusalResponse(c, NO_SUCH);
    const input = await readJson(c, AbortEmergencyRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return resultResponse(c, await fleetOf(c.env).abortEmergency(id.data, input.value.reason, c.var.person));
  });

export const guardRoutes = new Hono<AppEnv>()
  .get("/guard", allow("GET /api/ops/guard"), async (c) => c.json(await guardOf(c)))
  .post("/autonomy/restore", allow("POST /api/ops/autonomy/restore"), async (c) => {
    const input = await readJson(c, RestoreAutonomyRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const restored = await fleetOf(c.env).restoreAutonomy(input.value.reason, c.var.person);
    return restored.ok ? c.json(await guardOf(c)) : refusalResponse(c, restored.refusal);
  });

async function guardOf(c: AppContext): Promise<Guard> {
  const [standing, policy] = await Promise.all([fleetOf(c.env).standing(), policyOf(c.env).read()]);
  const { kill_switch, mode, limits } = policy.document;
  return {
    ...standing,
    kill_switch,
    mode,
    policy_revision: policy.revision,
    actions_per_hour: limits.actions_per_fleet_per_hour,
  };
}
