/**
 * The one file that sends requests. Every answer is parsed by the contract's schema before anybody sees it; whatever goes wrong
 * is a named failure, never a throw.
 */
import type { z } from "zod";
import { ErrorBody } from "../../../src/contract/error.ts";
import type { Role } from "../../../src/contract/ops.ts";

const TIMEOUT_MS = 20_000;

export type Failure =
  /** No answer: offline, timed out, or the server is down. */
  | { kind: "unreachable" }
  /** Nobody is signed in, or the token is not accepted any more. */
  | { kind: "unauthorized"; message: string }
  /** Signed in, but not allowed; any of the roles in `needs` would allow the request in general. */
  | { kind: "forbidden"; message: string; needs: readonly Role[] }
  | { kind: "refused"; status: number; error: ErrorBody["error"] }
  /** The answer is not what the contract says; `where` is the first field at fault. */
  | { kind: "malformed"; where: string };

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };

export interface ApiOptions {
  /** Origin of the API, without a trailing slash. */
  origin: string;
  token(): string | null;
  /** Called on every 401, before the answer is returned. */
  onUnauthorized(message: string): void;
  fetch?: typeof globalThis.fetch;
  WebSocket?: typeof globalThis.WebSocket;
}

export type Query = Record<string, string | undefined>;

/** Sends one request to a route below `/api/ops` and parses its answer. */
export type Call = <T extends z.ZodType>(
  schema: T,
  path: string,
  request?: { method?: string; body?: unknown; needs?: readonly Role[] },
) => Promise<Answer<z.output<T>>>;

/** Makes the function that the groups of routes share. */
export function createCall(options: ApiOptions): Call {
  const send = options.fetch ?? ((input, init) => fetch(input, init));
  const base = `${options.origin}/api/ops`;

  async function call<T extends z.ZodType>(
    schema: T,
    path: string,
    request: { method?: string; body?: unknown; needs?: readonly Role[] } = {},
  ): Promise<Answer<z.output<T>>> {
    let response: Response;
    let body: unknown;
    try {
      response = await send(`${base}${path}`, {
        method: request.method ?? "GET",
        headers: {
          accept: "application/json",
          ...(request.body === undefined ? {} : { "content-type": "application/json" }),
          ...bearer(),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        credentials: "omit",
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      body = await response.json().catch(() => undefined);
    } catch {
      return { ok: false, failure: { kind: "unreachable" } };
    }
    if (!response.ok) return { ok: false, failure: failureOf(response.status, body, request.needs ?? []) };
    const parsed = schema.safeParse(body);
    if (!parsed.success) {
      const where = parsed.error.issues[0]?.path.join(".") ?? "";
      return { ok: false, failure: { kind: "malformed", where: `${path}: ${where}` } };
    }
    return { ok: true, value: parsed.data };
  }

  function bearer(): Record<string, string> {
    const token = options.token();
    return token === null ? {} : { authorization: `Bearer ${token}` };
  }

  function failureOf(status: number, body: unknown, needs: readonly Role[]): Failure {
    const parsed = ErrorBody.safeParse(body);
    const error = parsed.success
      ? parsed.data.error
      : { code: "internal" as const, message: `HTTP ${status}`, request_id: "" };
    if (status === 401) {
      options.onUnauthorized(error.message);
      return { kind: "unauthorized", message: error.message };
    }
    if (status === 403) return { kind: "forbidden", message: error.message, needs };
    return { kind: "refused", status, error };
  }

  return call;
}

/** `?a=1&b=2` of the parameters that are set; empty when none is. */
export function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) params.set(name, value);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
