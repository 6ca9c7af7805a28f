/** Bad input on the plugin routes: the documented status and body, and nothing at all changed by it. */
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadOrCreateSecrets } from "../../local/secrets.ts";
import { ErrorBody } from "../../src/contract/error.ts";
import { mintClaim } from "../../src/crypto/claim-code.ts";
import { mintPluginId } from "../../src/crypto/plugin-id.ts";
import { counters, failWebhooks, orderConfig, PATIENT_INTERVALS } from "./scripted-incident.ts";
import {
  enrolPlugin,
  type Headers,
  mintClaimCode,
  postJson,
  type ScriptedPlugin,
  signatureOf,
} from "./scripted-plugin.ts";
import { atRest, standingOf } from "./standing.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
/** Each has a command in hand, and so something to lose. */
let victim: ScriptedPlugin;
let neighbour: ScriptedPlugin;
let keyed: ScriptedPlugin;
let neverEnrolled: string;
let macKey: Uint8Array;
let firstBeat: { body: string; headers: Headers };

beforeAll(async () => {
  world = await startWorld({ policy: { intervals: PATIENT_INTERVALS } });
  macKey = Buffer.from(loadOrCreateSecrets(world.stack.dataDir).PLUGIN_ID_KEY, "base64");
  neverEnrolled = await mintPluginId(macKey);
  victim = await enrolPlugin(world.stack, { merchant: "victim" });
  const body = victim.envelope("heartbeat", victim.beatData());
  firstBeat = { body, headers: victim.headersFor(body) };
  await victim.post("/api/plugins/heartbeat", body, firstBeat.headers);
  neighbour = await enrolPlugin(world.stack, { merchant: "neighbour" });
  keyed = await enrolPlugin(world.stack, { merchant: "keyed", credential: "ed25519" });
  await keyed.beat();
  await Promise.all([victim, neighbour].map(handACommandTo));
  await atRest(world, everybody());
});
afterAll(() => world?.stop());

const everybody = () => [victim.id, neighbour.id, keyed.id];

async function handACommandTo(plugin: ScriptedPlugin): Promise<void> {
  await orderConfig(world, (await failWebhooks(world, plugin)).id);
  await world.attemptReaches(plugin.id, "applying");
  expect((await plugin.beat()).commands).toHaveLength(1);
}

const commandOf = (plugin: ScriptedPlugin, number = 1) => `cmd_${plugin.id.slice("plg_".length)}_${number}`;

/** Sends it, and holds everything that could have changed against what was before. */
async function changesNothing(
  send: () => Promise<Response>,
): Promise<{ status: number; error: ErrorBody["error"] }> {
  const before = await standingOf(world, everybody());
  const answer = await send();
  const body: unknown = await answer.json();
  expect(await standingOf(world, everybody())).toEqual(before);
  const { error } = ErrorBody.strict().parse(body);
  expect(answer.headers.get("x-request-id")).toBe(error.request_id);
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  return { status: answer.status, error };
}

/** A genuine beat of the victim, unless changed. */
interface BadRequest {
  path?: string;
  body?: string;
  headers?: (body: string) => Headers;
}
function send({ path = "/api/plugins/heartbeat", body = aBeat(), headers }: BadRequest): Promise<Response> {
  return victim.post(path, body, headers?.(body));
}
const aBeat = (data: object = {}) => victim.envelope("heartbeat", { ...goodBeat(), ...data });
/** Its number is the next one, so that only what is wrong with it can stop it. */
const goodBeat = () => ({
  plugin_id: victim.id,
  seq: 1000,
  boot_id: "boot",
  version: "1.0.0",
  state: "running",
  cadence: "resident",
  counters: counters(999, 999),
});
const secondsFromNow = (s: number) => new Date(Date.now() + s * 1000);
const secretOf = (plugin: ScriptedPlugin) =>
  plugin.credential.kind === "hmac" ? plugin.credential.secret : "";

