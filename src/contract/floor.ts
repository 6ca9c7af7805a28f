/** The oldest version of a product that shops may be given. */
import { z } from "zod";
import { ProductName, Version, Why } from "./ids.ts";
import { Standing } from "./release.ts";

/** `PUT /api/ops/releases/:product/floor`: no rollback or patch to a version below; null for none. */
export const FloorRequest = z.strictObject({
  version: Version.nullable(),
  reason: Why,
  /** Only say what it would shut out. */
  dry_run: z.boolean().optional(),
  /** It is meant to bar every patch and rollback: without it a floor above every active release is refused. */
  bars_all: z.boolean().optional(),
});
export type FloorRequest = z.infer<typeof FloorRequest>;
export const Floor = z.object({
  product: ProductName,
  version: Version.nullable(),
  standing: Standing.nullable(),
});
export type Floor = z.infer<typeof Floor>;
/** What a floor does to the releases that shops may be given, newest first. */
export const FloorReach = z.object({
  /** Below it: given to nobody while it stands. */
  shut: z.array(Version),
  left: z.array(Version),
  /** What whoever decides should know. */
  notes: z.array(z.string().max(400)),
});
export type FloorReach = z.infer<typeof FloorReach>;
/** The floor in force, after a dry run still the former one; and the reach of the one that was asked for. */
export const FloorReply = Floor.extend({ dry_run: z.boolean(), ...FloorReach.shape });
export type FloorReply = z.infer<typeof FloorReply>;
