/** The whole table of bad input on the plugin routes: documented status and body, and no object woken. */
import { describe, expect, it } from "vitest";
import type { ErrorBody } from "../../src/contract/error.ts";
import { utf8 } from "../../src/crypto/encoding.ts";
import { mintPluginId } from "../../src/crypto/plugin-id.ts";
import { newSecret, signWebhook } from "../../src/crypto/webhook-signature.ts";
import { createApp } from "../../src/http/app.ts";
import { aFakeEnv, ORIGIN, PLUGIN_ID_KEY } from "./fake-env.ts";

const app = createApp();
const pluginId = await mintPluginId(PLUGIN_ID_KEY);
const otherPluginId = await mintPluginId(PLUGIN_ID_KEY);
const commandId = (id: string) => `cmd_${id.slice(4)}_1`;
const secret = newSecret().bytes;

interface Beat {
  path: string;
  body: BodyInit;
  headers: Record<string, string | undefined>;
}

/** A well-formed, well-signed beat with some of it replaced; a header set to undefined is left out. */
async function aBeat(change: Partial<Beat> = {}): Promise<[string, RequestInit]> {
  const body = '{"type":"heartbeat"}';
  const message = { id: "msg_1", timestamp: String(Math.floor(Date.now() / 1000)), body: utf8(body) };
  const headers: Beat["headers"] = {
    "content-type": "application/json",
    "webhook-id": message.id,
    "webhook-timestamp": message.timestamp,
    "webhook-signature": await signWebhook(message, { kind: "hmac", secret }),
    "x-plugin-id": pluginId,
    ...change.headers,
  };
  const present = Object.entries(headers).flatMap(([k, v]): [string, string][] =>
    v === undefined ? [] : [[k, v]],
  );
  return [
    `${ORIGIN}${change.path ?? "/api/plugins/heartbeat"}`,
    { method: "POST", headers: present, body: change.body ?? body },
  ];
}

const seconds = (offset: number) => String(Math.floor(Date.now() / 1000) + offset);
const madeUp = `plg_${"A".repeat(27)}`;
const altered = pluginId.slice(0, -2) + (pluginId.at(-2) === "A" ? "B" : "A") + pluginId.slice(-1);

/** A body that declares no length: only counting can stop it. */
function anEndlessBody(): { stream: ReadableStream; read: () => number } {
  let chunks = 0;
  const stream = new ReadableStream({
    pull(controller) {
      chunks++;
      controller.enqueue(new Uint8Array(8192).fill(32));
    },
  });
  return { stream, read: () => chunks * 8192 };
}

describe("authentication failures have one identical body and wake no object", () => {
  it.each<[string, Partial<Beat>]>([
    ["no plugin id", { headers: { "x-plugin-id": undefined } }],
    ["a made-up plugin id", { headers: { "x-plugin-id": madeUp } }],
    ["a malformed plugin id", { headers: { "x-plugin-id": "../../etc" } }],
    ["a plugin id with one character changed", { headers: { "x-plugin-id": altered } }],
    ["no webhook id", { headers: { "webhook-id": undefined } }],
    ["an endless webhook id", { headers: { "webhook-id": "x".repeat(300) } }],
    ["no signature", { headers: { "webhook-signature": undefined } }],
    ["an endless signature", { headers: { "webhook-signature": "v1,".repeat(1000) } }],
    ["no timestamp", { headers: { "webhook-timestamp": undefined } }],
    ["an old timestamp", { headers: { "webhook-timestamp": seconds(-301) } }],
    ["a timestamp of the future", { headers: { "webhook-timestamp": seconds(310) } }],
    ["a timestamp that is no number", { headers: { "webhook-timestamp": "now" } }],
  ])("%s", async (_, change) => {
    const { env, calls } = aFakeEnv();
    const response = await app.request(...(await aBeat(change)), env);
    expect(response.status).toBe(401);
    const body = (await response.json()) as ErrorBody;
    expect(body).toEqual({
      error: { code: "unauthorized", message: "authentication failed", request_id: body.error.request_id },
    });
    expect(calls).toEqual([]);
  });

  it("the object's own refusal of a signature looks the same", async () => {
    const receive = async () => ({ ok: false, refusal: { reason: "unauthorized" } }) as const;
    const { env } = aFakeEnv({ plugin: { receive } });
    const response = await app.request(...(await aBeat()), env);
    const body = (await response.json()) as ErrorBody;
    expect(response.status).toBe(401);
    expect(body.error).toEqual({
      code: "unauthorized",
      message: "authentication failed",
      request_id: body.error.request_id,
    });
    expect(response.headers.get("x-request-id")).toBe(body.error.request_id);
  });
});

it.each<[string, Partial<Beat>, number, object]>([
  [
    "a 65 KiB body",
    { body: " ".repeat(65 * 1024) },
    413,
    { code: "payload_too_large", message: "the body is longer than 65536 bytes" },
  ],
  [
    "another media type",
    { headers: { "content-type": "text/plain" } },
    415,
    { code: "unsupported_media_type", message: "content-type must be application/json" },
  ],
  [
    "an ack of another plugin's command",
    { path: `/api/plugins/commands/${commandId(otherPluginId)}/ack` },
    404,
    { code: "not_found", message: "no such command" },
  ],
  [
    "a fail of a command id that is none",
    { path: "/api/plugins/commands/cmd_nonsense/fail" },
    404,
    { code: "not_found", message: "no such command" },
  ],
  [
    "an unknown route",
    { path: "/api/plugins/explode" },
    404,
    { code: "not_found", message: "no such route" },
  ],
])("%s is refused at the edge", async (_, change, status, error) => {
  const { env, calls } = aFakeEnv();
  const response = await app.request(...(await aBeat(change)), env);
  const body = (await response.json()) as ErrorBody;
  expect({ status: response.status, body }).toEqual({
    status,
    body: { error: { ...error, request_id: body.error.request_id } },
  });
  expect(calls).toEqual([]);
});

