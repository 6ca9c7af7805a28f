import { describe, expect, it } from "vitest";
import type { DecideReply } from "../../src/contract/decision.ts";
import { sha256Hex } from "../../src/crypto/digest.ts";
import { utf8 } from "../../src/crypto/encoding.ts";
import { createApp } from "../../src/http/app.ts";
import { chooseRange } from "../../src/http/byte-range.ts";
import { outcomeOf, sampleRate } from "../../src/http/request-log.ts";
import { aServer, json } from "../services/loopback-server.ts";
import { aFakeEnv, ORIGIN, SIRA_REMOTE_TOKEN, SIRA_TOKEN } from "./fake-env.ts";

const app = createApp();

describe("a release file", () => {
  const file = utf8("0123456789");
  async function get(headers: Record<string, string> = {}, method = "GET", path?: string) {
    const { env, files } = aFakeEnv();
    const sha256 = await sha256Hex(file);
    files.set(sha256, file);
    const response = await app.request(
      `${ORIGIN}${path ?? `/artifacts/${sha256}`}`,
      { method, headers },
      env,
    );
    return { response, body: await response.text(), sha256 };
  }

  it("is served whole, immutable, with its digest as entity tag", async () => {
    const { response, body, sha256 } = await get();
    expect(response.status).toBe(200);
    expect(body).toBe("0123456789");
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${sha256}"`,
      "cache-control": "public, max-age=31536000, immutable",
      "accept-ranges": "bytes",
      "content-type": "application/zip",
      "content-length": "10",
    });
  });

  it("answers HEAD without a body", async () => {
    const { response, body } = await get({}, "HEAD");
    expect([response.status, response.headers.get("content-length"), body]).toEqual([200, "10", ""]);
  });

  it.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=5-500", 206, "56789", "bytes 5-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=0-1,3-4", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
  ])("answers the range %s with %i", async (range, status, expected, contentRange) => {
    const { response, body } = await get({ range });
    expect([response.status, body, response.headers.get("content-range")]).toEqual([
      status,
      expected,
      contentRange,
    ]);
  });

  it("is not sent again to whoever has it, nor in part to whoever has something else", async () => {
    const etag = `"${await sha256Hex(file)}"`;
    expect((await get({ "if-none-match": etag })).response.status).toBe(304);
    expect((await get({ "if-none-match": `W/${etag}, "x"` })).response.status).toBe(304);
    expect((await get({ range: "bytes=0-1", "if-range": etag })).response.status).toBe(206);
    expect((await get({ range: "bytes=0-1", "if-range": '"old"' })).response.status).toBe(200);
  });

  it.each([`/artifacts/${"0".repeat(64)}`, "/artifacts/ABC", "/artifacts/..%2f..%2fetc%2fpasswd"])(
    "is 404 at %s",
    async (path) => {
      const { response, body } = await get({}, "GET", path);
      expect(response.status).toBe(404);
      expect(JSON.parse(body)).toMatchObject({ error: { code: "not_found" } });
    },
  );
});

it.each([
  [undefined, 10, { kind: "whole" }],
  ["bytes=-", 10, { kind: "whole" }],
  ["bytes=5-2", 10, { kind: "whole" }],
  ["bytes=-0", 10, { kind: "unsatisfiable" }],
  ["bytes=-99", 10, { kind: "part", offset: 0, length: 10 }],
  ["bytes=9-9", 10, { kind: "part", offset: 9, length: 1 }],
] as const)("the range %s of %i bytes", (header, size, choice) => {
  expect(chooseRange(header, size)).toEqual(choice);
});

describe("readiness", () => {
  const policy = { read: async () => ({ revision: 4 }) as never };

  it("is 200 when Postgres, the policy and KV answer", async () => {
    const { url } = await aServer((_, response) =>
      json(response, 200, { command: "SELECT", rowCount: 1, fields: [], rows: [], rowAsArray: false }),
    );
    const { env } = aFakeEnv({ policy }, { NEON_PROXY_URL: url });
    const response = await app.request(`${ORIGIN}/readyz`, {}, env);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ready: true,
      checks: {
        postgres: { ok: true, detail: "answers" },
        policy: { ok: true, detail: "revision 4" },
        kv: { ok: true, detail: "answers" },
      },
    });
  });

  it("is 503 and says which part is missing, without its error", async () => {
    const { env } = aFakeEnv({ policy });
    const response = await app.request(`${ORIGIN}/readyz`, {}, env);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      ready: false,
      checks: { postgres: { ok: false, detail: "no answer" }, policy: { ok: true } },
    });
  });

  it("is not asked for by /healthz", async () => {
    const { env, calls } = aFakeEnv();
    const response = await app.request(`${ORIGIN}/healthz`, {}, env);
    expect(await response.json()).toEqual({ status: "ok" });
    expect(calls).toEqual([]);
  });
});

