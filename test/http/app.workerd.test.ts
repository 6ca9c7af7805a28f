/** What only real workerd can show: the WebSocket upgrade, R2's ranges, the platform's own headers. */
import { env as bindings } from "cloudflare:workers";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { expect, it } from "vitest";
import { feedOf } from "../../durable-objects/stubs.ts";
import { sha256Hex } from "../../src/crypto/digest.ts";
import { toBase64, utf8 } from "../../src/crypto/encoding.ts";
import { mintPluginId } from "../../src/crypto/plugin-id.ts";
import type { Env } from "../../src/env.ts";
import { createApp } from "../../src/http/app.ts";

const ORIGIN = "https://vigie.test";
const PLUGIN_ID_KEY = new Uint8Array(32).fill(7);
const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });

// The test Worker's bindings are those of wrangler.toml, whose types Env declares.
const worker = bindings as unknown as Env;
const env: Env = {
  ...worker,
  LOG_LEVEL: "silent",
  MOLAM_ID_JWT_PUBLIC: await exportSPKI(publicKey),
  OPS_ROLES: JSON.stringify({ vera: ["viewer"] }),
  PLUGIN_ID_KEY: toBase64(PLUGIN_ID_KEY),
  PUBLIC_URL: ORIGIN,
};
const app = createApp();

async function aToken(): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA" })
    .setSubject("vera")
    .setIssuer(env.MOLAM_ID_ISSUER)
    .setAudience(env.MOLAM_ID_AUDIENCE)
    .setExpirationTime("1 minute")
    .sign(privateKey);
}

const textOf = async (response: Response) => new TextDecoder().decode(await response.arrayBuffer());

it("opens the feed and hears of a change", async () => {
  const response = await app.request(
    `${ORIGIN}/api/ops/feed`,
    {
      headers: {
        upgrade: "websocket",
        origin: ORIGIN,
        "sec-websocket-protocol": `vigie.v1, bearer.${await aToken()}`,
      },
    },
    env,
  );
  expect(response.status).toBe(101);
  expect(response.headers.get("sec-websocket-protocol")).toBe("vigie.v1");
  const socket = response.webSocket;
  if (!socket) throw new Error("no socket");
  const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
  socket.accept();
  await feedOf(env).changed([{ type: "changed", topic: "policy" }]);
  expect(JSON.parse(String(await heard))).toEqual({ type: "changed", topic: "policy" });
  socket.close();
});

it("serves a release file from R2, whole and in part, and refuses a file under a wrong digest", async () => {
  const file = utf8("0123456789");
  const sha256 = await sha256Hex(file);
  await env.RELEASES.put(sha256, file, { sha256 });
  const get = (headers: Record<string, string>, method = "GET") =>
    app.request(`${ORIGIN}/artifacts/${sha256}`, { method, headers }, env);

  const whole = await get({});
  expect([whole.status, await textOf(whole), whole.headers.get("content-length")]).toEqual([
    200,
    "0123456789",
    "10",
  ]);
  const part = await get({ range: "bytes=2-4" });
  expect([part.status, await textOf(part), part.headers.get("content-range")]).toEqual([
    206,
    "234",
    "bytes 2-4/10",
  ]);
  const head = await get({}, "HEAD");
  expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([200, "", `"${sha256}"`]);
  await expect(env.RELEASES.put("0".repeat(64), file, { sha256: "0".repeat(64) })).rejects.toThrow();
});

it("limits a flood by plugin, and tells when to come back", async () => {
  const plugin = await mintPluginId(PLUGIN_ID_KEY);
  const beat = () =>
    app.request(
      `${ORIGIN}/api/plugins/heartbeat`,
      { method: "POST", headers: { "x-plugin-id": plugin, "content-type": "application/json" }, body: "{}" },
      env,
    );
  const statuses = new Set<number>();
  // The limit is 120 a minute; should the minute turn meanwhile, the count begins again.
  for (let i = 0; i < 250 && !statuses.has(429); i++) statuses.add((await beat()).status);
  expect([...statuses]).toEqual([401, 429]);
});

it("answers pages through the assets with the security headers", async () => {
  const response = await app.request(`${ORIGIN}/login`, {}, env);
  expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
  await response.text();
});
