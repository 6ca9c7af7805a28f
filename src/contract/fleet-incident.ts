/** What goes wrong across shops: a storm (heartbeats missing fleet-wide) or a cohort (one version failing in many shops). */
import { z } from "zod";
import { Instant, PluginId, ProductName, Version } from "./ids.ts";
import { Signal } from "./incident.ts";

/** Minted by the fleet's object: a number that rises. */
export const FleetIncidentId = z.string().regex(/^fli_[0-9]{1,9}$/, "not a fleet incident id");
export type FleetIncidentId = z.infer<typeof FleetIncidentId>;

export const FLEET_INCIDENT_KINDS = ["storm", "cohort"] as const;
export const FleetIncidentKind = z.enum(FLEET_INCIDENT_KINDS);
export type FleetIncidentKind = z.infer<typeof FleetIncidentKind>;

export const FLEET_INCIDENT_STATUSES = ["open", "resolved"] as const;
export const FleetIncidentStatus = z.enum(FLEET_INCIDENT_STATUSES);
export type FleetIncidentStatus = z.infer<typeof FleetIncidentStatus>;

/** A detector's finding over the fleet: as one plugin's, but of types that no single plugin has. */
export const FleetSignal = z.object({ ...Signal.shape, type: z.string().max(64) });
export type FleetSignal = z.infer<typeof FleetSignal>;

/** Plugins that a fleet incident names; `plugin_count` counts all of them. */
export const FLEET_INCIDENT_PLUGINS = 100;

export const FleetIncident = z.object({
  id: FleetIncidentId,
  revision: z.number().int().positive(),
  kind: FleetIncidentKind,
  /** At most one open incident per key. */
  key: z.string().max(200),
  status: FleetIncidentStatus,
  signal: FleetSignal,
  /** A cohort's product, and the one of `version` and `platform_version` that its shops share. */
  product: ProductName.nullable(),
  version: Version.nullable(),
  platform_version: z.string().max(64).nullable(),
  plugins: z.array(PluginId).max(FLEET_INCIDENT_PLUGINS),
  plugin_count: z.number().int().nonnegative(),
  opened_at: Instant,
  resolved_at: Instant.nullable(),
  resolution: z.string().max(500).nullable(),
});
export type FleetIncident = z.infer<typeof FleetIncident>;

/** `GET /api/ops/fleet-incidents`. */
export const FleetIncidentQuery = z.object({
  status: FleetIncidentStatus.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(300).optional(),
});
export type FleetIncidentQuery = z.infer<typeof FleetIncidentQuery>;

export const FleetIncidentPage = z.object({
  items: z.array(FleetIncident),
  next_cursor: z.string().nullable(),
});
export type FleetIncidentPage = z.infer<typeof FleetIncidentPage>;
