/** Storms and cohorts as the ops API shows them. */
import { and, desc, eq } from "drizzle-orm";
import {
  FleetIncident,
  type FleetIncidentPage,
  type FleetIncidentQuery,
} from "../contract/fleet-incident.ts";
import { ok, type Result } from "../contract/refusal.ts";
import type { Db } from "./connection.ts";
import { after, pageOf, readCursor } from "./cursor.ts";
import { fleetIncidents } from "./schema.ts";

/** A page of fleet incidents, newest first. Refuses a foreign cursor as `invalid`. */
export async function listFleetIncidents(
  db: Db,
  query: FleetIncidentQuery,
): Promise<Result<FleetIncidentPage>> {
  const cursor = readCursor("fleet-incidents", query.cursor);
  if (!cursor.ok) return cursor;
  const rows = await db
    .select()
    .from(fleetIncidents)
    .where(
      and(
        query.status ? eq(fleetIncidents.status, query.status) : undefined,
        after(fleetIncidents.opened_at, fleetIncidents.id, cursor.value),
      ),
    )
    .orderBy(desc(fleetIncidents.opened_at), desc(fleetIncidents.id))
    .limit(query.limit + 1);
  return ok(
    pageOf(
      rows,
      query.limit,
      "fleet-incidents",
      (row) => row.opened_at,
      (row) => FleetIncident.parse(row),
    ),
  );
}

/** Null when there is none by that id. */
export async function fleetIncidentById(db: Db, id: string): Promise<FleetIncident | null> {
  const [row] = await db.select().from(fleetIncidents).where(eq(fleetIncidents.id, id));
  return row ? FleetIncident.parse(row) : null;
}
