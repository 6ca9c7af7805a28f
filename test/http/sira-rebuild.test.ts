/** The rebuild of SIRA's memory: an admin's, from real records, whole or not at all. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RebuildPage, SiraRpc } from "../../src/contract/rpc/sira.ts";
import type { RebuildReply } from "../../src/contract/sira-memory.ts";
import { createApp } from "../../src/http/app.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { aFeedback, anIncident, attemptId, incidentId, pluginId } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "../postgres/database.ts";
import { aFakeEnv, asPerson, ORIGIN } from "./fake-env.ts";

const app = createApp();
const REPLY: RebuildReply = {
  dry_run: false,
  attempts: 1,
  votes: 0,
  added: 1,
  corrected: 0,
  dropped: 0,
  kept: 0,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

/** A SiraObject that keeps what it is handed. */
function aSira(over: Partial<SiraRpc> = {}) {
  const pages: RebuildPage[] = [];
  const finished: unknown[][] = [];
  const sira: Partial<SiraRpc> = {
    beginRebuild: async () => 7,
    rebuildPage: async (number, page) => {
      expect(number).toBe(7);
      pages.push(page);
      return { ok: true, value: { taken: page.feedback.length + page.votes.length } };
    },
    finishRebuild: async (...args) => {
      finished.push(args);
      return { ok: true, value: REPLY };
    },
    ...over,
  };
  return { sira, pages, finished };
}

async function rebuild(
  sira: Partial<SiraRpc>,
  options: { person?: string; product?: string; body?: unknown; down?: boolean } = {},
) {
  const { person = "ada", product = "demo-shop", body = { reason: "the records were mended" } } = options;
  const address = options.down
    ? {}
    : { DATABASE_URL: database.postgres.appUrl, NEON_PROXY_URL: database.proxy.url };
  const fake = aFakeEnv({ sira }, address);
  const response = await app.request(
    `${ORIGIN}/api/ops/sira/${product}/rebuild`,
    { method: "POST", headers: await asPerson(person), body: JSON.stringify(body) },
    fake.env,
  );
  return { status: response.status, body: (await response.json()) as unknown, calls: fake.calls };
}

describe("POST /api/ops/sira/:product/rebuild", () => {
  it("hands over every lesson and vote of the product, then finishes, in the person's name", async () => {
    // More than two pages of lessons, and a vote.
    const lessons = Array.from({ length: 2100 }, (_, i) =>
      aFeedback({ attempt_id: attemptId(i + 1), revision: 1 }),
    );
    for (let i = 0; i < lessons.length; i += 300)
      await writeLedger(
        database.db,
        lessons.slice(i, i + 300).map((row) => ({ kind: "feedback", row })),
      );
    await writeLedger(database.db, [
      { kind: "feedback", row: aFeedback({ attempt_id: attemptId(9000), product: "other-shop" }) },
      { kind: "incident", row: anIncident({ id: incidentId(1), plugin_id: pluginId(1) }) },
      {
        kind: "vote",
        row: {
          incident_id: incidentId(1),
          plugin_id: pluginId(1),
          person: "vera",
          revision: 1,
          vote: "useful",
          reason: "it was so",
          at: "2026-11-22T10:00:00.000Z",
        },
      },
    ]);
    const { sira, pages, finished } = aSira();
    const answer = await rebuild(sira);
    expect(answer).toMatchObject({ status: 200, body: REPLY });
    const told = pages.flatMap(({ feedback }) => feedback.map(({ attempt_id }) => attempt_id));
    expect(told.toSorted()).toEqual(lessons.map(({ attempt_id }) => attempt_id).toSorted());
    expect(pages.flatMap(({ votes }) => votes)).toMatchObject([{ person: "vera", vote: "useful" }]);
    expect(Math.max(...pages.map(({ feedback }) => feedback.length))).toBeLessThanOrEqual(1000);
    expect(finished).toMatchObject([
      [7, { dry_run: false, reason: "the records were mended" }, { id: "ada" }],
    ]);
    expect(answer.calls.every((call) => call.startsWith("sira/demo-shop."))).toBe(true);
  });

  it("passes on that it is only to be counted", async () => {
    const { sira, finished } = aSira();
    await rebuild(sira, { body: { dry_run: true, reason: "to see" } });
    expect(finished).toMatchObject([[7, { dry_run: true }, {}]]);
  });

  it.each(["vera", "otto", "anna", "nils"])("is not for %s", async (person) => {
    const { sira } = aSira();
    expect(await rebuild(sira, { person })).toMatchObject({ status: 403, calls: [] });
  });

  it.each<[string, { product?: string; body?: unknown }, number]>([
    ["a product that can be none", { product: "No%20Such" }, 404],
    ["no reason", { body: {} }, 400],
    ["a field that there is not", { body: { reason: "to see", dryrun: true } }, 400],
  ])("refuses %s, and begins nothing", async (_, over, status) => {
    const { sira } = aSira();
    expect(await rebuild(sira, over)).toMatchObject({ status, calls: [] });
  });

  it("leaves everything as it is when the records cannot be read", async () => {
    const { sira, finished } = aSira();
    expect((await rebuild(sira, { down: true })).status).toBe(503);
    expect(finished).toEqual([]);
  });

  it("stops when another rebuild has begun since", async () => {
    const refused = { ok: false, refusal: { reason: "conflict", message: "begin again" } } as const;
    const { sira, finished } = aSira({ rebuildPage: async () => refused });
    expect(await rebuild(sira)).toMatchObject({ status: 409, body: { error: { message: "begin again" } } });
    expect(finished).toEqual([]);
  });
});
