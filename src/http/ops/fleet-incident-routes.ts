/** Storms and cohorts: reads of Postgres. What opens and closes them is the fleet's object alone. */
import { Hono } from "hono";
import { FleetIncidentId, FleetIncidentQuery } from "../../contract/fleet-incident.ts";
import { fleetIncidentById, listFleetIncidents } from "../../postgres/queries.ts";
import type { AppEnv } from "../app-env.ts";
import { type HttpRefusal, refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readQuery } from "../read-request.ts";
import { allow } from "./ops-guard.ts";

const NO_INCIDENT: HttpRefusal = { reason: "not_found", message: "no such fleet incident" };

export const fleetIncidentRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/fleet-incidents"), async (c) => {
    const query = readQuery(c, FleetIncidentQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const page = await readLedger(c, (db) => listFleetIncidents(db, query.value));
    return resultResponse(c, page.ok ? page.value : page);
  })
  .get("/:id", allow("GET /api/ops/fleet-incidents/:id"), async (c) => {
    const id = FleetIncidentId.safeParse(c.req.param("id"));
    if (!id.success) return refusalResponse(c, NO_INCIDENT);
    const found = await readLedger(c, (db) => fleetIncidentById(db, id.data));
    if (found.ok && found.value === null) return refusalResponse(c, NO_INCIDENT);
    return resultResponse(c, found);
  });