describe("every failure of authentication has one and the same body", () => {
  const stranger = generateKeyPairSync("ed25519").privateKey;
  const replaced = (change: Headers) => ({ headers: (body: string) => victim.headersFor(body, change) });

  it.each<[string, () => BadRequest]>([
    [
      "a wrong signature",
      () => replaced({ "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")}` }),
    ],
    ["a signature that is none", () => replaced({ "webhook-signature": "v1,%%%" })],
    [
      "another plugin's signature",
      () => ({ headers: (body) => ({ ...neighbour.headersFor(body), "x-plugin-id": victim.id }) }),
    ],
    ["a body changed after signing", () => ({ headers: () => victim.headersFor(aBeat({ seq: 999 })) })],
    ["a message id changed after signing", () => replaced({ "webhook-id": "msg_other" })],
    [
      "a timestamp changed after signing",
      () => replaced({ "webhook-timestamp": String(Math.floor(Date.now() / 1000) - 9) }),
    ],
    [
      "a timestamp that is too old",
      () => ({ headers: (body) => victim.headersFor(body, {}, secondsFromNow(-302)) }),
    ],
    [
      "a timestamp of the future",
      () => ({ headers: (body) => victim.headersFor(body, {}, secondsFromNow(330)) }),
    ],
    ["a timestamp that is no number", () => replaced({ "webhook-timestamp": "soon" })],
    ["no message id", () => replaced({ "webhook-id": undefined })],
    ["no timestamp", () => replaced({ "webhook-timestamp": undefined })],
    ["no signature", () => replaced({ "webhook-signature": undefined })],
    ["no plugin id", () => replaced({ "x-plugin-id": undefined })],
    ["a malformed plugin id", () => replaced({ "x-plugin-id": "' OR 1=1 --" })],
    ["a made-up plugin id", () => replaced({ "x-plugin-id": `plg_${"A".repeat(27)}` })],
    ["a plugin id with one character changed", () => replaced({ "x-plugin-id": withLastChanged(victim.id) })],
    ["a genuine plugin id that never enrolled", () => replaced({ "x-plugin-id": neverEnrolled })],
    [
      "a stranger's Ed25519 entry for a plugin with a secret",
      () => ({
        headers: (body) => {
          const id = "msg_stranger";
          const signature = signatureOf({ kind: "ed25519", privateKey: stranger }, id, new Date(), body);
          return victim.headersFor(body, { "webhook-id": id, "webhook-signature": signature });
        },
      }),
    ],
    [
      "the right HMAC under the label of Ed25519",
      () => ({
        headers: (body) => {
          const headers = victim.headersFor(body);
          return { ...headers, "webhook-signature": headers["webhook-signature"]?.replace("v1,", "v1a,") };
        },
      }),
    ],
    [
      "an endless list of signatures with the right one at its end",
      () => ({
        headers: (body) => {
          const headers = victim.headersFor(body);
          return {
            ...headers,
            "webhook-signature": `${"v1,AAAA ".repeat(20)}${headers["webhook-signature"]}`,
          };
        },
      }),
    ],
  ])("%s", async (_, bad) => {
    expect(await changesNothing(() => send(bad()))).toEqual(UNAUTHORIZED);
  });

  it("a public key is never taken for an HMAC secret", async () => {
    if (keyed.credential.kind !== "ed25519") throw new Error("enrolled with a secret");
    const body = keyed.envelope("heartbeat", { ...goodBeat(), plugin_id: keyed.id });
    const [row] = await world.rows("SELECT public_key FROM merchant_plugins WHERE id = $1", [keyed.id]);
    const headers = keyed.headersFor(body);
    const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
    const forged = new Webhook(`whsec_${row?.public_key}`).sign(headers["webhook-id"] ?? "", at, body);
    const answer = await changesNothing(() =>
      keyed.post("/api/plugins/heartbeat", body, { ...headers, "webhook-signature": forged }),
    );
    expect(answer).toEqual(UNAUTHORIZED);
  });

  it("an Ed25519 signature by another key is refused", async () => {
    const body = keyed.envelope("heartbeat", { ...goodBeat(), plugin_id: keyed.id });
    const headers = keyed.headersFor(body);
    const content = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
    const forged = `v1a,${sign(null, content, stranger).toString("base64")}`;
    const answer = await changesNothing(() =>
      keyed.post("/api/plugins/heartbeat", body, { ...headers, "webhook-signature": forged }),
    );
    expect(answer).toEqual(UNAUTHORIZED);
  });
});

const UNAUTHORIZED = {
  status: 401,
  error: {
    code: "unauthorized",
    message: "authentication failed",
    request_id: expect.stringMatching(/^req_/),
  },
};

function withLastChanged(id: string): string {
  const index = id.length - 3;
  return `${id.slice(0, index)}${id[index] === "A" ? "B" : "A"}${id.slice(index + 1)}`;
}

describe("a request that does not belong where it was sent", () => {
  const ackOf = (plugin: ScriptedPlugin, command: string, change: object = {}) =>
    victim.envelope("command.ack", {
      plugin_id: plugin.id,
      command_id: command,
      result: { version: "1.0.0" },
      ...change,
    });
  const ackPath = (command: string) => `/api/plugins/commands/${command}/ack`;
  const failPath = (command: string) => `/api/plugins/commands/${command}/fail`;

  it.each<[string, () => BadRequest, number, object]>([
    [
      "a replay of an earlier beat",
      () => ({ body: firstBeat.body, headers: () => firstBeat.headers }),
      409,
      { code: "stale_seq", last_seq: 3 },
    ],
    [
      "another plugin's body",
      () => ({ body: aBeat({ plugin_id: neighbour.id }) }),
      400,
      { code: "invalid", field: "data.plugin_id" },
    ],
    [
      "a beat sent as an acknowledgement",
      () => ({ path: ackPath(commandOf(victim)) }),
      400,
      { code: "invalid", field: "type" },
    ],
    [
      "an acknowledgement sent as a beat",
      () => ({ body: ackOf(victim, commandOf(victim)) }),
      400,
      { code: "invalid", field: "type" },
    ],
    [
      "an acknowledgement sent as a failure",
      () => ({ path: failPath(commandOf(victim)), body: ackOf(victim, commandOf(victim)) }),
      400,
      { code: "invalid", field: "type" },
    ],
    [
      "another plugin's command",
      () => ({ path: ackPath(commandOf(neighbour)), body: ackOf(victim, commandOf(neighbour)) }),
      404,
      { code: "not_found" },
    ],
    [
      "another plugin's command, failed",
      () => ({ path: failPath(commandOf(neighbour)), body: ackOf(victim, commandOf(neighbour)) }),
      404,
      { code: "not_found" },
    ],
    [
      "a command that was never given",
      () => ({ path: ackPath(commandOf(victim, 77)), body: ackOf(victim, commandOf(victim, 77)) }),
      404,
      { code: "not_found" },
    ],
    [
      "a command id that is none",
      () => ({ path: ackPath("cmd_nonsense"), body: ackOf(victim, commandOf(victim)) }),
      404,
      { code: "not_found" },
    ],
    [
      "an own command in the path, another in the body",
      () => ({ path: ackPath(commandOf(victim)), body: ackOf(victim, commandOf(victim, 2)) }),
      400,
      { code: "invalid", field: "data.command_id" },
    ],
    [
      "an own command in the path, another plugin's in the body",
      () => ({ path: ackPath(commandOf(victim)), body: ackOf(victim, commandOf(neighbour)) }),
      400,
      { code: "invalid", field: "data.command_id" },
    ],
    [
      "an acknowledgement in another plugin's name",
      () => ({ path: ackPath(commandOf(victim)), body: ackOf(neighbour, commandOf(victim)) }),
      400,
      { code: "invalid", field: "data.plugin_id" },
    ],
    ["an unknown route", () => ({ path: "/api/plugins/explode" }), 404, { code: "not_found" }],
  ])("%s", async (_, bad, status, error) => {
    expect(await changesNothing(() => send(bad()))).toMatchObject({ status, error });
  });

  it("a beat by GET is no route", async () => {
    const answer = await changesNothing(() => fetch(`${world.stack.url}/api/plugins/heartbeat`));
    expect(answer).toMatchObject({ status: 404, error: { code: "not_found" } });
  });
});

describe("a body that is not what it should be", () => {
  const typed = (type: string | undefined) => ({
    headers: (body: string) => victim.headersFor(body, { "content-type": type }),
  });

  it.each<[string, () => BadRequest, number, object]>([
    ["65 KiB", () => ({ body: aBeat({ errors: [] }).padEnd(65 * 1024) }), 413, { code: "payload_too_large" }],
    [
      "65 KiB, unsigned",
      () => ({ body: " ".repeat(65 * 1024), headers: () => ({ "content-type": "application/json" }) }),
      413,
      { code: "payload_too_large" },
    ],
    ["plain text", () => typed("text/plain"), 415, { code: "unsupported_media_type" }],
    ["a form", () => typed("application/x-www-form-urlencoded"), 415, { code: "unsupported_media_type" }],
    [
      "malformed JSON",
      () => ({ body: '{"type":"heartbeat",' }),
      400,
      { code: "invalid", message: "the body is not JSON" },
    ],
    ["nothing", () => ({ body: "" }), 400, { code: "invalid" }],
    ["JSON null", () => ({ body: "null" }), 400, { code: "invalid" }],
    [
      "no data",
      () => ({ body: victim.envelope("heartbeat", { plugin_id: victim.id }) }),
      400,
      { code: "invalid", field: "data.seq" },
    ],
    ["a negative number", () => ({ body: aBeat({ seq: -1 }) }), 400, { code: "invalid", field: "data.seq" }],
    [
      "a number beyond what is exact",
      () => ({ body: aBeat().replace('"seq":1000', '"seq":1e300') }),
      400,
      { code: "invalid", field: "data.seq" },
    ],
    [
      "counters that are no counts",
      () => ({ body: aBeat({ counters: { ...counters(1, 1), errors: 1.5 } }) }),
      400,
      { code: "invalid", field: "data.counters.errors" },
    ],
    [
      "a version that is none",
      () => ({ body: aBeat({ version: "<script>" }) }),
      400,
      { code: "invalid", field: "data.version" },
    ],
    [
      "six errors",
      () => ({ body: aBeat({ errors: Array(6).fill({ fingerprint: "f", message: "m", count: 1 }) }) }),
      400,
      { code: "invalid", field: "data.errors" },
    ],
    [
      "a setting of the environment that is no name",
      () => ({ body: aBeat({ env: { "Not A Name": "x" } }) }),
      400,
      { code: "invalid", field: "data.env.Not A Name" },
    ],
  ])("%s", async (_, bad, status, error) => {
    expect(await changesNothing(() => send(bad()))).toMatchObject({ status, error });
  });

  it("bytes that are not UTF-8", async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    const timestamp = String(Math.floor(Date.now() / 1000));
    // By hand: the package signs text, and these bytes are none.
    const key = Buffer.from(secretOf(victim).slice("whsec_".length), "base64");
    const content = Buffer.concat([Buffer.from(`msg_bytes.${timestamp}.`), bytes]);
    const headers = {
      "content-type": "application/json",
      "webhook-id": "msg_bytes",
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${createHmac("sha256", key).update(content).digest("base64")}`,
      "x-plugin-id": victim.id,
    };
    const answer = await changesNothing(() =>
      fetch(`${world.stack.url}/api/plugins/heartbeat`, { method: "POST", headers, body: bytes }),
    );
    expect(answer).toMatchObject({
      status: 400,
      error: { code: "invalid", message: "the body is not UTF-8" },
    });
  });

  it("more than 64 KiB that never declared its length", async () => {
    let sent = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (sent++ >= 65) controller.close();
        else controller.enqueue(new Uint8Array(1024).fill(32));
      },
    });
    // Node's fetch wants `duplex` for a streamed body; the DOM's types do not know it.
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", "x-plugin-id": victim.id },
      body: stream,
      duplex: "half",
    } as RequestInit;
    const answer = await changesNothing(() => fetch(`${world.stack.url}/api/plugins/heartbeat`, init));
    expect(answer).toMatchObject({ status: 413, error: { code: "payload_too_large" } });
  });

  it("a little too much is always told so, and never meets a closed connection", async () => {
    const headers = { "content-type": "application/json", "x-plugin-id": victim.id };
    const post = (body: string) =>
      fetch(`${world.stack.url}/api/plugins/heartbeat`, { method: "POST", headers, body });
    for (let i = 0; i < 100; i++) {
      const answer = await post(" ".repeat(65 * 1024 + i * 512));
      expect([answer.status, ErrorBody.parse(await answer.json()).error.code]).toEqual([
        413,
        "payload_too_large",
      ]);
    }
  });
});

