import { generateKeyPairSync, KeyObject } from "node:crypto";
import { exportSPKI, generateKeyPair } from "jose";
import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/crypto/encoding.ts";
import { createApp } from "../../src/http/app.ts";
import { mayUse, OPS_ROUTES, type OpsRoute } from "../../src/http/ops/ops-roles.ts";
import { aFakeEnv, asPerson, aToken, ORIGIN, PEOPLE, type TokenOptions } from "./fake-env.ts";

const app = createApp();
const { env } = aFakeEnv();
const me = (headers: Record<string, string>, target = env) =>
  app.request(`${ORIGIN}/api/ops/me`, { headers }, target);
const bearer = async (options: TokenOptions = {}) => ({ authorization: `Bearer ${await aToken(options)}` });

describe("a token", () => {
  it("names the person, whose roles come from our own table", async () => {
    const response = await me(await bearer());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id: "ada", name: "Ada Lovelace", roles: ["admin"] });
  });

  it("of an RSA key works when that is the key configured", async () => {
    const rsa = await generateKeyPair("RS256", { extractable: true });
    const other = aFakeEnv({}, { MOLAM_ID_JWT_PUBLIC: await exportSPKI(rsa.publicKey) }).env;
    expect((await me(await bearer({ key: rsa.privateKey, alg: "RS256" }), other)).status).toBe(200);
    expect((await me(await bearer(), other)).status).toBe(401);
  });

  it("may be configured as a PEM with escaped line ends", async () => {
    const escaped = aFakeEnv(
      {},
      { MOLAM_ID_JWT_PUBLIC: env.MOLAM_ID_JWT_PUBLIC.replaceAll("\n", "\\n") },
    ).env;
    expect((await me(await bearer(), escaped)).status).toBe(200);
  });

  it.each<[string, () => Promise<Record<string, string>>]>([
    ["is missing", async () => ({})],
    ["is no bearer token", async () => ({ authorization: "Basic YWRhOmFkYQ==" })],
    ["is no JWT", async () => ({ authorization: "Bearer nonsense" })],
    ["is endless", async () => ({ authorization: `Bearer ${"a".repeat(9000)}` })],
    ["is of another issuer", () => bearer({ issuer: "https://evil.example" })],
    ["is for another audience", () => bearer({ audience: "other" })],
    ["has expired", () => bearer({ expiresInS: -10 })],
    ["never expires", () => bearer({ expiresInS: null })],
    ["names nobody", () => bearer({ subject: undefined })],
    ["is signed by another key", async () => bearer({ key: (await generateKeyPair("EdDSA")).privateKey })],
    [
      "is an HMAC with our public key as secret",
      () => bearer({ alg: "HS256", key: utf8(env.MOLAM_ID_JWT_PUBLIC) }),
    ],
    ["is unsigned", async () => ({ authorization: `Bearer ${anUnsignedToken()}` })],
    ["is signed by a foreign RSA key", () => bearer({ alg: "RS256", key: aForeignRsaKey() })],
  ])("is refused when it %s, always with the same body", async (_, headers) => {
    const response = await me(await headers());
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="vigie"');
    expect(await response.json()).toMatchObject({
      error: { code: "unauthorized", message: "authentication failed" },
    });
  });

  it("grants nothing by itself: a person who is not in the table is refused", async () => {
    for (const subject of ["nils", "stranger", "__proto__", "constructor"]) {
      expect((await me(await bearer({ subject }))).status).toBe(403);
    }
  });
});

function anUnsignedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    sub: "ada",
    iss: "https://id.molam.example",
    aud: "vigie-ops",
    exp: Date.now() / 1000 + 60,
  };
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

function aForeignRsaKey(): CryptoKey {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const der = KeyObject.prototype.toCryptoKey.call(
    privateKey,
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return der as CryptoKey;
}

describe("roles", () => {
  const paths = Object.keys(OPS_ROUTES) as OpsRoute[];

  it.each(paths)("%s admits its roles and nobody else", async (route) => {
    const [method = "", pattern = ""] = route.split(" ");
    const path = pattern.replaceAll(/:[a-z]+/g, "x");
    for (const subject of Object.keys(PEOPLE)) {
      const token = await aToken({ subject });
      const headers: Record<string, string> = { authorization: `Bearer ${token}` };
      if (route.endsWith("/feed")) headers["sec-websocket-protocol"] = `vigie.v1, bearer.${token}`;
      if (method !== "GET") headers["content-type"] = "text/plain";
      const { status } = await app.request(`${ORIGIN}${path}`, { method, headers }, env);
      expect([subject, status === 403]).toEqual([subject, !mayUse(route, PEOPLE[subject] ?? [])]);
    }
  });
});

describe("requests that change something", () => {
  const kill = async (headers: Record<string, string>) => {
    const answer = { revision: 2 };
    // Only what the route passes on matters here.
    const policy = { kill: async () => ({ ok: true, value: answer }) as never };
    const fake = aFakeEnv({ policy });
    const body = JSON.stringify({ engaged: true, reason: "night shift" });
    const all = { ...(await asPerson("otto")), ...headers };
    const response = await app.request(
      `${ORIGIN}/api/ops/policy/kill`,
      { method: "POST", headers: all, body },
      fake.env,
    );
    return { status: response.status, calls: fake.calls };
  };

  it.each<[string, Record<string, string>, number]>([
    ["a tool sends neither header", {}, 200],
    ["it comes from our own page", { origin: ORIGIN, "sec-fetch-site": "same-origin" }, 200],
    ["it comes from another origin", { origin: "https://evil.example" }, 403],
    ["it comes from the same host on another scheme", { origin: ORIGIN.replace("https", "http") }, 403],
    ["its origin is opaque", { origin: "null" }, 403],
    ["the browser says cross-site", { "sec-fetch-site": "cross-site" }, 403],
    ["the browser says same-site", { "sec-fetch-site": "same-site" }, 403],
    ["it is a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
  ])("when %s", async (_, headers, status) => {
    expect(await kill(headers)).toEqual({ status, calls: status === 200 ? ["policy/policy.kill"] : [] });
  });
});

describe("the feed", () => {
  const open = async (headers: Record<string, string>) => {
    // Node cannot build a 101; what matters is what the object is sent.
    const fake = aFakeEnv({ feed: { fetch: async () => new Response("upgraded", { status: 200 }) } });
    const response = await app.request(`${ORIGIN}/api/ops/feed`, { headers }, fake.env);
    return { status: response.status, fake };
  };
  const upgrade = async () => ({
    upgrade: "websocket",
    "sec-websocket-protocol": `vigie.v1, bearer.${await aToken({ subject: "vera" })}`,
  });

  it("takes the token as a subprotocol and does not pass it on", async () => {
    const { status, fake } = await open(await upgrade());
    expect(status).toBe(200);
    expect(fake.calls).toEqual(["feed/feed.fetch"]);
    const forwarded = fake.args[0]?.[0] as Request;
    expect(forwarded.headers.get("sec-websocket-protocol")).toBe("vigie.v1");
  });

  it("refuses without a token, from another origin, and without an upgrade", async () => {
    expect((await open({ upgrade: "websocket", "sec-websocket-protocol": "vigie.v1" })).status).toBe(401);
    expect((await open({ ...(await upgrade()), origin: "https://evil.example" })).status).toBe(403);
    const { upgrade: _, ...plain } = await upgrade();
    expect((await open(plain)).status).toBe(400);
  });
});