describe("the decision service", () => {
  const KEY = "A".repeat(27);
  const request = {
    incident: {
      id: `inc_${KEY}_1`,
      type: "error_spike",
      severity: "low",
      signature: "s",
      value: null,
      bound: null,
      detected_at: "2026-11-22T12:00:00Z",
    },
    plugin: { id: `plg_${KEY}`, product: "molam-pay", version: "1.2.2", env: {} },
    candidates: [],
    excluded: [],
  };
  const decide = (token: string, body: unknown) => {
    const reply: DecideReply = { action: "monitor", confidence: 0.3, explanation: "watch", alternatives: [] };
    const fake = aFakeEnv({ sira: { decide: async () => reply } });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    return Promise.resolve(app.request(`${ORIGIN}/api/sira/decide`, init, fake.env)).then((response) => ({
      response,
      fake,
    }));
  };

  it("asks the object of the plugin's product", async () => {
    const { response, fake } = await decide(SIRA_TOKEN, request);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ action: "monitor" });
    expect(fake.calls).toEqual(["sira/molam-pay.decide"]);
  });

  it.each(["/api/sira/decide", "/api/sira/feedback", "/api/sira/votes"])(
    "does not have %s without a token of its own, not even for the remote service's",
    async (path) => {
      for (const unset of [undefined, ""]) {
        const { env, calls } = aFakeEnv();
        if (unset === undefined) delete env.SIRA_INBOUND_TOKEN;
        else env.SIRA_INBOUND_TOKEN = unset;
        for (const token of [SIRA_REMOTE_TOKEN, "undefined"]) {
          const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
          const init = { method: "POST", headers, body: JSON.stringify(request) };
          const response = await app.request(ORIGIN + path, init, env);
          expect(response.status).toBe(404);
          expect(await response.json()).toMatchObject({ error: { code: "not_found" } });
        }
        expect(calls).toEqual([]);
      }
    },
  );

  it("refuses another token and another shape", async () => {
    expect((await decide("other", request)).response.status).toBe(401);
    expect((await decide(SIRA_REMOTE_TOKEN, request)).response.status).toBe(401);
    const { response, fake } = await decide(SIRA_TOKEN, { ...request, plugin: {} });
    expect(response.status).toBe(400);
    expect(fake.calls).toEqual([]);
  });
});

describe("every answer", () => {
  it.each(["/", "/login", "/incidents/x", "/healthz", "/api/ops/me", "/api/nothing", "/artifacts/x"])(
    "carries the security headers at %s",
    async (path) => {
      const { env } = aFakeEnv();
      const { headers } = await app.request(`${ORIGIN}${path}`, {}, env);
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://vigie.test wss://vigie.test; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("strict-transport-security")).toMatch(/max-age/);
      expect(headers.get("x-request-id")).toMatch(/^req_/);
    },
  );

  it("is the dashboard for pages, and never for the API", async () => {
    const { env } = aFakeEnv();
    expect(await (await app.request(`${ORIGIN}/incidents`, {}, env)).text()).toBe("<!doctype html>");
    const unknown = await app.request(`${ORIGIN}/api/nothing`, {}, env);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: "not_found", message: "no such route" } });
  });
});

describe("the request log", () => {
  it.each([
    [200, undefined, 0.05],
    [200, "debug", 1],
    [200, "warn", 0],
    [401, "info", 1],
    [401, "warn", 1],
    [429, "info", 0.05],
    [404, "error", 0],
    [503, "error", 1],
    [500, "silent", 0],
  ])("keeps status %i at level %s with probability %d", (status, level, rate) => {
    expect(sampleRate(status, level)).toBe(rate);
  });

  it("names outcomes", () => {
    expect([200, 304, 404, 503, 500].map(outcomeOf)).toEqual(["ok", "ok", "refused", "unavailable", "error"]);
  });
});
