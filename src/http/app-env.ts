/** What a request carries through the app. */
import type { Context } from "hono";
import type { Person } from "../contract/ops.ts";
import type { Env } from "../env.ts";

/** Facts for the request's one log line: ids and outcomes, never a secret, a token, a claim code or a body. */
export interface LogFacts {
  plugin_id?: string;
  person?: string;
  /** Reason of the refusal, or of the fault. */
  reason?: string;
  /** Of a fault only: for the log, never for the answer. */
  error?: string;
  /** The reply's commands were stripped because their lease had run out. */
  commands_dropped?: boolean;
}

export interface Variables {
  requestId: string;
  facts: LogFacts;
  /** Set by the ops guard. */
  person: Person;
}

export interface AppEnv {
  Bindings: Env;
  Variables: Variables;
}
export type AppContext = Context<AppEnv>;
