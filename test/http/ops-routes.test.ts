import { describe, expect, it } from "vitest";
import { Claim, type ClaimReply } from "../../src/contract/enroll.ts";
import type { ReleaseManifest } from "../../src/contract/release.ts";
import { openClaim } from "../../src/crypto/claim-code.ts";
import { sha256Hex } from "../../src/crypto/digest.ts";
import { toBase64, utf8 } from "../../src/crypto/encoding.ts";
import { mintPluginId } from "../../src/crypto/plugin-id.ts";
import { createApp } from "../../src/http/app.ts";
import { aServer, json } from "../services/loopback-server.ts";
import { aFakeEnv, asPerson, type Doubles, ORIGIN, PLUGIN_ID_KEY, publisher } from "./fake-env.ts";

const app = createApp();
const pluginId = await mintPluginId(PLUGIN_ID_KEY);
const incidentId = `inc_${pluginId.slice(4)}_1`;
const foreignIncident = `inc_${"A".repeat(27)}_1`;

async function send(
  subject: string,
  method: string,
  path: string,
  body?: unknown,
  doubles: Doubles = {},
  overrides = {},
) {
  const fake = aFakeEnv(doubles, overrides);
  const init = {
    method,
    headers: await asPerson(subject),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await app.request(`${ORIGIN}${path}`, init, fake.env);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text), fake };
}

/** A Postgres behind Neon's protocol that is empty. */
async function anEmptyPostgres() {
  const nothing = { command: "SELECT", rowCount: 0, fields: [], rows: [], rowAsArray: true };
  const { url } = await aServer(({ body }, response) => {
    const { queries } = JSON.parse(body) as { queries?: unknown[] };
    json(response, 200, queries ? { results: queries.map(() => nothing) } : nothing);
  });
  return { NEON_PROXY_URL: url };
}

describe("the verbs of an incident", () => {
  const approval = {
    attempt_id: `att_${pluginId.slice(4)}_1`,
    evidence_hash: "a".repeat(64),
    reason: "looks right",
  };

  it("go to the plugin's own object, with the person", async () => {
    const approve = async () => ({ ok: true, value: { incident: {}, attempt: null } }) as never;
    const path = `/api/ops/plugin-incidents/${incidentId}/approve`;
    const { status, fake } = await send("anna", "POST", path, approval, { plugin: { approve } });
    expect(status).toBe(200);
    expect(fake.calls).toEqual([`plugin/${pluginId}.approve`]);
    expect(fake.args[0]).toEqual([
      incidentId,
      { ...approval, decision: "approve" },
      { id: "anna", name: "Ada Lovelace", roles: ["approver"] },
    ]);
  });

  it("pass a refusal on", async () => {
    const refusal = { reason: "forbidden", message: "the requester may not approve" } as const;
    const approve = async () => ({ ok: false, refusal }) as const;
    const path = `/api/ops/plugin-incidents/${incidentId}/approve`;
    const { status, body } = await send("anna", "POST", path, approval, { plugin: { approve } });
    expect(status).toBe(403);
    expect(body).toMatchObject({ error: { code: "forbidden", message: refusal.message } });
  });

  it.each([foreignIncident, "inc_x", "nonsense"])("answer 404 for %s and wake nothing", async (id) => {
    for (const [subject, verb, body] of [
      ["anna", "approve", approval],
      ["otto", "manual-action", { action: "retry", reason: "again please" }],
    ] as const) {
      const { status, fake } = await send(subject, "POST", `/api/ops/plugin-incidents/${id}/${verb}`, body);
      expect(status).toBe(404);
      expect(fake.calls).toEqual([]);
    }
  });

  it.each([
    [{ action: "explode", reason: "because" }, "action"],
    [{ action: "patch", version: "latest", reason: "because" }, "version"],
    [{ action: "retry", reason: "x" }, "reason"],
  ])("refuse the action %j and name the field", async (action, field) => {
    const path = `/api/ops/plugin-incidents/${incidentId}/manual-action`;
    const { status, body, fake } = await send("otto", "POST", path, action);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "invalid", field } });
    expect(fake.calls).toEqual([]);
  });
});

