/**
 * The built dashboard in front of a small in-memory API with the contract's shapes: enough to look at every view and
 * press every button. Answers go through the contract's schemas, so a fixture that drifts fails here.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { type WebSocket, WebSocketServer } from "ws";
import type { z } from "zod";
import type { Attempt } from "../../src/contract/attempt.ts";
import type { FeedMessage } from "../../src/contract/feed.ts";
import { type FleetIncident, FleetIncidentPage } from "../../src/contract/fleet-incident.ts";
import type { Incident } from "../../src/contract/incident.ts";
import {
  ActionReply,
  ApproveRequest,
  AttemptPage,
  IncidentDetail,
  IncidentPage,
  Kpis,
  ManualAction,
  Person,
  PluginDetail,
  PluginPage,
  ReleaseList,
  ReleaseRecord,
} from "../../src/contract/ops.ts";
import { KillRequest, Policy, PolicyPut } from "../../src/contract/policy.ts";
import { contentSecurityPolicy } from "../../src/http/security-headers.ts";
import { aFleetIncident } from "../builders/ledger.ts";
import { aFleetFixture, changeFleet, type FleetFixture, readFleet } from "./fixture-fleet.ts";
import { anEvent, aPluginDetail, aPolicy, aRelease, someKpis } from "./fixtures.ts";

/** A token the fixture accepts, and the role it stands for. */
export const TOKENS = {
  admin: "e30.eyJzdWIiOiJhbWluYSJ9.x",
  viewer: "e30.eyJzdWIiOiJ2ZXJhIn0.x",
} as const;

export interface FixtureState {
  incidents: Incident[];
  attempts: Attempt[];
  fleetIncidents: FleetIncident[];
  policy: Policy;
  fleet: FleetFixture;
  /** Requests that changed something, in order. */
  received: { path: string; body: unknown }[];
}