it("stops reading a body that never ends, soon after 64 KiB", async () => {
  const { env, calls } = aFakeEnv();
  const endless = anEndlessBody();
  const [url, init] = await aBeat({ body: endless.stream });
  const response = await app.request(new Request(url, { ...init, duplex: "half" } as RequestInit), {}, env);
  expect(response.status).toBe(413);
  expect(endless.read()).toBeLessThan(200_000);
  expect(calls).toEqual([]);
});

it("accepts a body of exactly 64 KiB", async () => {
  const receive = async () => ({ ok: false, refusal: { reason: "invalid", message: "no" } }) as const;
  const { env } = aFakeEnv({ plugin: { receive } });
  const response = await app.request(...(await aBeat({ body: " ".repeat(64 * 1024) })), env);
  expect(response.status).toBe(400);
});

it("refuses a flood before it looks at the signature, and says when to come back", async () => {
  const { env, calls } = aFakeEnv(
    {},
    {
      FLOOD: { limit: async () => ({ success: false }) },
    },
  );
  const response = await app.request(...(await aBeat({ headers: { "webhook-signature": undefined } })), env);
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("30");
  expect(await response.json()).toMatchObject({ error: { code: "too_many_requests" } });
  expect(calls).toEqual([]);
});

it("counts the flood by plugin and address, and never by what a stranger typed", async () => {
  const { env, floodKeys } = aFakeEnv();
  await app.request(...(await aBeat({ headers: { "cf-connecting-ip": "192.0.2.1" } })), env);
  await app.request(...(await aBeat({ headers: { "x-plugin-id": "x".repeat(5000) } })), env);
  expect(floodKeys).toEqual([`${pluginId}|192.0.2.1`, "malformed|local"]);
});

it.each([
  [
    { reason: "invalid", message: "expected number", field: "data.seq" },
    400,
    { code: "invalid", message: "expected number", field: "data.seq" },
  ],
  [
    { reason: "stale_seq", last_seq: 41 },
    409,
    { code: "stale_seq", message: "seq must be above last_seq", last_seq: 41 },
  ],
  [
    { reason: "not_found", message: "no such command" },
    404,
    { code: "not_found", message: "no such command" },
  ],
  [{ reason: "conflict", message: "already failed" }, 409, { code: "conflict", message: "already failed" }],
] as const)("passes the object's refusal %j on as %i", async (refusal, status, error) => {
  const { env } = aFakeEnv({ plugin: { receive: async () => ({ ok: false, refusal }) } });
  const response = await app.request(...(await aBeat()), env);
  const body = (await response.json()) as ErrorBody;
  expect({ status: response.status, body }).toEqual({
    status,
    body: { error: { ...error, request_id: body.error.request_id } },
  });
});

it("answers 503 with retry-after, and no detail, when the object is overloaded or broken", async () => {
  const receive = async () => Promise.reject(new Error("secret detail at line 7"));
  const { env } = aFakeEnv({ plugin: { receive } });
  const response = await app.request(...(await aBeat()), env);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("10");
  expect(await response.text()).not.toMatch(/secret detail/);
});

describe("a good beat", () => {
  const reply = {
    next_heartbeat_s: 120,
    commands: [{ id: commandId(pluginId), signed: "{}", signature: "AAAA" }],
    server_time: "2026-11-22T12:00:00.000Z",
  };

  it("reaches the object raw, in one call", async () => {
    const receive = async () =>
      ({ ok: true, value: { reply, commands_valid_until: Date.now() + 1000 } }) as const;
    const { env, calls, args } = aFakeEnv({ plugin: { receive } });
    const [url, init] = await aBeat();
    const response = await app.request(url, init, env);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(reply);
    expect(calls).toEqual([`plugin/${pluginId}.receive`]);
    const sent = new Headers(init.headers);
    expect(args[0]?.[0]).toEqual({
      route: "heartbeat",
      plugin_id: pluginId,
      headers: {
        id: "msg_1",
        timestamp: sent.get("webhook-timestamp"),
        signature: sent.get("webhook-signature"),
      },
      body: utf8('{"type":"heartbeat"}'),
    });
  });

  it("loses its commands, and nothing else, when their lease has run out on the way", async () => {
    const receive = async () =>
      ({ ok: true, value: { reply, commands_valid_until: Date.now() - 1 } }) as const;
    const { env } = aFakeEnv({ plugin: { receive } });
    const response = await app.request(...(await aBeat()), env);
    expect(await response.json()).toEqual({ ...reply, commands: [] });
  });

  it("carries the command id of an ack to the object", async () => {
    const id = commandId(pluginId);
    const receive = async () =>
      ({
        ok: true,
        value: { reply: { status: "acknowledged", command_id: id }, commands_valid_until: null },
      }) as const;
    const { env, args } = aFakeEnv({ plugin: { receive } });
    const response = await app.request(...(await aBeat({ path: `/api/plugins/commands/${id}/ack` })), env);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "acknowledged", command_id: id });
    expect(args[0]?.[0]).toMatchObject({ route: "command.ack", command_id: id });
  });
});