describe("a snooze and a vote", () => {
  const path = `/api/ops/plugin-incidents/${incidentId}/manual-action`;
  const done = (incident: object | null) => ({
    plugin: { act: async () => ({ ok: true, value: { incident, attempt: null } }) as never },
  });

  it.each([
    { action: "snooze", until: "2026-11-22T18:00:00Z", reason: "known, being mended" },
    { action: "vote", vote: "false_positive", reason: "nothing was wrong" },
  ])("go to the plugin's object as they came: %j", async (action) => {
    const { status, body, fake } = await send("otto", "POST", path, action, done({ id: incidentId }));
    expect(status).toBe(200);
    expect(body).toEqual({ incident: { id: incidentId }, attempt: null });
    expect(fake.args[0]?.slice(0, 2)).toEqual([incidentId, action]);
  });

  it.each([
    [{ action: "snooze", reason: "because" }, "until"],
    [{ action: "snooze", until: "tomorrow", reason: "because" }, "until"],
    [{ action: "vote", vote: "great", reason: "because" }, "vote"],
  ])("are refused when they are no such thing: %j", async (action, field) => {
    const { status, body, fake } = await send("otto", "POST", path, action);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "invalid", field } });
    expect(fake.calls).toEqual([]);
  });

  it("ask the ledger for an incident that its plugin has forgotten", async () => {
    const action = { action: "vote", vote: "useful", reason: "it was real" };
    const { status } = await send("otto", "POST", path, action, done(null));
    // Postgres is down in this test: the vote is kept by the object, the answer has to wait.
    expect(status).toBe(503);
  });
});

describe("a plugin's page", () => {
  it("is live from its object", async () => {
    const detail = async () => ({ plugin: { id: pluginId } }) as never;
    const { status, body } = await send("vera", "GET", `/api/ops/plugins/${pluginId}`, undefined, {
      plugin: { detail },
    });
    expect(status).toBe(200);
    expect(body).toEqual({ plugin: { id: pluginId } });
  });

  it("is 404 for a plugin that never enrolled, and for an id that we never minted", async () => {
    const detail = async () => null;
    expect(
      (await send("vera", "GET", `/api/ops/plugins/${pluginId}`, undefined, { plugin: { detail } })).status,
    ).toBe(404);
    const made = await send("vera", "GET", `/api/ops/plugins/plg_${"A".repeat(27)}`);
    expect(made.status).toBe(404);
    expect(made.fake.calls).toEqual([]);
  });
});

describe("lists from Postgres", () => {
  const lists = [
    "/api/ops/plugin-incidents",
    "/api/ops/autopatch-attempts",
    "/api/ops/plugins",
    "/api/ops/releases",
    "/api/ops/policy/history",
  ];

  it.each(lists)("%s is empty when there is nothing", async (path) => {
    const { status, body } = await send("vera", "GET", path, undefined, {}, await anEmptyPostgres());
    expect(status).toBe(200);
    expect(body.items).toEqual([]);
  });

  it.each([...lists, `/api/ops/plugin-incidents/${incidentId}`])(
    "%s is 503 while Postgres is down",
    async (path) => {
      const { status, headers, body } = await send("vera", "GET", path);
      expect(status).toBe(503);
      expect(headers.get("retry-after")).toBe("5");
      expect(body).toMatchObject({
        error: { code: "unavailable", message: expect.stringMatching(/records/) },
      });
    },
  );

  it.each([
    ["/api/ops/plugin-incidents?status=open,broken", "status.1"],
    ["/api/ops/plugin-incidents?limit=1000", "limit"],
    ["/api/ops/plugin-incidents?since=yesterday", "since"],
    ["/api/ops/autopatch-attempts?plugin_id=x", "plugin_id"],
    ["/api/ops/plugins?product=%27%3B", "product"],
    ["/api/ops/plugin-incidents?cursor=nonsense", "cursor"],
    ["/api/ops/releases?product=A", "product"],
    ["/api/ops/policy/history?limit=0", "limit"],
    ["/api/ops/kpis?window_s=1", "window_s"],
  ])("%s is 400 with the field", async (path, field) => {
    const { status, body } = await send("vera", "GET", path, undefined, {}, await anEmptyPostgres());
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "invalid", field } });
  });

  it("answers 404 for an incident that is not there", async () => {
    const empty = await anEmptyPostgres();
    expect(
      (await send("vera", "GET", `/api/ops/plugin-incidents/${incidentId}`, undefined, {}, empty)).status,
    ).toBe(404);
    expect((await send("vera", "GET", "/api/ops/plugin-incidents/x", undefined, {}, empty)).status).toBe(404);
  });
});

