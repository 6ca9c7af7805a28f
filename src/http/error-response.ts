/**
 * The one file that turns refusals and exceptions into HTTP. Vague where detail would help an attacker: every
 * authentication failure has the same body, and a fault says nothing of itself.
 */
import type { ErrorBody } from "../contract/error.ts";
import type { Refusal } from "../contract/refusal.ts";
import type { AppContext } from "./app-env.ts";

/** Refusals of the domain, and those that only a request can earn. */
export type HttpRefusal =
  | Refusal
  | { reason: "payload_too_large"; max_bytes: number }
  | { reason: "unsupported_media_type" }
  | { reason: "too_many_requests"; retry_after_s: number };

export type HttpResult<T> = { ok: true; value: T } | { ok: false; refusal: HttpRefusal };

interface Answer {
  status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 503;
  error: Omit<ErrorBody["error"], "request_id">;
  retryAfterS?: number;
}

/** Ends the request with the refusal's status and body, and notes the reason for the log. */
export function refusalResponse(c: AppContext, refusal: HttpRefusal): Response {
  c.var.facts.reason = refusal.reason;
  return respond(c, answerTo(refusal));
}

/** Ends the request after an exception. The exception goes to the log only. */
export function faultResponse(c: AppContext, error: unknown): Response {
  c.var.facts.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (isTemporary(error)) {
    return refusalResponse(c, {
      reason: "unavailable",
      message: "temporarily overloaded; try again",
      retry_after_s: 5,
    });
  }
  c.var.facts.reason = "internal";
  return respond(c, {
    status: 500,
    error: { code: "internal", message: "something went wrong on our side" },
  });
}

/** The value as JSON, or the refusal. */
export function resultResponse<T>(c: AppContext, result: HttpResult<T>, status: 200 | 201 = 200): Response {
  return result.ok ? c.json(result.value as object, status) : refusalResponse(c, result.refusal);
}

function answerTo(refusal: HttpRefusal): Answer {
  switch (refusal.reason) {
    case "unauthorized":
      return { status: 401, error: { code: "unauthorized", message: "authentication failed" } };
    case "forbidden":
      return { status: 403, error: { code: "forbidden", message: refusal.message } };
    case "invalid": {
      const field = refusal.field === undefined ? {} : { field: refusal.field };
      return { status: 400, error: { code: "invalid", message: refusal.message, ...field } };
    }
    case "not_found":
      return { status: 404, error: { code: "not_found", message: refusal.message } };
    case "conflict":
      return { status: 409, error: { code: "conflict", message: refusal.message } };
    case "stale_seq": {
      const message = "seq must be above last_seq";
      return { status: 409, error: { code: "stale_seq", message, last_seq: refusal.last_seq } };
    }
    case "stale_revision": {
      const message = "somebody else has changed it: read it again";
      return { status: 409, error: { code: "stale_revision", message, revision: refusal.revision } };
    }
    case "payload_too_large": {
      const message = `the body is longer than ${refusal.max_bytes} bytes`;
      return { status: 413, error: { code: "payload_too_large", message } };
    }
    case "unsupported_media_type": {
      const message = "content-type must be application/json";
      return { status: 415, error: { code: "unsupported_media_type", message } };
    }
    case "too_many_requests": {
      const error = { code: "too_many_requests", message: "too many requests" } as const;
      return { status: 429, error, retryAfterS: refusal.retry_after_s };
    }
    case "unavailable": {
      const error = { code: "unavailable", message: refusal.message } as const;
      return { status: 503, error, retryAfterS: refusal.retry_after_s };
    }
    default:
      return refusal satisfies never;
  }
}

function respond(c: AppContext, answer: Answer): Response {
  if (answer.retryAfterS !== undefined) {
    c.header("retry-after", String(Math.max(1, Math.ceil(answer.retryAfterS))));
  }
  const body: ErrorBody = { error: { ...answer.error, request_id: c.var.requestId } };
  return c.json(body, answer.status);
}

/** What the platform marks on exceptions from an object that is overloaded, moving, or being deployed. */
function isTemporary(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ("overloaded" in error && error.overloaded === true) || ("retryable" in error && error.retryable === true)
  );
}