describe("a claim code", () => {
  const product = "shop-pay";
  const request = (claim_code: string, change: object = {}) => ({
    claim_code,
    product,
    version: "1.0.0",
    environment: {},
    ...change,
  });
  const enrol = (code: string, change: object = {}) =>
    changesNothing(() => postJson(world.stack.url, "/api/plugins/enroll", request(code, change)));
  const claim = (expiresInMs: number) => ({
    nonce: "nonce-of-a-forger",
    merchant_id: "forger",
    merchant_name: "Forger",
    product,
    expires_at: new Date(Date.now() + expiresInMs).toISOString(),
  });

  it("that has expired, was forged or was changed has the same body as any failed proof", async () => {
    expect(await enrol(await mintClaim(macKey, claim(-1000)))).toEqual(UNAUTHORIZED);
    expect(await enrol(await mintClaim(new Uint8Array(32), claim(60_000)))).toEqual(UNAUTHORIZED);
    const genuine = await mintClaimCode(world.stack, "careless", product);
    expect(
      await enrol(genuine.replace(/^clm_./, (start) => (start === "clm_A" ? "clm_B" : "clm_A"))),
    ).toEqual(UNAUTHORIZED);
  });

  it("is used once; a second use is a conflict", async () => {
    const code = await mintClaimCode(world.stack, "twice", product);
    expect((await postJson(world.stack.url, "/api/plugins/enroll", request(code))).status).toBe(201);
    await atRest(world, everybody());
    expect(await enrol(code)).toMatchObject({ status: 409, error: { code: "conflict" } });
  });

  it("used by two at once makes one plugin", async () => {
    const code = await mintClaimCode(world.stack, "race", product);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => postJson(world.stack.url, "/api/plugins/enroll", request(code))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    await atRest(world, everybody());
    const [row] = await world.rows(
      "SELECT count(*)::int AS n FROM merchant_plugins WHERE merchant_id = 'race'",
    );
    expect(row).toEqual({ n: 1 });
  });

  it("is not spent by a request that does not fit it", async () => {
    const code = await mintClaimCode(world.stack, "clumsy", product);
    expect(await enrol(code, { product: "other-pay" })).toMatchObject({
      status: 400,
      error: { field: "product" },
    });
    expect(await enrol(code, { version: "latest" })).toMatchObject({
      status: 400,
      error: { field: "version" },
    });
    expect(await enrol(code, { public_key: "AAAA" })).toMatchObject({
      status: 400,
      error: { field: "public_key" },
    });
    expect(await enrol("clm_short", {})).toMatchObject({ status: 400, error: { field: "claim_code" } });
    expect((await postJson(world.stack.url, "/api/plugins/enroll", request(code))).status).toBe(201);
  });
});

it("after all of it the plugins beat on, and what they had in hand is theirs", async () => {
  for (const plugin of [victim, neighbour]) {
    const [command] = (await plugin.beat()).commands;
    expect(command?.id).toBe(commandOf(plugin));
    const answer = await plugin.report(commandOf(plugin), "ack", { result: { version: "1.0.0" } });
    expect(answer.status).toBe(200);
  }
  expect((await keyed.beat()).commands).toEqual([]);
});
