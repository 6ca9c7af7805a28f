/** One outbound JSON call with bounds on everything a peer could abuse: time, size, redirects, shape. Never throws. */
import type { z } from "zod";
import { withDeadline } from "../deadline.ts";
import { readBody } from "./bounded-body.ts";

export type CallFailure = {
  ok: false;
  reason: "timeout" | "network" | "status" | "too_large" | "invalid";
  /** For people and logs; holds no secret. */
  detail: string;
  /** Of the answer, when there was one. */
  status?: number;
  /** The same call, later, may succeed. */
  retryable: boolean;
};
export type CallResult<T> = { ok: true; status: number; value: T } | CallFailure;

export interface JsonCall<T> {
  url: string;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  /** Sent as it is: a signed body must not be serialised twice. */
  body?: string;
  /** Covers connecting, sending, waiting and reading. */
  timeoutMs: number;
  maxBytes: number;
  /** The door: what the answer must be. */
  reply: z.ZodType<T>;
}

/** Without credentials in the URL's place of a secret header: the URL is logged, headers are not. */
export async function callJson<T>(
  call: JsonCall<T>,
  fetchPort: typeof fetch = fetch,
): Promise<CallResult<T>> {
  return withDeadline(call.timeoutMs, (signal) => callWithin(call, fetchPort, signal));
}

async function callWithin<T>(
  call: JsonCall<T>,
  fetchPort: typeof fetch,
  signal: AbortSignal,
): Promise<CallResult<T>> {
  try {
    const response = await fetchPort(call.url, {
      method: call.method ?? "POST",
      headers: { accept: "application/json", "content-type": "application/json", ...call.headers },
      // A redirect would carry the bearer token to a host that nobody configured.
      redirect: "manual",
      signal,
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    if (!response.ok) {
      await response.body?.cancel().catch(() => undefined);
      return statusFailure(response.status);
    }
    const read = await readBody(response.body, call.maxBytes, response.headers.get("content-length"));
    if (!read.ok)
      return failure("too_large", `the answer is longer than ${call.maxBytes} bytes`, response.status);
    return parse(read.bytes, call.reply, response.status);
  } catch (error) {
    if (signal.aborted) return failure("timeout", `no answer within ${call.timeoutMs} ms`);
    return failure("network", error instanceof Error ? error.message : String(error));
  }
}

function parse<T>(bytes: Uint8Array, schema: z.ZodType<T>, status: number): CallResult<T> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return failure("invalid", "the answer is not JSON", status);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, status, value: parsed.data };
  const issue = parsed.error.issues[0];
  return failure(
    "invalid",
    `the answer is wrong at "${issue?.path.join(".") ?? ""}": ${issue?.message}`,
    status,
  );
}

/** Temporary by RFC 9110: the server's own trouble, a conflict of timing, or "too many". */
function statusFailure(status: number): CallFailure {
  const retryable = status >= 500 || status === 408 || status === 425 || status === 429;
  return { ok: false, reason: "status", detail: `answered ${status}`, status, retryable };
}

function failure(
  reason: Exclude<CallFailure["reason"], "status">,
  detail: string,
  status?: number,
): CallFailure {
  const retryable = reason === "timeout" || reason === "network";
  return {
    ok: false,
    reason,
    detail: detail.slice(0, 200),
    retryable,
    ...(status === undefined ? {} : { status }),
  };
}
