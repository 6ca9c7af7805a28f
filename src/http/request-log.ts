/** One wide structured line per request, and the request's id. */
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { toBase64Url } from "../crypto/encoding.ts";
import type { AppContext, AppEnv } from "./app-env.ts";

/** Healthy requests are many and alike; the rate is in the line, so that counts can be scaled up again. */
const HEALTHY_SAMPLE = 0.05;

export const requestLog = createMiddleware<AppEnv>(async (c, next) => {
  const started = Date.now();
  c.set("requestId", `req_${toBase64Url(crypto.getRandomValues(new Uint8Array(12)))}`);
  c.set("facts", {});
  await next();
  // The answer to an upgrade owns its socket and must not be rebuilt.
  if (c.res.status !== 101) c.header("x-request-id", c.var.requestId);
  write(c, Date.now() - started);
});

function write(c: AppContext, durationMs: number): void {
  const { status } = c.res;
  const sample = sampleRate(status, c.env.LOG_LEVEL);
  if (sample === 0 || Math.random() >= sample) return;
  const line = JSON.stringify({
    event: "request",
    outcome: outcomeOf(status),
    method: c.req.method,
    // The pattern, not the path: a path may carry what a stranger typed.
    route: matchedRoutes(c).findLast(({ path }) => !path.includes("*"))?.path ?? "*",
    status,
    duration_ms: durationMs,
    request_id: c.var.requestId,
    ...c.var.facts,
    ...(sample < 1 ? { sample } : {}),
  });
  if (status >= 500) console.error(line);
  else console.log(line);
}

export function outcomeOf(status: number): "ok" | "refused" | "unavailable" | "error" {
  if (status < 400) return "ok";
  if (status < 500) return "refused";
  return status === 503 ? "unavailable" : "error";
}

/** The share of requests with this status that is logged. Level: debug | info | warn | error | silent; info when unset. */
export function sampleRate(status: number, level = "info"): number {
  if (level === "silent") return 0;
  if (status >= 500 || level === "debug") return 1;
  if (level === "error") return 0;
  // A flood must not become a flood of lines.
  if (status >= 400) return status === 429 ? HEALTHY_SAMPLE : 1;
  return level === "warn" ? 0 : HEALTHY_SAMPLE;
}
