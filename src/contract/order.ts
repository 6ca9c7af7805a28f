/**
 * An order to one plugin about an attempt of its own, given by another object or by a person's emergency action: cancel what
 * waits, or take back what was applied. The same order again changes nothing more: whoever gives it may repeat it freely.
 */
import { z } from "zod";
import { AttemptId } from "./ids.ts";

/** `cancel`: only what is not in the shop's hands yet. `revert`: that too, and what is being applied or was applied. */
export const PluginOrder = z.object({
  kind: z.enum(["cancel", "revert"]),
  /** Without it: the attempt under way, or else the success still in place. */
  attempt_id: AttemptId.optional(),
  reason: z.string().min(1).max(500),
  /** Who answers for it: a person's id, or the name of what decided (`vigie`). */
  by: z.string().min(1).max(200),
  cause: z.enum(["canary", "person", "emergency"]),
  /** Says what would happen, and changes nothing. */
  dry_run: z.boolean().optional(),
});
export type PluginOrder = z.infer<typeof PluginOrder>;

/**
 * What was done, or with `dry_run` would be. `cancel`: an attempt ends before the shop is told. `roll_back`: an attempt under
 * way goes back. `revert`: a new attempt takes a success back. `nothing`: it is over, taken back already, or another's turn.
 */
export const OrderReply = z.object({
  would: z.enum(["cancel", "roll_back", "revert", "nothing"]),
  /** The attempt that ends or goes back; for `revert` the new one (null in a dry run). */
  attempt_id: AttemptId.nullable(),
  /** For people, in a sentence. */
  text: z.string().max(500),
});
export type OrderReply = z.infer<typeof OrderReply>;
