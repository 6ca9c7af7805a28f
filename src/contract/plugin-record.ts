import { z } from "zod";
import { Instant, MerchantId, PluginId, ProductName, Version } from "./ids.ts";

/** A plugin as the ledger keeps it: refreshed on a change of status, version or incident, and at most every 15 min otherwise. */
export const PluginRecord = z.object({
  id: PluginId,
  revision: z.number().int().positive(),
  merchant_id: MerchantId,
  product: ProductName,
  version: Version,
  status: z.enum(["learning", "healthy", "degraded", "healing", "silent", "goodbye"]),
  site_url: z.string().nullable(),
  env: z.record(z.string(), z.string()),
  cadence: z.enum(["resident", "page-view"]),
  telemetry: z.record(z.string(), z.unknown()),
  open_incidents: z.number().int().nonnegative(),
  enrolled_at: Instant,
  last_seen_at: Instant.nullable(),
});

export type PluginRecord = z.infer<typeof PluginRecord>;
