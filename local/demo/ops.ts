/** The demo's side of the ops API: what a release manager and the people on duty would do by hand. */
import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import { ErrorBody } from "../../src/contract/error.ts";
import type { Api, ApiInit } from "../stack/ops-client.ts";

export class OpsRefusal extends Error {
  override name = "OpsRefusal";
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** One call; its answer is checked against the contract. @throws OpsRefusal */
export async function call<T>(api: Api, schema: z.ZodType<T>, path: string, init?: ApiInit): Promise<T> {
  const response = await api(path, init);
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return schema.parse(body);
  const refusal = ErrorBody.safeParse(body);
  const { code, message } = refusal.success ? refusal.data.error : { code: "internal", message: "no JSON" };
  throw new OpsRefusal(
    response.status,
    code,
    `${init?.method ?? (init?.json ? "POST" : "GET")} ${path}: ${response.status} ${code}: ${message}`,
  );
}

/** Why a wait ended without a result. */
export class GaveUp extends Error {
  override name = "GaveUp";
}

/**
 * Asks every `everyMs` until `look` finds something.
 * @throws GaveUp after `timeoutMs`, naming what was awaited; AbortError when the signal aborts
 */
export async function until<T>(
  what: string,
  options: { timeoutMs: number; everyMs?: number; signal: AbortSignal },
  look: () => Promise<T | null | undefined>,
): Promise<T> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal.throwIfAborted();
    // The Worker or Postgres may be restarting: what does not answer now is asked again.
    const found = await look().catch((error) => {
      if (error instanceof OpsRefusal && error.status < 500) throw error;
      return null;
    });
    if (found !== null && found !== undefined) return found;
    if (Date.now() > deadline)
      throw new GaveUp(`${what}: not within ${Math.round(options.timeoutMs / 1000)} s`);
    await delay(options.everyMs ?? 1000, undefined, { signal: options.signal });
  }
}
