/** Taking a release, or a remedy, back where it was applied. */
import { z } from "zod";
import { AttemptId, Instant, Why } from "./ids.ts";

/** `waiting`: its turn comes. `ordered`: the shop's object was told, or is being told. `stopped`: a person resumed before it was told. */
export const REVERT_STATUSES = [
  "waiting",
  "ordered",
  "reverted",
  "nothing",
  "refused",
  "failed",
  "unconfirmed",
  "stopped",
] as const;
export const RevertItem = z.object({
  attempt_id: z.string().max(64),
  plugin_id: z.string().max(64),
  /** When the attempt to be taken back had finished; null while it is under way. */
  applied_at: Instant.nullable(),
  status: z.enum(REVERT_STATUSES),
  text: z.string().max(500),
  at: Instant.nullable(),
});
export type RevertItem = z.infer<typeof RevertItem>;

export const RevertRun = z.object({
  state: z.enum(["running", "stopped", "done"]),
  cause: z.enum(["canary", "person"]),
  by: z.string().max(200),
  reason: z.string().max(500),
  started_at: Instant,
  ended_at: Instant.nullable(),
  /** How many shops are taken back at a time. */
  in_flight_limit: z.number().int().positive(),
  /** Why nothing leaves at present, and what to do about it; null or absent while it goes on. */
  held: z.string().max(500).nullish(),
  counts: z.record(z.enum(REVERT_STATUSES), z.number().int().nonnegative()),
  /** Newest first, at most 200. */
  items: z.array(RevertItem),
});
export type RevertRun = z.infer<typeof RevertRun>;

/** `POST …/revert`: take it back wherever it was applied, newest first. It is halted first. */
export const RevertRequest = z.strictObject({ reason: Why, dry_run: z.boolean().default(false) });
export type RevertRequest = z.infer<typeof RevertRequest>;
export const RevertReply = z.object({
  dry_run: z.boolean(),
  /** It is being handed out: reverting halts it. */
  halts: z.boolean(),
  /** Shops to be taken back, as far as is on record here: none of them is asked before its turn. */
  shops: z.number().int().nonnegative(),
  run: RevertRun,
  /** What whoever decides should know. */
  notes: z.array(z.string().max(400)).optional(),
});
export type RevertReply = z.infer<typeof RevertReply>;

/** A taking-back as reported by the shop's object. */
export const RevertReport = z.object({
  version: z.string().max(64),
  /** The attempt that was taken back. */
  attempt_id: AttemptId,
  outcome: z.enum(["success", "rolled_back", "failed", "inconclusive", "cancelled"]),
});
export type RevertReport = z.infer<typeof RevertReport>;
