/** Storms and cohorts as the ops API shows them. */
import { eq } from "drizzle-orm";
import {
  FleetIncident,
  type FleetIncidentPage,
  type FleetIncidentQuery,
} from "../contract/fleet-incident.ts";
import type { Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { readPage } from "./page.ts";
import { fleetIncidents } from "./schema.ts";

const FLEET_INCIDENTS = {
  name: "fleet-incidents",
  table: fleetIncidents,
  at: fleetIncidents.opened_at,
  item: FleetIncident,
};

/** A page of fleet incidents, newest first. Refuses a foreign cursor as `invalid`. */
export function listFleetIncidents(db: Db, query: FleetIncidentQuery): Promise<Result<FleetIncidentPage>> {
  return readPage(db, FLEET_INCIDENTS, query, [
    query.status ? eq(fleetIncidents.status, query.status) : undefined,
  ]);
}

/** Null when there is none by that id. */
export async function fleetIncidentById(db: Db, id: string): Promise<FleetIncident | null> {
  const [row] = await db.select().from(fleetIncidents).where(eq(fleetIncidents.id, id));
  return row ? FleetIncident.parse(row) : null;
}