export interface FixtureServer {
  origin: string;
  state: FixtureState;
  /** Announces a change to every open dashboard. */
  announce(message: FeedMessage): void;
  /** Ends every live connection, as a restart of the API would. */
  dropFeed(): void;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The very policy of the Worker, so that a page which breaks it is found here. */
function pageHeaders(host: string): Record<string, string> {
  return { "content-security-policy": contentSecurityPolicy(host), "x-content-type-options": "nosniff" };
}

/** Serves `dist` (a built dashboard) on a free port of 127.0.0.1. */
export async function startFixtureServer(
  dist: string,
  start: Pick<FixtureState, "incidents" | "attempts">,
): Promise<FixtureServer> {
  const state: FixtureState = {
    ...start,
    fleetIncidents: [aFleetIncident()],
    policy: aPolicy(),
    fleet: aFleetFixture(Date.now()),
    received: [],
  };
  const feed = new WebSocketServer({ noServer: true, handleProtocols: () => "vigie.v1" });
  const sockets = new Set<WebSocket>();

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const work = url.pathname.startsWith("/api/")
      ? answerApi(request, response, url, state)
      : answerFile(response, dist, url.pathname, pageHeaders(request.headers.host ?? url.host));
    work.catch((error) => {
      response.writeHead(500).end(String(error));
    });
  });
  server.on("upgrade", (request, socket, head) => {
    const protocols = request.headers["sec-websocket-protocol"] ?? "";
    const isKnown = Object.values(TOKENS).some((token) => protocols.includes(`bearer.${token}`));
    if (request.url !== "/api/ops/feed" || !isKnown) return socket.destroy();
    feed.handleUpgrade(request, socket, head, (client) => {
      sockets.add(client);
      client.on("close", () => sockets.delete(client));
      client.on("message", () => client.send("pong"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server always has an address of this kind.
  const { port } = server.address() as AddressInfo;

  return {
    origin: `http://127.0.0.1:${port}`,
    state,
    announce: (message) => {
      for (const socket of sockets) socket.send(JSON.stringify(message));
    },
    dropFeed: () => {
      for (const socket of sockets) socket.terminate();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answerFile(
  response: ServerResponse,
  dist: string,
  path: string,
  headers: Record<string, string>,
): Promise<void> {
  // A version in an address has a dot too: only what the build makes is a file.
  const file = extname(path) in TYPES ? path : "/index.html";
  const body = await readFile(join(dist, file)).catch(() => null);
  if (body === null) return void response.writeHead(404, headers).end();
  response
    .writeHead(200, { ...headers, "content-type": TYPES[extname(file)] ?? "application/octet-stream" })
    .end(body);
}

async function answerApi(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  state: FixtureState,
): Promise<void> {
  const path = url.pathname.replace("/api/ops", "");
  const token = (request.headers.authorization ?? "").replace("Bearer ", "");
  const isAdmin = token === TOKENS.admin;
  if (!isAdmin && token !== TOKENS.viewer) return refuse(response, 401, "unauthorized", "not authenticated");
  if (request.method !== "GET") {
    if (!isAdmin) return refuse(response, 403, "forbidden", "your roles do not allow this");
    const body = JSON.parse(await text(request));
    state.received.push({ path, body });
    const changed = changeFleet(request.method ?? "", path, body, state.fleet);
    if (changed !== null) return json(response, 200, changed);
    return answerChange(response, path, body, state);
  }
  const fleet = readFleet(path, url.searchParams, state.fleet);
  if (fleet !== null) return json(response, 200, fleet);
  const only = (name: string) => url.searchParams.get(name)?.split(",");
  const id = path.split("/")[2] ?? "";
  const person = isAdmin
    ? { id: "amina", name: "Amina", roles: ["admin", "operator", "approver"] }
    : { id: "vera", name: "Vera", roles: ["viewer"] };
  if (path === "/me") return send(response, Person, person);
  if (path === "/policy") return send(response, Policy, state.policy);
  if (path === "/kpis") return send(response, Kpis, someKpis());
  if (path === "/policy/history") return json(response, 200, { items: history(state.policy) });
  if (path === "/releases")
    return send(response, ReleaseList, {
      items: [aRelease(), aRelease({ version: "1.2.4", status: "halted", reversible: false })],
    });
  if (path === "/plugin-incidents") {
    const items = state.incidents.filter(
      (i) =>
        (only("status")?.includes(i.status) ?? true) &&
        (only("severity")?.includes(i.severity) ?? true) &&
        (only("product")?.includes(i.product) ?? true),
    );
    return send(response, IncidentPage, { items, next_cursor: null });
  }
  if (path === "/fleet-incidents") {
    const items = state.fleetIncidents.filter((i) => only("status")?.includes(i.status) ?? true);
    return send(response, FleetIncidentPage, { items, next_cursor: null });
  }
  if (path === "/autopatch-attempts") {
    const asking = (a: Attempt) => a.status === "awaiting_approval" || Boolean(a.asked_until);
    const items = state.attempts.filter(
      (a) => (only("status")?.includes(a.status) ?? true) && (!url.searchParams.has("asking") || asking(a)),
    );
    return send(response, AttemptPage, {
      items,
      next_cursor: url.searchParams.has("cursor") ? null : "page-2",
    });
  }
  if (path === "/plugins")
    return send(response, PluginPage, { items: [aPluginDetail().plugin], next_cursor: null });
  if (path.startsWith("/plugins/")) return send(response, PluginDetail, aPluginDetail());
  const incident = state.incidents.find((i) => i.id === id);
  if (!incident) return refuse(response, 404, "not_found", "there is no such thing");
  return send(response, IncidentDetail, {
    incident,
    timeline: [
      anEvent({ incident_id: incident.id }),
      anEvent({ number: 2, text: "Decided: patch to 1.2.3" }),
    ],
    attempts: state.attempts.filter((a) => a.incident_id === incident.id),
    commands: [],
    plugin: aPluginDetail().plugin,
  });
}

function answerChange(response: ServerResponse, path: string, body: unknown, state: FixtureState): void {
  const [, , id = "", verb] = path.split("/");
  if (path === "/policy") {
    const put = PolicyPut.parse(body);
    if (put.revision !== state.policy.revision)
      return refuse(response, 409, "stale_revision", "the policy has changed", {
        revision: state.policy.revision,
      });
    state.policy = nextPolicy(state.policy, put.document, put.reason);
    return send(response, Policy, state.policy);
  }
  if (path === "/policy/kill") {
    const kill = KillRequest.parse(body);
    state.policy = nextPolicy(
      state.policy,
      { ...state.policy.document, kill_switch: kill.engaged },
      kill.reason,
    );
    return send(response, Policy, state.policy);
  }
  if (path.startsWith("/releases/")) return send(response, ReleaseRecord, aRelease({ status: "halted" }));
  const incident = state.incidents.find((i) => i.id === id);
  const attempt = state.attempts.find((a) => a.incident_id === id);
  if (!incident) return refuse(response, 404, "not_found", "there is no such incident");
  if (verb === "approve" && attempt) {
    const { decision } = ApproveRequest.parse(body);
    const next = attempt.asked_until
      ? ({ approve: ["success", "baking"], reject: ["rolling_back", "healing"] } as const)
      : ({ approve: ["staging", "healing"], reject: ["rejected", "escalated"] } as const);
    [attempt.status, incident.status] = next[decision];
    attempt.asked_until = null;
  } else if (ManualAction.parse(body).action === "resolve") {
    incident.status = "resolved";
  }
  return send(response, ActionReply, { incident, attempt: attempt ?? null });
}

function nextPolicy(policy: Policy, document: Policy["document"], reason: string): Policy {
  return { ...policy, revision: policy.revision + 1, document, reason, updated_by: "amina" };
}

/** The policy in force, and one revision before it that differed in one field. */
function history(policy: Policy) {
  const item = { changed_by: policy.updated_by, reason: policy.reason, changed_at: policy.updated_at };
  return [
    { ...item, revision: policy.revision, document: policy.document },
    { ...item, revision: policy.revision - 1, document: { ...policy.document, min_confidence: 0.9 } },
  ];
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function send<T extends z.ZodType>(response: ServerResponse, schema: T, value: unknown): void {
  json(response, 200, schema.parse(value));
}

function refuse(response: ServerResponse, status: number, code: string, message: string, more = {}): void {
  json(response, status, { error: { code, message, request_id: "req-1", ...more } });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}
