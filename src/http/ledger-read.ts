/** Reads of Postgres: the lists and histories that people look at. */

import { connect, type Db } from "../postgres/connection.ts";
import { classifyPgError } from "../postgres/pg-error.ts";
import type { AppContext } from "./app-env.ts";
import type { HttpResult } from "./error-response.ts";

const RETRY_AFTER_S = 5;

/** The read's value; 503 while Postgres is away, which stops no heartbeat and no healing. A refused query is a fault. */
export async function readLedger<T>(c: AppContext, read: (db: Db) => Promise<T>): Promise<HttpResult<T>> {
  try {
    return { ok: true, value: await read(connect(c.env)) };
  } catch (error) {
    const failure = classifyPgError(error);
    if (failure.kind === "rejected") throw error;
    c.var.facts.error = `postgres: ${failure.code ?? "no answer"}: ${failure.message}`;
    const message = "the records cannot be read at the moment; healing goes on without them";
    return { ok: false, refusal: { reason: "unavailable", message, retry_after_s: RETRY_AFTER_S } };
  }
}
