import { z } from "zod";
import { AttemptId, CommandId, Instant, PluginId } from "./ids.ts";

/** A command as the ledger keeps it. */
export const AgentCommand = z.object({
  id: CommandId,
  revision: z.number().int().positive(),
  plugin_id: PluginId,
  attempt_id: AttemptId.nullable(),
  number: z.number().int().positive(),
  type: z.enum(["update", "rollback", "config", "probe"]),
  status: z.enum(["queued", "handed_over", "acknowledged", "failed", "expired", "cancelled", "superseded"]),
  payload: z.record(z.string(), z.unknown()),
  policy_revision: z.number().int().nonnegative().nullable(),
  tries: z.number().int().nonnegative(),
  created_at: Instant,
  handed_over_at: Instant.nullable(),
  finished_at: Instant.nullable(),
  expires_at: Instant,
  error: z.string().max(1000).nullable(),
});

export type AgentCommand = z.infer<typeof AgentCommand>;
