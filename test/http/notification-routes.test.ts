import { describe, expect, it } from "vitest";
import type { MerchantNotifications } from "../../src/contract/notification.ts";
import { newSecret } from "../../src/crypto/webhook-signature.ts";
import { createApp } from "../../src/http/app.ts";
import { aServer, json } from "../services/loopback-server.ts";
import { aFakeEnv, asPerson, type Doubles, ORIGIN } from "./fake-env.ts";

const app = createApp();
const MERCHANT = "/api/ops/merchants/m1/notifications";
const PUT = { language: "fr", url: "https://merchant.org/hook", format: "slack", reason: "asked by phone" };
const SET: MerchantNotifications = {
  merchant_id: "m1",
  revision: 1,
  language: "fr",
  url: "https://merchant.org/…",
  format: "slack",
  disabled: null,
  updated_at: "2026-11-22T10:00:00.000Z",
  updated_by: "otto",
};

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
  return { status: response.status, body: await response.json(), fake };
}

/** A Postgres behind Neon's protocol in which one merchant is known, or none. */
async function aPostgres(merchants: string[]) {
  const rows = merchants.map((id) => [id]);
  const fields = [
    {
      name: "id",
      dataTypeID: 25,
      tableID: 0,
      columnID: 0,
      dataTypeSize: -1,
      dataTypeModifier: -1,
      format: "text",
    },
  ];
  const { url } = await aServer((_, response) =>
    json(response, 200, { command: "SELECT", rowCount: rows.length, fields, rows, rowAsArray: true }),
  );
  return { NEON_PROXY_URL: url };
}

describe("a merchant's address", () => {
  it("is set through the desk by an operator, for a merchant that the ledger knows", async () => {
    const setMerchant = async () => ({ ok: true as const, value: { ...SET, secret: newSecret().text } });
    const { status, body, fake } = await send(
      "otto",
      "PUT",
      MERCHANT,
      PUT,
      { notices: { setMerchant } },
      await aPostgres(["m1"]),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...SET, secret: expect.stringMatching(/^whsec_/) });
    expect(fake.calls).toEqual(["notices/notices.setMerchant"]);
    expect(fake.args[0]?.slice(0, 2)).toEqual(["m1", PUT]);
  });

  it("is not set for a merchant that nobody knows: a mistyped id would never be used", async () => {
    const { status, body, fake } = await send("otto", "PUT", MERCHANT, PUT, {}, await aPostgres([]));
    expect(status).toBe(404);
    expect(body).toMatchObject({ error: { message: expect.stringContaining("first enrolled plugin") } });
    expect(fake.calls).toEqual([]);
  });

  it.each([
    ["language", { ...PUT, language: "de" }],
    ["url", { ...PUT, url: "ftp://merchant.org" }],
    ["url", { ...PUT, url: "merchant.org" }],
    ["format", { ...PUT, format: "teams" }],
    ["secret", { ...PUT, secret: "hunter2" }],
    ["secret", { ...PUT, secret: "whsec_AAAA" }],
    ["reason", { ...PUT, reason: " " }],
    [undefined, { ...PUT, urls: [] }],
  ])("with a bad %s is refused before anything is asked", async (field, input) => {
    const { status, body, fake } = await send("otto", "PUT", MERCHANT, input);
    expect(status).toBe(400);
    expect((body as { error: { field?: string } }).error.field).toBe(field);
    expect(fake.calls).toEqual([]);
  });

  it("is neither set nor tried out by a viewer or an approver", async () => {
    for (const subject of ["vera", "anna"])
      for (const [method, path, body] of [
        ["PUT", MERCHANT, PUT],
        ["POST", `${MERCHANT}/test`, { reason: "is it there" }],
        ["POST", "/api/ops/notifications/test", { reason: "is it there" }],
      ] as const) {
        const { status, fake } = await send(subject, method, path, body);
        expect(status).toBe(403);
        expect(fake.calls).toEqual([]);
      }
  });

  it("is shown to everybody without its secrets, and 404 says that there is none", async () => {
    const known = await aPostgres(["m1"]);
    const there = { notices: { merchant: async () => SET } };
    expect(await send("vera", "GET", MERCHANT, undefined, there, known)).toMatchObject({
      status: 200,
      body: SET,
    });
    const none = { notices: { merchant: async () => null } };
    expect((await send("vera", "GET", MERCHANT, undefined, none, known)).body).toMatchObject({
      error: { code: "not_found", message: "no address was ever set for this merchant" },
    });
  });

  it("cannot be read or set while Postgres is away, and says for how long", async () => {
    expect((await send("otto", "PUT", MERCHANT, PUT)).status).toBe(503);
  });
});

describe("a test message", () => {
  it("goes to ops or to the merchant of the path, for a person", async () => {
    const sendTest = async () => ({ ok: true as const, value: { status: "sent" as const, detail: null } });
    const reason = { reason: "is it there" };
    const ops = await send("otto", "POST", "/api/ops/notifications/test", reason, { notices: { sendTest } });
    expect([ops.status, ops.body, ops.fake.args[0]?.[0]]).toEqual([
      200,
      { status: "sent", detail: null },
      null,
    ]);
    const theirs = await send("otto", "POST", `${MERCHANT}/test`, reason, { notices: { sendTest } });
    expect(theirs.fake.args[0]).toMatchObject(["m1", { id: "otto" }]);
    const bad = await send("otto", "POST", "/api/ops/merchants/%20/notifications/test", reason);
    expect([bad.status, bad.fake.calls]).toEqual([404, []]);
  });
});
