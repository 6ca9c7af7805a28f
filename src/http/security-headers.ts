/** Headers of every answer. The policy allows the dashboard its own files and connections, and nothing inline. */
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./app-env.ts";

/** `'self'` covers WebSockets of the same origin only in CSP 3; older browsers need them spelled out. */
export function contentSecurityPolicy(host: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "img-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

const FIXED: readonly [string, string][] = [
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"],
];

/** The client's single file: any shop's page may load it, as a classic script or as a module. */
const EMBEDDABLE = /^\/heartbeat\.m?js$/;

export const securityHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  // The answer to an upgrade owns its socket and must not be rebuilt.
  if (c.res.status === 101) return;
  const url = new URL(c.req.url);
  for (const [name, value] of FIXED) c.header(name, value);
  c.header("content-security-policy", contentSecurityPolicy(url.host));
  if (EMBEDDABLE.test(url.pathname)) {
    c.header("cross-origin-resource-policy", "cross-origin");
    c.header("access-control-allow-origin", "*");
  }
  if (url.protocol === "https:") c.header("strict-transport-security", "max-age=31536000; includeSubDomains");
  if (url.pathname.startsWith("/api/") && !c.res.headers.has("cache-control")) {
    c.header("cache-control", "no-store");
  }
});
