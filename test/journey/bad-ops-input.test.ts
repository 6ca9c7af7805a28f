/** The ops API against tokens that prove nothing, people without the role, foreign pages and bad bodies: nothing changes. */
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { call } from "../../local/demo/ops.ts";
import { loadOrCreateSecrets, molamIdPublicKey, type Secrets } from "../../local/secrets.ts";
import { ErrorBody } from "../../src/contract/error.ts";
import { Policy } from "../../src/contract/policy.ts";
import { mintPluginId } from "../../src/crypto/plugin-id.ts";
import { failWebhooks, orderConfig, PATIENT_INTERVALS } from "./scripted-incident.ts";
import { enrolPlugin, type ScriptedPlugin } from "./scripted-plugin.ts";
import { atRest, standingOf } from "./standing.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
let secrets: Secrets;
let plugin: ScriptedPlugin;
let incidentId: string;
let approval: { attempt_id: string; decision: "approve"; evidence_hash: string; reason: string };

beforeAll(async () => {
  world = await startWorld({ policy: { mode: "approve-only", intervals: PATIENT_INTERVALS } });
  secrets = loadOrCreateSecrets(world.stack.dataDir);
  plugin = await enrolPlugin(world.stack, { merchant: "quiet" });
  incidentId = (await failWebhooks(world, plugin)).id;
  // In the mode approve-only this one waits for a second person.
  await orderConfig(world, incidentId);
  const attempt = await world.attemptReaches(plugin.id, "awaiting_approval");
  approval = {
    attempt_id: attempt.id,
    decision: "approve",
    evidence_hash: attempt.evidence_hash,
    reason: "journey: looks good",
  };
  await atRest(world, [plugin.id]);
});
afterAll(() => world?.stop());

const config = { action: "config", set: { retries: 5 }, reason: "journey: more retries" };
const kill = { engaged: true, reason: "journey: stop everything" };

interface OpsRequest {
  path: string;
  method?: string;
  token?: string | null;
  headers?: Record<string, string>;
  body?: string;
}