describe("the policy", () => {
  it("is read from its authority", async () => {
    const read = async () => ({ revision: 3 }) as never;
    const { body, headers } = await send("vera", "GET", "/api/ops/policy", undefined, { policy: { read } });
    expect(body).toEqual({ revision: 3 });
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("answers a stale revision with the one in force", async () => {
    const patch = async () => ({ ok: false, refusal: { reason: "stale_revision", revision: 7 } }) as const;
    const change = { revision: 3, reason: "calm down", patch: { mode: "off" } };
    const { status, body } = await send("ada", "PATCH", "/api/ops/policy", change, { policy: { patch } });
    expect(status).toBe(409);
    expect(body).toMatchObject({ error: { code: "stale_revision", revision: 7 } });
  });

  it("is refused when a field is unknown or out of bounds", async () => {
    for (const [document, field] of [
      [{ min_confidence: 2 }, "document.min_confidence"],
      [{ killswitch: true }, "document"],
    ] as const) {
      const { status, body, fake } = await send("ada", "PUT", "/api/ops/policy", {
        revision: 1,
        reason: "because",
        document,
      });
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: { code: "invalid", field } });
      expect(fake.calls).toEqual([]);
    }
  });

  it("answers 503 when its object is overloaded, and 500 without detail when it is broken", async () => {
    const overloaded = async () => Promise.reject(Object.assign(new Error("queue"), { overloaded: true }));
    const busy = await send("vera", "GET", "/api/ops/policy", undefined, { policy: { read: overloaded } });
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "5"]);
    const broken = async () => Promise.reject(new TypeError("secret detail"));
    const fault = await send("vera", "GET", "/api/ops/policy", undefined, { policy: { read: broken } });
    expect(fault.status).toBe(500);
    expect(fault.body.error).toEqual({
      code: "internal",
      message: "something went wrong on our side",
      request_id: fault.body.error.request_id,
    });
  });
});

