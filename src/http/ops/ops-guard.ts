/** The guard of every ops route: same origin and JSON for what changes something, a person, a role. */
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../app-env.ts";
import { type HttpRefusal, refusalResponse } from "../error-response.ts";
import { isJson } from "../read-request.ts";
import { personOf } from "./ops-identity.ts";
import { mayUse, type OpsRoute } from "./ops-roles.ts";

/** Admits to one route of the table whoever it lists. */
export function allow(route: OpsRoute): MiddlewareHandler<AppEnv> {
  return guard(route, bearerToken);
}

/**
 * The same for a WebSocket: browsers cannot set its headers, so the token comes as a subprotocol, and browsers open it
 * across origins without asking, so the origin is always checked.
 */
export function allowSocket(route: OpsRoute): MiddlewareHandler<AppEnv> {
  return guard(route, socketToken, { checkOrigin: true });
}

function guard(
  route: OpsRoute,
  tokenOf: (c: AppContext) => string,
  { checkOrigin = false } = {},
): MiddlewareHandler<AppEnv> {
  return createMiddleware<AppEnv>(async (c, next) => {
    const unsafe = c.req.method !== "GET" && c.req.method !== "HEAD";
    if ((unsafe || checkOrigin) && !isSameOrigin(c)) {
      return refusalResponse(c, { reason: "forbidden", message: "requests from other origins are refused" });
    }
    const person = await personOf(tokenOf(c), c.env);
    if (person === null) {
      c.header("www-authenticate", 'Bearer realm="vigie"');
      return refusalResponse(c, { reason: "unauthorized" });
    }
    c.var.facts.person = person.id;
    if (!mayUse(route, person.roles)) return refusalResponse(c, FORBIDDEN);
    if (unsafe && !isJson(c)) return refusalResponse(c, { reason: "unsupported_media_type" });
    c.set("person", person);
    await next();
  });
}

const FORBIDDEN: HttpRefusal = { reason: "forbidden", message: "your roles do not allow this" };

function bearerToken(c: AppContext): string {
  return /^Bearer ([^\s]+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
}

export const FEED_PROTOCOL = "vigie.v1";

function socketToken(c: AppContext): string {
  const protocols = (c.req.header("sec-websocket-protocol") ?? "").split(",").map((p) => p.trim());
  if (!protocols.includes(FEED_PROTOCOL)) return "";
  return protocols.find((p) => p.startsWith("bearer."))?.slice("bearer.".length) ?? "";
}

/**
 * Tokens are no cookies, so a foreign page has none to ride on; this is the second lock. Tools send neither header and
 * pass. `PUBLIC_URL` counts as our own too: a proxy in front may hide it from us.
 */
function isSameOrigin(c: AppContext): boolean {
  const origin = c.req.header("origin");
  if (origin !== undefined) {
    return origin === new URL(c.req.url).origin || origin === originOf(c.env.PUBLIC_URL);
  }
  const site = c.req.header("sec-fetch-site");
  return site === undefined || site === "same-origin" || site === "none";
}

function originOf(url: string | undefined): string | null {
  return url && URL.canParse(url) ? new URL(url).origin : null;
}
