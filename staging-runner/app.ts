/** HTTP of the staging runner: authenticate, validate, admit, answer. */
import { createHash } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ErrorBody } from "../src/contract/error.ts";
import { type SmokeReply, SmokeRequest } from "../src/contract/staging.ts";
import { isAuthorized } from "./bearer.ts";
import { MAX_REQUEST_BYTES, RETRY_AFTER_S } from "./limits.ts";
import type { SmokeQueue } from "./smoke-queue.ts";

export interface AppOptions {
  token: string;
  queue: SmokeQueue<SmokeReply>;
  smoke: (request: SmokeRequest) => Promise<SmokeReply>;
  /** True once the runner is ending: what it then finds about a release is not to be believed. */
  isStopping: () => boolean;
  log: (event: Record<string, unknown>) => void;
}

export function createApp({ token, queue, smoke, isStopping, log }: AppOptions): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.json({ status: "ok", running: queue.running(), waiting: queue.waiting() }));

  app.use("/api/*", async (c, next) => {
    if (isAuthorized(c.req.header("authorization"), token)) return next();
    return c.json(errorBody("unauthorized", "not authorized"), 401);
  });
  app.post(
    "/api/staging/smoke",
    bodyLimit({
      maxSize: MAX_REQUEST_BYTES,
      onError: (c) => c.json(errorBody("payload_too_large", `at most ${MAX_REQUEST_BYTES} bytes`), 413),
    }),
    async (c) => {
      if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
        return c.json(errorBody("unsupported_media_type", "send application/json"), 415);
      }
      const body: unknown = await c.req.json().catch(() => undefined);
      const request = SmokeRequest.safeParse(body);
      if (!request.success) {
        const [issue] = request.error.issues;
        return c.json(errorBody("invalid", issue?.message ?? "not JSON", issue?.path.join(".")), 400);
      }
      const answer = queue.submit(keyOf(request.data), () => smoke(request.data), isFinal);
      if (answer === null || isStopping()) return c.json(...busy());
      const reply = await answer;
      if (isStopping()) return c.json(...busy());
      log(eventOf(reply));
      return c.json(reply);
    },
  );
  app.notFound((c) => c.json(errorBody("not_found", "no such route"), 404));
  app.onError((error, c) => {
    log({ event: "error", error: String(error.stack ?? error) });
    return c.json(errorBody("internal", "the runner failed"), 500);
  });
  return app;
}

/** Same attempt, same release, same everything: the same test. */
function keyOf(request: SmokeRequest): string {
  return createHash("sha256").update(JSON.stringify(request)).digest("hex");
}

/** A failed download may be the network's fault; every later check is about the release itself. */
function isFinal(reply: SmokeReply): boolean {
  return reply.checks.some((check) => check.name === "digest");
}

function busy() {
  const headers = { "retry-after": String(RETRY_AFTER_S) };
  return [errorBody("unavailable", "too many smoke tests at once"), 503, headers] as const;
}

function errorBody(code: ErrorBody["error"]["code"], message: string, field?: string): ErrorBody {
  const error = { code, message, request_id: crypto.randomUUID() };
  return { error: field ? { ...error, field } : error };
}

function eventOf({ attempt_id, ok, total_ms, checks }: SmokeReply): Record<string, unknown> {
  const failed = checks.find((check) => !check.ok);
  const outcome = { event: "smoke", attempt_id, ok, total_ms };
  return failed ? { ...outcome, check: failed.name, reason: failed.reason } : outcome;
}
