/** Calls of the ops API as one of the local people. */
import type { PersonId } from "../people.ts";

export interface ApiInit {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  json?: unknown;
  /** Who calls; `dev:ada` (every role) when absent. */
  as?: PersonId;
}
export type Api = (path: string, init?: ApiInit) => Promise<Response>;

/** @param token gives the login of a person */
export function createApi(url: string, token: (person?: PersonId) => Promise<string>): Api {
  return async (path, init = {}) =>
    fetch(new URL(path, url), {
      method: init.method ?? (init.json === undefined ? "GET" : "POST"),
      headers: {
        authorization: `Bearer ${await token(init.as)}`,
        ...(init.json === undefined ? {} : { "content-type": "application/json", origin: url }),
      },
      ...(init.json === undefined ? {} : { body: JSON.stringify(init.json) }),
    });
}
