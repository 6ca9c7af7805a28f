import { Client, neon, neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { startPostgres } from "../../local/postgres.ts";
import { connect, ping } from "../../src/postgres/connection.ts";
import { classifyPgError, writeLedger } from "../../src/postgres/ledger.ts";
import { anEvent } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const failureOf = (work: Promise<unknown>) => work.then(() => null, classifyPgError);
/** A raw call, as any client on this machine could make it. */
const post = async (body: unknown, headers: Record<string, string> = {}) => {
  const response = await fetch(`${database.proxy.url}/sql`, {
    method: "POST",
    headers: { "neon-connection-string": database.postgres.appUrl, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  // The raw answer of the protocol, looked at field by field below.
  const answer = (await response.json()) as Record<string, unknown> & { results: { rows: string[][] }[] };
  return { status: response.status, body: answer };
};

describe("Neon proxy", () => {
  it("answers a query as Neon does: raw text, types beside it", async () => {
    const { status, body } = await post({
      query: "SELECT $1::int AS n, $2::jsonb AS j, NULL AS z",
      params: [7, { a: 1 }],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rowAsArray: true,
      command: "SELECT",
      rowCount: 1,
      rows: [["7", '{"a": 1}', null]],
      fields: [
        { name: "n", dataTypeID: 23, format: "text" },
        { name: "j", dataTypeID: 3802 },
        { name: "z", dataTypeID: 25 },
      ],
    });
  });

  it.each([
    ["text", ["a", "b,c", 'd"e', "f\\g", null]],
    ["int", [1, 2, null]],
    ["text", []],
    [
      "int",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["boolean", [true, false]],
  ])("passes an array of %s", async (type, items) => {
    const query = neon(database.postgres.appUrl);
    expect(await query.query(`SELECT $1::${type}[] AS items`, [items])).toEqual([{ items }]);
  });

  it("maps an SQL error to Postgres' own code and constraint", async () => {
    expect(await post({ query: "SELECT 1 / 0", params: [] })).toMatchObject({
      status: 400,
      body: { code: "22012", severity: "ERROR", message: "division by zero", constraint: null },
    });
    expect(await failureOf(database.db.execute(sql`SELECT 1 / 0`))).toMatchObject({
      kind: "rejected",
      code: "22012",
    });
    expect(await failureOf(database.db.execute(sql`SELECT * FROM nowhere`))).toMatchObject({
      kind: "unavailable",
      code: "42P01",
    });
  });

  it("runs a batch in one transaction, and none of it when one statement fails", async () => {
    const insert = (id: string) => ({ query: "INSERT INTO merchants VALUES ($1, 'x', now())", params: [id] });
    const good = await post({ queries: [insert("b-1"), insert("b-2")] });
    expect(good.body.results).toHaveLength(2);
    const bad = await post({ queries: [insert("b-3"), insert("b-1")] });
    expect(bad).toMatchObject({ status: 400, body: { code: "23505", constraint: "merchants_pkey" } });
    const { rows } = await database.asApp("SELECT id FROM merchants WHERE id LIKE 'b-%' ORDER BY id");
    expect(rows).toEqual([{ id: "b-1" }, { id: "b-2" }]);
  });

  it("obeys isolation level and read-only of a batch", async () => {
    const queries = [{ query: "SHOW transaction_isolation" }, { query: "SHOW transaction_read_only" }];
    const headers = { "neon-batch-isolation-level": "RepeatableRead", "neon-batch-read-only": "true" };
    const { body } = await post({ queries }, headers);
    expect(body.results.map((result) => result.rows[0]?.[0])).toEqual(["repeatable read", "on"]);
    expect((await post({ queries }, { "neon-batch-isolation-level": "Chaos" })).status).toBe(400);
  });

  it("runs one statement per query", async () => {
    expect(await post({ query: "SELECT 1; SELECT 2", params: [] })).toMatchObject({
      status: 400,
      body: { code: "42601" },
    });
  });

  it("serves its one database, whatever host is named", async () => {
    const elsewhere = new URL(database.postgres.appUrl);
    elsewhere.host = "db.example.com:9999";
    const header = (url: URL) => ({ "neon-connection-string": url.href });
    expect((await post({ query: "SELECT 1" }, header(elsewhere))).status).toBe(200);
    elsewhere.pathname = "/postgres";
    expect(await post({ query: "SELECT 1" }, header(elsewhere))).toMatchObject({
      status: 400,
      body: { code: "3D000" },
    });
    expect((await post({ query: "SELECT 1" }, { "neon-connection-string": "nonsense" })).status).toBe(400);
  });

  it("refuses a wrong password with Postgres' own words", async () => {
    const wrong = new URL(database.postgres.appUrl);
    wrong.password = "wrong";
    expect(await post({ query: "SELECT 1" }, { "neon-connection-string": wrong.href })).toMatchObject({
      status: 400,
      body: { code: "28P01" },
    });
  });

  it.each([
    ["no JSON", "{", 400],
    ["no query", "{}", 400],
    ["over 10 MiB", JSON.stringify({ query: "SELECT 1", params: ["x".repeat(10 * 1024 * 1024)] }), 413],
  ])("refuses a body with %s", async (_, body, status) => {
    expect((await post(body)).status).toBe(status);
  });

  it("knows no other path and no other method", async () => {
    expect((await fetch(database.proxy.url)).status).toBe(404);
    expect((await fetch(`${database.proxy.url}/sql`)).status).toBe(404);
  });

  it("answers more callers at once than it has connections", async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => ping(database.db)));
    expect(answers).toHaveLength(60);
  });

  it("carries interactive transactions over the WebSocket", async () => {
    neonConfig.webSocketConstructor = WebSocket;
    neonConfig.wsProxy = () => `127.0.0.1:${database.proxy.port}/v2`;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineConnect = false;
    const client = new Client(database.postgres.appUrl);
    client.on("error", () => {});
    await client.connect();
    await client.query("BEGIN");
    await client.query("INSERT INTO merchants VALUES ('ws', 'x', now())");
    await client.query("ROLLBACK");
    expect((await client.query("SELECT id FROM merchants WHERE id = 'ws'")).rows).toEqual([]);
    await client.end();
  });

  it("answers while Postgres is away, and works again when it is back", async () => {
    const { postgres, proxy } = database;
    const db = connect({ DATABASE_URL: postgres.appUrl, NEON_PROXY_URL: proxy.url });
    const record = { kind: "event" as const, row: anEvent({ id: "outage-1" }) };
    await postgres.stop();
    expect(await failureOf(writeLedger(db, [record]))).toMatchObject({ kind: "unavailable" });
    expect(await failureOf(ping(db))).toMatchObject({ kind: "unavailable" });
    database.postgres = await startPostgres({
      dataDir: database.dataDir,
      port: postgres.port,
      log: () => {},
      durable: false,
    });
    await writeLedger(db, [record]);
    await ping(db);
  });
});
