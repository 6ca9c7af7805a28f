/**
 * A client in a page beats from the shop's own origin. Any origin may: the signature is the proof, and there is no cookie
 * or other ambient right that a foreign page could borrow.
 */
import { cors } from "hono/cors";
import { HEADER_ID, HEADER_PLUGIN, HEADER_SIGNATURE, HEADER_TIMESTAMP } from "../../contract/envelope.ts";

export const pluginCors = cors({
  origin: "*",
  allowMethods: ["POST"],
  allowHeaders: ["content-type", HEADER_ID, HEADER_TIMESTAMP, HEADER_SIGNATURE, HEADER_PLUGIN],
  // The client corrects its clock by the date, and waits as long as it is told.
  exposeHeaders: ["date", "retry-after"],
  maxAge: 86_400,
});
