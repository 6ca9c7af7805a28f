/** The door for what a request brings: size counted, type demanded, shape parsed once. */
import type { z } from "zod";
import { MAX_BODY_BYTES } from "../contract/heartbeat.ts";
import { readBody } from "../services/bounded-body.ts";
import type { AppContext } from "./app-env.ts";
import type { HttpRefusal, HttpResult } from "./error-response.ts";

/** The usual client that sends too much sends a little too much: it shall get its 413, not a reset connection. */
const DRAIN_BYTES = 64 * 1024;

/** The raw body; 413 as soon as it is longer than `maxBytes`, whatever length was declared. */
export async function readBytes(c: AppContext, maxBytes = MAX_BODY_BYTES): Promise<HttpResult<Uint8Array>> {
  const read = await readBody(c.req.raw.body, maxBytes, c.req.header("content-length") ?? null, DRAIN_BYTES);
  return read.ok
    ? { ok: true, value: read.bytes }
    : { ok: false, refusal: { reason: "payload_too_large", max_bytes: maxBytes } };
}

export function isJson(c: AppContext): boolean {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  return type === "application/json";
}

/** Body as JSON of the given shape: 415, 413, 400. */
export async function readJson<T>(
  c: AppContext,
  schema: z.ZodType<T>,
  maxBytes = MAX_BODY_BYTES,
): Promise<HttpResult<T>> {
  if (!isJson(c)) return { ok: false, refusal: { reason: "unsupported_media_type" } };
  const body = await readBytes(c, maxBytes);
  return body.ok ? parseJson(body.value, schema) : body;
}

export function parseJson<T>(bytes: Uint8Array, schema: z.ZodType<T>): HttpResult<T> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return { ok: false, refusal: { reason: "invalid", message: "the body is not JSON" } };
  }
  return parsed(schema.safeParse(json));
}

/** Query parameters; one that is repeated becomes a list. Unknown ones are ignored. */
export function readQuery<T>(c: AppContext, schema: z.ZodType<T>): HttpResult<T> {
  const query = Object.entries(c.req.queries()).map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  return parsed(schema.safeParse(Object.fromEntries(query)));
}

function parsed<T>(result: z.ZodSafeParseResult<T>): HttpResult<T> {
  return result.success ? { ok: true, value: result.data } : { ok: false, refusal: invalid(result.error) };
}

/** The first thing that is wrong, as a dotted path and a sentence. Zod's sentences do not repeat the value. */
function invalid(error: z.ZodError): HttpRefusal {
  const issue = error.issues[0];
  const field = issue?.path.join(".") ?? "";
  const message = (issue?.message ?? "not of the documented shape").slice(0, 300);
  return { reason: "invalid", message, ...(field === "" ? {} : { field: field.slice(0, 200) }) };
}