async function ask({ path, method, token, headers, body }: OpsRequest): Promise<Response> {
  const login = token === undefined ? await world.stack.token() : token;
  return fetch(new URL(path, world.stack.url), {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      ...(login === null ? {} : { authorization: `Bearer ${login}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}

async function changesNothing(request: OpsRequest) {
  const before = await standingOf(world, [plugin.id]);
  const answer = await ask(request);
  const body: unknown = await answer.json();
  expect(await standingOf(world, [plugin.id])).toEqual(before);
  const { error } = ErrorBody.strict().parse(body);
  return { status: answer.status, error, challenge: answer.headers.get("www-authenticate") };
}

const approvePath = () => `/api/ops/plugin-incidents/${incidentId}/approve`;
const actPath = (id = incidentId) => `/api/ops/plugin-incidents/${id}/manual-action`;
const text = (value: object) => JSON.stringify(value);

interface Claims {
  subject?: string | null;
  issuer?: string;
  audience?: string;
  expires?: string | null;
}

/** A login as Molam ID signs it, unless changed. */
function jwt(change: Claims = {}, alg = "EdDSA"): SignJWT {
  const token = new SignJWT({ name: "Ada" })
    .setProtectedHeader({ alg })
    .setIssuer(change.issuer ?? "https://id.molam.example")
    .setAudience(change.audience ?? "vigie-ops");
  if (change.subject !== null) token.setSubject(change.subject ?? "dev:ada");
  if (change.expires !== null) token.setExpirationTime(change.expires ?? "5 minutes");
  return token;
}
const identityKey = () => createPrivateKey(secrets.MOLAM_ID_PRIVATE);

describe("a login that proves nothing", () => {
  const unsecured = () =>
    new UnsecuredJWT({ name: "Ada" })
      .setSubject("dev:ada")
      .setIssuer("https://id.molam.example")
      .setAudience("vigie-ops")
      .setExpirationTime("5 minutes")
      .encode();
  const byHmac = () => jwt({}, "HS256").sign(new TextEncoder().encode(molamIdPublicKey(secrets)));
  const tampered = async () => {
    const [head, , signature] = (await jwt({ subject: "dev:linus" }).sign(identityKey())).split(".");
    const [, claims] = (await jwt().sign(generateKeyPairSync("ed25519").privateKey)).split(".");
    return `${head}.${claims}.${signature}`;
  };

  it("a genuine one is served, so that what is wrong with the others is what is refused", async () => {
    const answer = await ask({ path: "/api/ops/me", token: await jwt().sign(identityKey()) });
    expect([answer.status, await answer.json()]).toMatchObject([200, { id: "dev:ada" }]);
  });

  it.each<[string, () => Promise<string | null> | string | null]>([
    ["none at all", () => null],
    ["no token", () => "x"],
    ["expired", () => jwt({ expires: "-1 minute" }).sign(identityKey())],
    ["without expiry", () => jwt({ expires: null }).sign(identityKey())],
    ["for another audience", () => jwt({ audience: "another-product" }).sign(identityKey())],
    ["of another issuer", () => jwt({ issuer: "https://id.evil.example" }).sign(identityKey())],
    ["of nobody", () => jwt({ subject: null }).sign(identityKey())],
    ["signed by another key", () => jwt().sign(generateKeyPairSync("ed25519").privateKey)],
    ["not signed at all (alg none)", unsecured],
    ["signed with our public key as an HMAC secret", byHmac],
    ["with claims put in after signing", tampered],
    ["longer than any token", () => "a".repeat(9000)],
  ])("%s", async (_, login) => {
    const answer = await changesNothing({ path: approvePath(), token: await login(), body: text(approval) });
    expect(answer).toEqual({
      status: 401,
      error: { code: "unauthorized", message: "authentication failed", request_id: expect.any(String) },
      challenge: 'Bearer realm="vigie"',
    });
  });

  it("opens no live feed, and neither does a page of another origin", async () => {
    const open = (protocols: string[], origin: string) =>
      new Promise<number>((resolve, reject) => {
        const socket = new WebSocket(`${world.stack.url.replace("http", "ws")}/api/ops/feed`, protocols, {
          origin,
        });
        socket.on("unexpected-response", (_, response) => resolve(response.statusCode ?? 0));
        socket.on("open", () => {
          socket.close();
          resolve(101);
        });
        socket.on("error", reject);
      });
    const login = `bearer.${await world.stack.token("dev:linus")}`;
    expect(await open(["vigie.v1", login], world.stack.url)).toBe(101);
    expect(await open(["vigie.v1"], world.stack.url)).toBe(401);
    expect(await open(["vigie.v1", "bearer.a.b.c"], world.stack.url)).toBe(401);
    expect(await open(["vigie.v1", login], "https://evil.example")).toBe(403);
  });

  it("asks the decision service nothing, which is not there without a token of its own", async () => {
    const answer = await changesNothing({
      path: "/api/sira/decide",
      token: await world.stack.token(),
      body: "{}",
    });
    expect(answer).toMatchObject({ status: 404, error: { code: "not_found" } });
  });
});

describe("a person without the role", () => {
  it.each<[string, () => OpsRequest]>([
    ["approves", () => ({ path: approvePath(), body: text(approval) })],
    ["orders an action", () => ({ path: actPath(), body: text(config) })],
    ["pulls the kill switch", () => ({ path: "/api/ops/policy/kill", body: text(kill) })],
    [
      "changes the policy",
      () => ({
        path: "/api/ops/policy",
        method: "PATCH",
        body: text({ revision: 0, reason: "mine now", patch: { mode: "auto" } }),
      }),
    ],
    ["publishes a release", () => ({ path: "/api/ops/releases", body: "{}" })],
    ["hands out a claim code", () => ({ path: "/api/ops/claims", body: "{}" })],
  ])("a viewer %s", async (_, request) => {
    const answer = await changesNothing({ ...request(), token: await world.stack.token("dev:linus") });
    expect(answer).toMatchObject({ status: 403, error: { code: "forbidden" } });
  });

  it("an approver may not order, and somebody whom our own table does not know may nothing", async () => {
    const grace = await world.stack.token("dev:grace");
    expect(await changesNothing({ path: actPath(), token: grace, body: text(config) })).toMatchObject({
      status: 403,
    });
    const stranger = await jwt({ subject: "dev:stranger" }).sign(identityKey());
    expect(await changesNothing({ path: "/api/ops/policy", token: stranger })).toMatchObject({ status: 403 });
  });
});

describe("a request that no page of ours makes", () => {
  it.each<[string, Record<string, string>, number, string]>([
    ["from another origin", { origin: "https://evil.example" }, 403, "forbidden"],
    ["from an opaque origin", { origin: "null" }, 403, "forbidden"],
    ["from another site, by its fetch metadata", { "sec-fetch-site": "cross-site" }, 403, "forbidden"],
    ["as plain text", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
    ["as a form", { "content-type": "application/x-www-form-urlencoded" }, 415, "unsupported_media_type"],
  ])("%s", async (_, headers, status, code) => {
    for (const request of [
      { path: "/api/ops/policy/kill", body: text(kill) },
      { path: approvePath(), body: text(approval) },
    ]) {
      expect(await changesNothing({ ...request, headers })).toMatchObject({ status, error: { code } });
    }
  });
});

describe("a request about nothing, or of no shape", () => {
  const withNumber = (n: number) => incidentId.replace(/_[0-9]+$/, `_${n}`);

  it.each<[string, () => OpsRequest, number, object]>([
    [
      "an incident that never was",
      () => ({ path: actPath(withNumber(99)), body: text(config) }),
      404,
      { code: "not_found" },
    ],
    [
      "an incident id that is none",
      () => ({ path: actPath("inc_nonsense"), body: text(config) }),
      404,
      { code: "not_found" },
    ],
    [
      "an incident of a made-up plugin",
      () => ({ path: actPath(`inc_${"A".repeat(27)}_1`), body: text(config) }),
      404,
      { code: "not_found" },
    ],
    [
      "a made-up plugin",
      () => ({ path: `/api/ops/plugins/plg_${"A".repeat(27)}` }),
      404,
      { code: "not_found" },
    ],
    ["an unknown route", () => ({ path: "/api/ops/explode" }), 404, { code: "not_found" }],
    ["malformed JSON", () => ({ path: actPath(), body: "{" }), 400, { code: "invalid" }],
    [
      "an action that is none",
      () => ({ path: actPath(), body: text({ action: "explode", reason: "boom" }) }),
      400,
      { code: "invalid", field: "action" },
    ],
    [
      "no reason",
      () => ({ path: actPath(), body: text({ ...config, reason: "  " }) }),
      400,
      { code: "invalid", field: "reason" },
    ],
    [
      "a field too many",
      () => ({ path: "/api/ops/policy/kill", body: text({ ...kill, revision: 3 }) }),
      400,
      { code: "invalid" },
    ],
    [
      "no settings",
      () => ({ path: actPath(), body: text({ ...config, set: {} }) }),
      400,
      { code: "invalid", field: "set" },
    ],
    [
      "65 KiB",
      () => ({ path: "/api/ops/policy/kill", body: text(kill).padEnd(65 * 1024) }),
      413,
      { code: "payload_too_large" },
    ],
    [
      "a status that is none",
      () => ({ path: "/api/ops/plugin-incidents?status=broken" }),
      400,
      { code: "invalid" },
    ],
    [
      "a limit beyond the largest",
      () => ({ path: "/api/ops/plugin-incidents?limit=100000" }),
      400,
      { code: "invalid", field: "limit" },
    ],
    [
      "a cursor of one's own making",
      () => ({ path: "/api/ops/autopatch-attempts?cursor=abc" }),
      400,
      { code: "invalid", field: "cursor" },
    ],
    [
      "an instant that Postgres does not have",
      () => ({ path: "/api/ops/plugin-incidents?since=2026-11-22T08:00:00%2B23:00" }),
      400,
      { code: "invalid", field: "since" },
    ],
  ])("%s", async (_, request, status, error) => {
    expect(await changesNothing(request())).toMatchObject({ status, error });
  });

  it("a field that the policy does not have", async () => {
    const { revision } = await call(world.api, Policy, "/api/ops/policy");
    const body = text({ revision, reason: "journey: a typo", patch: { kil_switch: true } });
    expect(await changesNothing({ path: "/api/ops/policy", method: "PATCH", body })).toMatchObject({
      status: 400,
      error: { code: "invalid", field: "document.kil_switch" },
    });
  });

  it("a plugin that never enrolled is as unknown as a made-up one", async () => {
    const id = await mintPluginId(Buffer.from(secrets.PLUGIN_ID_KEY, "base64"));
    expect(await changesNothing({ path: `/api/ops/plugins/${id}` })).toMatchObject({ status: 404 });
    const path = actPath(`inc_${id.slice("plg_".length)}_1`);
    expect(await changesNothing({ path, body: text(config) })).toMatchObject({ status: 404 });
  });
});

it("after all of it the question still stands, and the right person answers it", async () => {
  const answer = await world.api(approvePath(), { json: approval, as: "dev:grace" });
  expect(answer.status).toBe(200);
  await world.attemptReaches(plugin.id, "applying");
});
