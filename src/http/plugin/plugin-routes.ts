/** Heartbeat, acknowledgement and failure: one RPC to the plugin's own object each. */
import { Hono } from "hono";
import { pluginOf } from "../../../durable-objects/stubs.ts";
import type { PluginAnswer, PluginRequest, PluginRoute } from "../../contract/rpc/plugin.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpResult, refusalResponse } from "../error-response.ts";
import { admitPluginRequest } from "./plugin-guard.ts";

/** Longer than a deployment moves an object, shorter than a missed-heartbeat deadline. */
const RETRY_AFTER_S = 10;

export const pluginRoutes = new Hono<AppEnv>()
  .post("/heartbeat", (c) => receive(c, "heartbeat"))
  .post("/commands/:id/ack", (c) => receive(c, "command.ack"))
  .post("/commands/:id/fail", (c) => receive(c, "command.fail"));

async function receive(c: AppContext, route: PluginRoute): Promise<Response> {
  const admitted = await admitPluginRequest(c, route);
  if (!admitted.ok) return refusalResponse(c, admitted.refusal);
  const answer = await ask(c, admitted.value);
  if (!answer.ok) return refusalResponse(c, answer.refusal);
  return c.json(beforeLeaseEnds(c, answer.value));
}

/** A beat is never answered by 500: whatever ails its object, the client must keep its counters and come again. */
async function ask(c: AppContext, request: PluginRequest): Promise<HttpResult<AnswerValue>> {
  try {
    return await pluginOf(c.env, request.plugin_id).receive(request);
  } catch (error) {
    c.var.facts.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = "the plugin's record is busy; send the same request again";
    return { ok: false, refusal: { reason: "unavailable", message, retry_after_s: RETRY_AFTER_S } };
  }
}

type AnswerValue = Extract<PluginAnswer, { ok: true }>["value"];

/**
 * Drops commands whose lease has run out on the way from the object. The kill switch waits for leases, not for replies:
 * a reply held up here, beyond its lease, would hand over a command after the switch has answered. The plugin's object
 * still holds the command and hands it over on a later beat, if the policy then allows it.
 */
function beforeLeaseEnds(c: AppContext, { reply, commands_valid_until }: AnswerValue): AnswerValue["reply"] {
  // The clock of a Worker stands still between I/O; the RPC just now has moved it.
  if (commands_valid_until === null || Date.now() <= commands_valid_until) return reply;
  if (!("commands" in reply)) return reply;
  c.var.facts.commands_dropped = true;
  return { ...reply, commands: [] };
}