describe("publishing a release", () => {
  const file = utf8("PK not really a zip");
  async function aRelease(overrides: Partial<ReleaseManifest> = {}, content = file) {
    const manifest = JSON.stringify({
      spec: "vigie.release/1",
      product: "molam-pay",
      version: "1.2.3",
      sha256: await sha256Hex(file),
      size: file.length,
      min_from: "1.0.0",
      reversible: true,
      expires: new Date(Date.now() + 60_000).toISOString(),
      ...overrides,
    });
    const signatures = [{ key_id: "release-1", signature: await publisher.sign(manifest) }];
    return { manifest, signatures, file: toBase64(content) };
  }
  const publish = async (release: unknown) =>
    send("ada", "POST", "/api/ops/releases", release, {
      release: { publish: async (record) => ({ ok: true, value: record }) },
    });

  it("keeps the file by its digest and hands the record to the product's object", async () => {
    const release = await aRelease();
    const { status, body, fake } = await publish(release);
    expect(status).toBe(201);
    expect(fake.calls).toEqual(["release/molam-pay.publish"]);
    const sha256 = await sha256Hex(file);
    expect(fake.files.get(sha256)).toEqual(file);
    expect(body).toMatchObject({
      product: "molam-pay",
      version: "1.2.3",
      sha256,
      size: file.length,
      status: "active",
      published_by: "ada",
      notes: "",
      signed: { manifest: release.manifest, signatures: release.signatures },
    });
  });

  it.each<[string, () => Promise<object>, string]>([
    [
      "nobody pinned signed it",
      async () => ({ ...(await aRelease()), signatures: [{ key_id: "x", signature: "AAAA" }] }),
      "signatures",
    ],
    ["the signed text was changed", async () => ({ ...(await aRelease()), manifest: "{}" }), "signatures"],
    ["it has expired", () => aRelease({ expires: "2020-01-01T00:00:00Z" }), "manifest"],
    ["the file has another digest", () => aRelease({}, utf8("PK not really a zop")), "file"],
    ["the file has another size", () => aRelease({}, utf8("PK")), "file"],
  ])("is refused when %s, and keeps nothing", async (_, release, field) => {
    const { status, body, fake } = await publish(await release());
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "invalid", field } });
    expect(fake.calls).toEqual([]);
    expect(fake.files.size).toBe(0);
  });

  it("halts a release with a reason", async () => {
    const setStatus = async () => ({ ok: true, value: { status: "halted" } }) as never;
    const path = "/api/ops/releases/molam-pay/1.2.4/status";
    const halt = { status: "halted", reason: "breaks under load" };
    const { status, fake } = await send("otto", "POST", path, halt, { release: { setStatus } });
    expect(status).toBe(200);
    expect(fake.calls).toEqual(["release/molam-pay.setStatus"]);
    expect(fake.args[0]?.slice(0, 3)).toEqual(["1.2.4", "halted", "breaks under load"]);
    expect((await send("otto", "POST", "/api/ops/releases/molam-pay/latest/status", halt)).status).toBe(404);
  });

  it.each(["releases/molam-pay/1.2.4", "remedies/molam-pay/rmd_abcdefgh"])(
    "lets %s go on only for whoever says what they saw, and hands that to the object",
    async (subject) => {
      const setStatus = async () => ({ ok: true, value: { status: "active" } }) as never;
      const resume = (body: object) =>
        send(
          "ada",
          "POST",
          `/api/ops/${subject}/status`,
          { status: "active", reason: "seen", ...body },
          { release: { setStatus } },
        );
      const unseen = await resume({});
      expect(unseen.body).toMatchObject({ error: { code: "invalid", field: "from" } });
      expect([unseen.status, unseen.fake.calls]).toEqual([400, []]);
      const seen = { from: "halted", since: "2026-11-22T10:00:00.000Z" };
      const { status, fake } = await resume(seen);
      expect([status, fake.args[0]?.[4]]).toEqual([200, seen]);
    },
  );
});

describe("claim codes", () => {
  const merchant = { merchant_id: "m-1", merchant_name: "Zoé", product: "molam-pay" };

  it("open to what was asked for", async () => {
    const { status, body } = await send("otto", "POST", "/api/ops/claims", { ...merchant, valid_for_s: 60 });
    expect(status).toBe(201);
    const reply = body as ClaimReply;
    const claim = await openClaim(PLUGIN_ID_KEY, reply.claim_code, Date.now());
    expect(Claim.parse(claim)).toMatchObject({ ...merchant, expires_at: reply.expires_at });
  });

  it("are refused when the name is too long for one", async () => {
    const long = { ...merchant, merchant_id: "m".repeat(64), merchant_name: "食".repeat(120) };
    const { status, body } = await send("otto", "POST", "/api/ops/claims", long);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { field: "merchant_name" } });
  });
});

describe("fleet incidents", () => {
  it("are read from Postgres: an empty list, nobody's number, and what is no number", async () => {
    const empty = await anEmptyPostgres();
    const get = (path: string) =>
      send("vera", "GET", `/api/ops/fleet-incidents${path}`, undefined, {}, empty);
    expect(await get("?status=open")).toMatchObject({ status: 200, body: { items: [], next_cursor: null } });
    expect((await get("?status=closed")).status).toBe(400);
    expect((await get("/fli_1")).status).toBe(404);
    expect((await get("/storm")).status).toBe(404);
    expect((await send("nils", "GET", "/api/ops/fleet-incidents")).status).toBe(403);
  });
});
