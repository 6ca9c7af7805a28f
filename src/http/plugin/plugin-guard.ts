/**
 * What the edge can tell of a plugin's request without waking its object: size, flood, headers, genuineness of the id,
 * freshness. The signature is verified by the object, which alone holds the credential.
 */
import {
  HEADER_ID,
  HEADER_PLUGIN,
  HEADER_SIGNATURE,
  HEADER_TIMESTAMP,
  TIMESTAMP_TOLERANCE_S,
} from "../../contract/envelope.ts";
import { CommandId, PluginId, pluginIdOf } from "../../contract/ids.ts";
import type { PluginRequest, PluginRoute } from "../../contract/rpc/plugin.ts";
import { isGenuinePluginId } from "../../crypto/plugin-id.ts";
import { isFresh } from "../../crypto/webhook-signature.ts";
import { pluginIdKey } from "../../settings.ts";
import type { AppContext } from "../app-env.ts";
import type { HttpRefusal, HttpResult } from "../error-response.ts";
import { floodRefusal } from "../flood-limit.ts";
import { isJson, readBytes } from "../read-request.ts";

/** Longer than any library sends; the object hashes and keeps what we let through. */
const MAX_ID = 256;
const MAX_SIGNATURE = 2048;

const UNAUTHORIZED: HttpRefusal = { reason: "unauthorized" };
const refused = (refusal: HttpRefusal) => ({ ok: false, refusal }) as const;

/**
 * The request for the plugin's object, or the refusal, in the documented order: size, flood, media type, headers, plugin
 * id, timestamp, and for ack and fail whether the path's command can be this plugin's at all.
 */
export async function admitPluginRequest(
  c: AppContext,
  route: PluginRoute,
): Promise<HttpResult<PluginRequest>> {
  const body = await readBytes(c);
  if (!body.ok) return body;

  const pluginId = c.req.header(HEADER_PLUGIN) ?? "";
  const wellFormed = PluginId.safeParse(pluginId).success;
  const flood = await floodRefusal(c, wellFormed ? pluginId : "malformed");
  if (flood) return refused(flood);
  if (!isJson(c)) return refused({ reason: "unsupported_media_type" });

  const headers = {
    id: c.req.header(HEADER_ID) ?? "",
    timestamp: c.req.header(HEADER_TIMESTAMP) ?? "",
    signature: c.req.header(HEADER_SIGNATURE) ?? "",
  };
  if (headers.id === "" || headers.id.length > MAX_ID) return refused(UNAUTHORIZED);
  if (headers.signature === "" || headers.signature.length > MAX_SIGNATURE) return refused(UNAUTHORIZED);
  if (!(await isGenuinePluginId(pluginIdKey(c.env), pluginId))) return refused(UNAUTHORIZED);
  c.var.facts.plugin_id = pluginId;
  if (!isFresh(headers.timestamp, Date.now(), TIMESTAMP_TOLERANCE_S)) return refused(UNAUTHORIZED);

  const request: PluginRequest = { route, plugin_id: pluginId, headers, body: body.value };
  if (route === "heartbeat") return { ok: true, value: request };
  const commandId = c.req.param("id") ?? "";
  if (!CommandId.safeParse(commandId).success || pluginIdOf(commandId) !== pluginId) {
    return refused({ reason: "not_found", message: "no such command" });
  }
  return { ok: true, value: { ...request, command_id: commandId } };
}
