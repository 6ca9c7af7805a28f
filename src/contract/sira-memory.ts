/** What a decision service is told besides finished attempts: people's votes; and how its memory is built anew from the records. */
import { z } from "zod";
import { IncidentId, Instant, PluginId, ProductName, Why } from "./ids.ts";
import { VOTES } from "./incident.ts";

/** `POST /api/sira/votes`: what a person thinks of an incident. The highest revision of an incident and person counts. */
export const VoteRequest = z.object({
  incident_id: IncidentId,
  plugin_id: PluginId,
  product: ProductName,
  signature: z.string().max(200),
  person: z.string().min(1).max(200),
  revision: z.number().int().positive().max(1e9),
  vote: z.enum(VOTES),
  at: Instant,
});
export type VoteRequest = z.infer<typeof VoteRequest>;

/** `POST /api/ops/sira/:product/rebuild`. */
export const RebuildRequest = z.strictObject({
  /** Reads and counts everything, and leaves what is known as it is. */
  dry_run: z.boolean().default(false),
  reason: Why,
});
export type RebuildRequest = z.infer<typeof RebuildRequest>;

const Count = z.number().int().nonnegative();
export const RebuildReply = z.object({
  dry_run: z.boolean(),
  /** Finished attempts and votes on record. */
  attempts: Count,
  votes: Count,
  /** What the records change: attempts that were not known, that were known otherwise, and that are not on record. */
  added: Count,
  corrected: Count,
  dropped: Count,
  /** Not on record yet, but so recent that they are kept: their rows may still be on the way. */
  kept: Count,
});
export type RebuildReply = z.infer<typeof RebuildReply>;
