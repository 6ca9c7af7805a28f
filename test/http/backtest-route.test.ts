import { describe, expect, it } from "vitest";
import { BacktestReply } from "../../src/contract/backtest.ts";
import { createApp } from "../../src/http/app.ts";
import { aPolicy } from "../builders/ledger.ts";
import { aServer, json } from "../services/loopback-server.ts";
import { aFakeEnv, asPerson, ORIGIN } from "./fake-env.ts";

const app = createApp();
const read = async () => aPolicy();

async function send(subject: string, body: unknown, overrides = {}) {
  const fake = aFakeEnv({ policy: { read } }, overrides);
  const init = { method: "POST", headers: await asPerson(subject), body: JSON.stringify(body) };
  const response = await app.request(`${ORIGIN}/api/ops/policy/backtest`, init, fake.env);
  return { status: response.status, body: await response.json(), calls: fake.calls };
}

/** A Postgres behind Neon's protocol in which nothing happened yet. */
async function anEmptyLedger() {
  const field = { name: "incidents", dataTypeID: 23, tableID: 0, columnID: 0, dataTypeSize: 4 };
  const none = { command: "SELECT", rowCount: 0, fields: [], rows: [], rowAsArray: true };
  const counted = { ...none, rowCount: 1, fields: [field], rows: [["0"]] };
  const { url } = await aServer((_, response) => json(response, 200, { results: [counted, none] }));
  return { NEON_PROXY_URL: url };
}

describe("a back-test by request", () => {
  it("answers for a patch over the policy in force, reads only, and changes nothing", async () => {
    const { status, body, calls } = await send(
      "otto",
      { days: 3, patch: { mode: "auto" } },
      await anEmptyLedger(),
    );
    expect(status).toBe(200);
    expect(BacktestReply.parse(body)).toMatchObject({
      days: 3,
      incidents: 0,
      replayed: 0,
      changed: 0,
      items: [],
    });
    expect(calls).toEqual(["policy/policy.read"]);
  });

  it("is for operators and admins", async () => {
    for (const subject of ["vera", "anna"]) {
      const { status, calls } = await send(subject, { patch: {} });
      expect([status, calls]).toEqual([403, []]);
    }
  });

  it.each([
    [{}, "document"],
    [{ patch: {}, document: aPolicy().document }, "document"],
    [{ days: 31, patch: {} }, "days"],
    [{ days: 0, patch: {} }, "days"],
    [{ days: 1.5, patch: {} }, "days"],
    [{ patch: { mode: "yolo" } }, "patch.mode"],
    [{ patch: { canary: { stages: [] } } }, "patch.canary.stages"],
    [{ document: { mode: "auto", max_severty: "low" } }, "document"],
  ])("refuses %o at %s", async (input, field) => {
    const { status, body } = await send("otto", input);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "invalid", field } });
  });

  it("says when the records cannot be read", async () => {
    expect((await send("otto", { patch: {} })).status).toBe(503);
  });
});
