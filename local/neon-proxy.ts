/**
 * Neon's protocol in front of any Postgres, for the local stack and tests: `POST /sql` (one query, or a batch in one
 * transaction) and the WebSocket `/v2`. On 127.0.0.1 only, for one known server and database: of the client's connection
 * string only user and password count. While Postgres is away each call is answered 503; nothing needs a restart.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import pg from "pg";
import { type WebSocket, WebSocketServer } from "ws";
import { beginStatement, errorBody, parameterText, type Query, resultBody, SqlRequest } from "./neon-wire.ts";

export interface NeonProxy {
  url: string;
  port: number;
  /** Ends connections and server; resolves when the port is free. */
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const POOL_CONNECTIONS = 12;
/** One for the Worker, one for the owner, and room for a password that changed. */
const MAX_POOLS = 4;
const CONNECT_LIMIT_MS = 5_000;
/** Above the Worker's own patience of 10 s. Counted here, because a pooler in between may refuse `statement_timeout`. */
const QUERY_LIMIT_MS = 15_000;

/** Starts the proxy before a Postgres that may or may not be up. Rejects when the port is taken. */
export async function startNeonProxy(options: { postgresUrl: string; port?: number }): Promise<NeonProxy> {
  const target = new URL(options.postgresUrl);
  const pools = new Pools(target);
  const server = createServer((request, response) => {
    answer(request, response, pools).catch((error: unknown) => {
      send(response, 500, { message: error instanceof Error ? error.message : String(error) });
    });
  });
  const sockets = serveWebSockets(target);
  server.on("upgrade", (request, socket, head) => {
    if (!request.url?.startsWith("/v2")) return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request));
  });
  const port = await new Promise<number>((listening, fail) => {
    server.once("error", fail);
    server.listen(options.port ?? 0, "127.0.0.1", () => {
      const address = server.address();
      listening(typeof address === "object" && address ? address.port : 0);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async stop() {
      for (const client of sockets.clients) client.terminate();
      const closed = new Promise<void>((resolved) => server.close(() => resolved()));
      server.closeAllConnections();
      await Promise.all([closed, pools.end()]);
    },
  };
}

/** One bounded pool for each pair of user and password. */
class Pools {
  readonly #target: URL;
  readonly #pools = new Map<string, pg.Pool>();

  constructor(target: URL) {
    this.#target = target;
  }

  /** Null when the connection string names another database. */
  get(connectionString: string): pg.Pool | null {
    const asked = URL.canParse(connectionString) ? new URL(connectionString) : null;
    if (!asked || asked.pathname !== this.#target.pathname) return null;
    const url = new URL(this.#target);
    url.username = asked.username;
    url.password = asked.password;
    const known = this.#pools.get(url.href);
    if (known) return known;
    for (const [oldest, pool] of this.#pools) {
      if (this.#pools.size < MAX_POOLS) break;
      this.#pools.delete(oldest);
      void pool.end();
    }
    const pool = new pg.Pool({
      connectionString: url.href,
      max: POOL_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      idleTimeoutMillis: 10_000,
      query_timeout: QUERY_LIMIT_MS,
    });
    // An idle connection that Postgres cuts off leaves the pool by itself; unheard, its error would end the process.
    pool.on("error", () => {});
    this.#pools.set(url.href, pool);
    return pool;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.end()));
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, pools: Pools): Promise<void> {
  if (request.method !== "POST" || request.url !== "/sql")
    return send(response, 404, { message: "not found" });
  const header = (name: string) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const body = await readBody(request);
  if (body === null) return send(response, 413, { message: "request is too large" });
  const parsed = SqlRequest.safeParse(body);
  if (!parsed.success) return send(response, 400, { message: "not a query" });
  const begin = beginStatement(header);
  if (begin === null) return send(response, 400, { message: "invalid isolation level" });
  const pool = pools.get(header("neon-connection-string") ?? "");
  if (!pool) return send(response, 400, { ...errorBody(new Error("unknown database")), code: "3D000" });

  let client: pg.PoolClient | undefined;
  let broken: Error | undefined;
  try {
    client = await pool.connect();
    client.on("error", ignore);
    const work =
      "queries" in parsed.data ? runBatch(client, begin, parsed.data.queries) : run(client, parsed.data);
    send(response, 200, await work);
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    if (!isOrdinary(failure)) broken = failure;
    send(response, failure instanceof pg.DatabaseError ? 400 : 503, errorBody(failure));
  } finally {
    client?.off("error", ignore);
    client?.release(broken);
  }
}

function ignore(): void {}

/** An SQL error that leaves the connection usable. After any other nobody knows its state: it does not go back to the pool. */
function isOrdinary(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === "ERROR";
}

async function runBatch(client: pg.PoolClient, begin: string, queries: readonly Query[]) {
  await client.query(begin);
  try {
    const results = [];
    for (const query of queries) results.push(await run(client, query));
    await client.query("COMMIT");
    return { results };
  } catch (error) {
    if (isOrdinary(error)) await client.query("ROLLBACK");
    throw error;
  }
}

async function run(client: pg.PoolClient, { query, params }: Query) {
  const config: pg.QueryArrayConfig & { queryMode: "extended" } = {
    text: query,
    values: params.map(parameterText),
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
    // Also without parameters: one statement per query, as Neon has it. The option is missing in the package's types.
    queryMode: "extended",
  };
  return resultBody(await client.query<(string | null)[]>(config));
}

/** The body as JSON; null when it is over the limit, undefined when it is no JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** `/v2`: the Postgres protocol in binary frames, both ways; whatever address the client names, it gets the one server. */
function serveWebSockets(target: URL): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (client: WebSocket) => {
    const upstream: Socket = connect(Number(target.port || 5432), target.hostname);
    client.on("message", (data: Buffer) => upstream.write(data));
    client.on("close", () => upstream.destroy());
    client.on("error", () => upstream.destroy());
    upstream.on("data", (data) => client.send(data));
    upstream.on("error", () => client.close(1011, "postgres is away"));
    upstream.on("close", () => client.close(1000));
  });
  return sockets;
}
