/**
 * The built-in decision service behind the same routes as a remote one, for whoever is given the token. Without a token there are
 * no such routes.
 */
import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { siraOf } from "../../durable-objects/stubs.ts";
import { DecideRequest, FeedbackRequest } from "../contract/decision.ts";
import { VoteRequest } from "../contract/sira-memory.ts";
import { tokenMatches } from "../crypto/constant-time.ts";
import type { AppEnv } from "./app-env.ts";
import { refusalResponse } from "./error-response.ts";
import { readJson } from "./read-request.ts";

/**
 * Another secret than `SIRA_API_TOKEN`, which the remote service is shown with every question: whoever runs or logs that one must
 * not be able to teach the service that stands in for it. Compared in constant time.
 */
const authenticated = createMiddleware<AppEnv>(async (c: Context<AppEnv>, next) => {
  if (!c.env.SIRA_INBOUND_TOKEN) return c.notFound();
  const token = /^Bearer ([^\s]+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
  if (await tokenMatches(token, c.env.SIRA_INBOUND_TOKEN)) return next();
  c.header("www-authenticate", 'Bearer realm="vigie"');
  return refusalResponse(c, { reason: "unauthorized" });
});

export const siraRoutes = new Hono<AppEnv>()
  .post("/decide", authenticated, async (c) => {
    const input = await readJson(c, DecideRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return c.json(await siraOf(c.env, input.value.plugin.product).decide(input.value));
  })
  .post("/votes", authenticated, async (c) => {
    const input = await readJson(c, VoteRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return c.json(await siraOf(c.env, input.value.product).vote(input.value));
  })
  .post("/feedback", authenticated, async (c) => {
    const input = await readJson(c, FeedbackRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    return c.json(await siraOf(c.env, input.value.product).learn(input.value));
  });
