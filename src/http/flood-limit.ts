/** The flood limit in front of doors that strangers can knock at. */
import type { AppContext } from "./app-env.ts";
import type { HttpRefusal } from "./error-response.ts";

/** The binding counts per minute. */
const RETRY_AFTER_S = 30;

/**
 * Null when the request may go on. `who` is joined with the caller's address: otherwise anybody could use up the limit
 * of a plugin whose id he knows.
 */
export async function floodRefusal(c: AppContext, who: string): Promise<HttpRefusal | null> {
  const address = c.req.header("cf-connecting-ip") ?? "local";
  const { success } = await c.env.FLOOD.limit({ key: `${who}|${address}` });
  return success ? null : { reason: "too_many_requests", retry_after_s: RETRY_AFTER_S };
}
