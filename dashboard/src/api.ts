/**
 * The one file that talks to the network. Every answer is parsed by the contract's schema before anybody sees it;
 * whatever goes wrong is a named failure, never a throw.
 */
import { z } from "zod";
import { ErrorBody } from "../../src/contract/error.ts";
import { FeedMessage } from "../../src/contract/feed.ts";
import { FleetIncidentPage } from "../../src/contract/fleet-incident.ts";
import {
  ActionReply,
  type ApproveRequest,
  AttemptPage,
  IncidentDetail,
  IncidentPage,
  Kpis,
  type ManualAction,
  Person,
  PluginDetail,
  PluginPage,
  ReleaseList,
  ReleaseRecord,
  type ReleaseStatus,
  type Role,
} from "../../src/contract/ops.ts";
import { type KillRequest, Policy, PolicyHistoryItem, type PolicyPut } from "../../src/contract/policy.ts";
import { NEEDED_ROLES } from "./view/needed-roles.ts";

const TIMEOUT_MS = 20_000;
/** A connection that is gone without a word shows only when it is asked. */
const PING_MS = 25_000;

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

const PolicyHistory = z.object({ items: z.array(PolicyHistoryItem) });

export interface FeedHandlers {
  opened(): void;
  message(message: FeedMessage): void;
  /** Called once, whether or not the feed had opened. */
  closed(): void;
}

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
export type Api = ReturnType<typeof createApi>;

/** Makes the client. Methods mirror the routes below `/api/ops`. */
export function createApi(options: ApiOptions) {
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

  return {
    me: () => call(Person, "/me"),
    incidents: (query: Query) => call(IncidentPage, `/plugin-incidents${queryString(query)}`),
    incident: (id: string) => call(IncidentDetail, `/plugin-incidents/${encodeURIComponent(id)}`),
    fleetIncidents: (query: Query) => call(FleetIncidentPage, `/fleet-incidents${queryString(query)}`),
    approve: (id: string, body: ApproveRequest) =>
      call(ActionReply, `/plugin-incidents/${encodeURIComponent(id)}/approve`, {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/plugin-incidents/:id/approve"],
      }),
    act: (id: string, body: ManualAction) =>
      call(ActionReply, `/plugin-incidents/${encodeURIComponent(id)}/manual-action`, {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/plugin-incidents/:id/manual-action"],
      }),
    attempts: (query: Query) => call(AttemptPage, `/autopatch-attempts${queryString(query)}`),
    plugins: (query: Query) => call(PluginPage, `/plugins${queryString(query)}`),
    plugin: (id: string) => call(PluginDetail, `/plugins/${encodeURIComponent(id)}`),
    releases: (query: Query) => call(ReleaseList, `/releases${queryString(query)}`),
    setReleaseStatus: (product: string, version: string, body: { status: ReleaseStatus; reason: string }) =>
      call(ReleaseRecord, `/releases/${encodeURIComponent(product)}/${encodeURIComponent(version)}/status`, {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/releases/:product/:version/status"],
      }),
    policy: () => call(Policy, "/policy"),
    putPolicy: (body: PolicyPut) =>
      call(Policy, "/policy", { method: "PUT", body, needs: NEEDED_ROLES["PUT /api/ops/policy"] }),
    kill: (body: KillRequest) =>
      call(Policy, "/policy/kill", {
        method: "POST",
        body,
        needs: NEEDED_ROLES["POST /api/ops/policy/kill"],
      }),
    policyHistory: () => call(PolicyHistory, "/policy/history"),
    kpis: (windowS: number) => call(Kpis, `/kpis?window_s=${windowS}`),

    /**
     * Opens the live feed; the returned function closes it. The token travels as a subprotocol because a browser
     * cannot set headers on a WebSocket, and a query string would end up in logs.
     */
    openFeed(handlers: FeedHandlers): () => void {
      const Socket = options.WebSocket ?? WebSocket;
      const protocols = ["vigie.v1", `bearer.${options.token() ?? ""}`];
      return watchSocket(new Socket(`${base.replace(/^http/, "ws")}/feed`, protocols), handlers);
    },
  };
}

/** Tells the handlers what the socket does, and closes a socket that has stopped to answer. */
function watchSocket(socket: WebSocket, handlers: FeedHandlers): () => void {
  let isOver = false;
  let isAnswered = true;
  const pings = setInterval(() => {
    if (!isAnswered) return end();
    if (socket.readyState !== socket.OPEN) return;
    isAnswered = false;
    socket.send("ping");
  }, PING_MS);
  function end(): void {
    if (isOver) return;
    leave();
    handlers.closed();
  }
  function leave(): void {
    isOver = true;
    clearInterval(pings);
    socket.close();
  }
  socket.addEventListener("open", () => {
    if (!isOver) handlers.opened();
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  socket.addEventListener("message", (event) => {
    isAnswered = true;
    const message = parseFeedMessage(event.data);
    if (message && !isOver) handlers.message(message);
  });
  return leave;
}

/** A feed message, or null for anything else: an unknown message is skipped, a newer server may send more kinds. */
export function parseFeedMessage(data: unknown): FeedMessage | null {
  if (typeof data !== "string") return null;
  try {
    const parsed = FeedMessage.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** `?a=1&b=2` of the parameters that are set; empty when none is. */
export function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) params.set(name, value);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
