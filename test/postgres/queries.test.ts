import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Attempt } from "../../src/contract/attempt.ts";
import type { Incident } from "../../src/contract/incident.ts";
import { AttemptQuery, IncidentQuery, PluginQuery } from "../../src/contract/ops.ts";
import type { Result } from "../../src/contract/refusal.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import {
  incidentDetail,
  listAttempts,
  listIncidents,
  listPlugins,
  listReleases,
  pluginById,
  policyHistory,
} from "../../src/postgres/queries.ts";
import {
  aCommand,
  aDecision,
  anAttempt,
  anEvent,
  anIncident,
  aPluginRecord,
  aPolicy,
  aRelease,
  at,
  attemptId,
  commandId,
  incidentId,
  pluginId,
} from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

/** Twenty-five incidents, several of the same instant, so that a page may end within a tie. */
const INCIDENTS: Incident[] = Array.from({ length: 25 }, (_, i) =>
  anIncident({
    id: incidentId(i + 1),
    plugin_id: pluginId(i + 1),
    merchant_id: i % 2 ? "odd" : "even",
    severity: i % 5 === 0 ? "critical" : "low",
    status: i < 5 ? "open" : "resolved",
    type: i % 3 === 0 ? "error_spike" : "heartbeat_missed",
    detected_at: at(Math.floor(i / 4) * 60),
    resolved_at: i < 5 ? null : at(7200),
  }),
);
const newestFirst = INCIDENTS.toSorted(
  (a, b) => b.detected_at.localeCompare(a.detected_at) || (b.id < a.id ? -1 : 1),
);

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await writeLedger(
    database.db,
    INCIDENTS.map((row) => ({ kind: "incident", row })),
  );
});
afterAll(() => database.stop());

/** Follows the cursors to the end. */
async function everyPage<Item>(
  list: (cursor: string | undefined) => Promise<Result<{ items: Item[]; next_cursor: string | null }>>,
): Promise<Item[][]> {
  const pages: Item[][] = [];
  let cursor: string | undefined;
  do {
    const answer = await list(cursor);
    if (!answer.ok) throw new Error(JSON.stringify(answer.refusal));
    pages.push(answer.value.items);
    cursor = answer.value.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return pages;
}

describe("listIncidents", () => {
  const page = (query: object) => listIncidents(database.db, IncidentQuery.parse(query));

  it("gives back what was written, newest first, in one page", async () => {
    expect(await page({})).toEqual({ ok: true, value: { items: newestFirst, next_cursor: null } });
  });

  it.each([1, 3, 4, 7, 24, 25, 26])("pages by %i without a gap or a repeat", async (limit) => {
    const pages = await everyPage<Incident>((cursor) => page({ limit, cursor }));
    expect(pages.flat()).toEqual(newestFirst);
    expect(pages.length).toBe(Math.ceil(25 / limit));
  });

  it("neither repeats nor skips when a newer incident arrives between two pages", async () => {
    const first = await page({ limit: 10 });
    if (!first.ok) throw new Error("refused");
    const late = anIncident({ id: incidentId(99), plugin_id: pluginId(99), detected_at: at(9999) });
    await writeLedger(database.db, [{ kind: "incident", row: late }]);
    const second = await page({ limit: 50, cursor: first.value.next_cursor });
    expect(second.ok && [...first.value.items, ...second.value.items]).toEqual(newestFirst);
    await database.asOwner("DELETE FROM plugin_incidents WHERE id = $1", [late.id]);
  });

  it.each<[string, object, (row: Incident) => boolean]>([
    ["status", { status: "open,healing" }, (row) => row.status === "open"],
    ["severity", { severity: ["critical"] }, (row) => row.severity === "critical"],
    ["type", { type: "error_spike" }, (row) => row.type === "error_spike"],
    ["merchant", { merchant_id: "odd" }, (row) => row.merchant_id === "odd"],
    ["plugin", { plugin_id: pluginId(7) }, (row) => row.plugin_id === pluginId(7)],
    ["product", { product: "other" }, () => false],
    ["since and until", { since: at(60), until: at(120) }, (row) => row.detected_at === at(60)],
    ["an empty filter", { status: "" }, () => true],
    [
      "all at once",
      { status: "resolved", merchant_id: "even", severity: "low" },
      (row) => row.status === "resolved" && row.merchant_id === "even" && row.severity === "low",
    ],
  ])("filters by %s", async (_, query, matches) => {
    expect(await page(query)).toMatchObject({ ok: true, value: { items: newestFirst.filter(matches) } });
  });

  it("keeps filters over pages", async () => {
    const pages = await everyPage<Incident>((cursor) => page({ limit: 2, status: "resolved", cursor }));
    expect(pages.flat()).toEqual(newestFirst.filter((row) => row.status === "resolved"));
  });

  const forged = (change: object) =>
    Buffer.from(JSON.stringify({ list: "incidents", at: at(0), id: "x", ...change })).toString("base64url");
  it.each([
    "x",
    "e30",
    "bm90IGpzb24",
    "-_-_",
    `${"A".repeat(200)}`,
    forged({ id: "\u0000" }),
    forged({ at: "0000-01-01T00:00:00Z" }),
  ])("refuses the cursor %s", async (cursor) => {
    expect(await page({ cursor })).toEqual({
      ok: false,
      refusal: { reason: "invalid", message: "not a cursor of this list", field: "cursor" },
    });
  });
});

describe("incidentDetail", () => {
  it("is null for an incident that does not exist", async () => {
    expect(await incidentDetail(database.db, incidentId(500))).toBeNull();
    expect(await incidentDetail(database.db, "'; --")).toBeNull();
  });

  it("brings timeline, attempts, commands and plugin together, each in its order", async () => {
    const mine = { plugin_id: pluginId(60), incident_id: incidentId(60) };
    const incident = anIncident({ id: incidentId(60), plugin_id: pluginId(60), decision: aDecision() });
    const plugin = aPluginRecord({ id: pluginId(60) });
    const ended = { status: "failed" as const, finished_at: at(200), reason: "staging: exit-code" };
    const attempts = [
      anAttempt({ ...mine, id: attemptId(60, 1), ...ended }),
      anAttempt({ ...mine, id: attemptId(60, 2), created_at: at(300) }),
    ];
    const timeline = [1, 2, 10].map((number) => anEvent({ ...mine, id: `e-${number}`, number }));
    const commands = [1, 2].map((n) =>
      aCommand({ id: commandId(60, n), plugin_id: pluginId(60), attempt_id: attemptId(60, n), number: n }),
    );
    const foreign = aCommand({ id: commandId(61), plugin_id: pluginId(61), attempt_id: attemptId(61) });
    await writeLedger(database.db, [
      { kind: "plugin", row: plugin, credential: { kind: "hmac", sealed: "never shown" } },
      { kind: "incident", row: incident },
      ...attempts.toReversed().map((row) => ({ kind: "attempt" as const, row })),
      ...timeline.toReversed().map((row) => ({ kind: "event" as const, row })),
      ...[...commands.toReversed(), foreign].map((row) => ({ kind: "command" as const, row })),
    ]);
    expect(await incidentDetail(database.db, incident.id)).toEqual({
      incident,
      timeline,
      attempts,
      commands,
      plugin,
      votes: [],
    });
  });
});

describe("listAttempts", () => {
  const page = (query: object) => listAttempts(database.db, AttemptQuery.parse(query));
  const mine = Array.from({ length: 9 }, (_, i) =>
    anAttempt({
      id: attemptId(70 + i),
      plugin_id: pluginId(70 + i),
      incident_id: incidentId(70 + i),
      product: "paged",
      target_version: i % 2 ? "1.2.4" : "1.2.3",
      created_at: at(1000 + Math.floor(i / 3)),
    }),
  );

  it("pages and filters", async () => {
    await writeLedger(
      database.db,
      mine.map((row) => ({ kind: "attempt", row })),
    );
    const sorted = mine.toSorted(
      (a, b) => b.created_at.localeCompare(a.created_at) || (b.id < a.id ? -1 : 1),
    );
    const all = await page({ product: "paged" });
    expect(all).toEqual({ ok: true, value: { items: sorted, next_cursor: null } });
    const pages = await everyPage((cursor) => page({ product: "paged", limit: 2, cursor }));
    expect(pages.flat()).toEqual(sorted);
    expect(await page({ product: "paged", target_version: "1.2.4" })).toMatchObject({
      value: { items: sorted.filter((row) => row.target_version === "1.2.4") },
    });
    expect(await page({ incident_id: incidentId(70), status: "pending" })).toMatchObject({
      value: { items: [{ id: attemptId(70) }] },
    });
    expect(await page({ product: "paged", status: "success" })).toMatchObject({ value: { items: [] } });
  });

  it("finds those that ask a person: to let them begin, or to keep what they changed", async () => {
    const one = (n: number, over: Partial<Attempt>): Attempt =>
      anAttempt({ ...over, id: attemptId(n), plugin_id: pluginId(n), product: "asked", created_at: at(n) });
    /** The ledger takes only moves along the arrows. */
    const watched = (n: number, asked_until: string | null): Attempt[] => [
      one(n, { status: "staging" }),
      one(n, { status: "applying", revision: 2 }),
      one(n, { status: "verifying", revision: 3, asked_until }),
    ];
    const write = (rows: Attempt[]) =>
      writeLedger(
        database.db,
        rows.map((row) => ({ kind: "attempt", row })),
      );
    const asking = () => page({ product: "asked", asking: "true" });
    await write([
      one(160, { status: "pending" }),
      one(161, { status: "awaiting_approval" }),
      one(162, { status: "cancelled", finished_at: at(300) }),
      ...watched(163, at(900)),
      ...watched(164, null),
    ]);
    expect(await asking()).toMatchObject({
      value: { items: [{ id: attemptId(163), asked_until: at(900) }, { id: attemptId(161) }] },
    });
    await write([one(163, { status: "rolling_back", revision: 4, asked_until: null })]);
    expect(await asking()).toMatchObject({ value: { items: [{ id: attemptId(161) }] } });
  });

  it("refuses a cursor of another list", async () => {
    const foreign = await listIncidents(database.db, IncidentQuery.parse({ limit: 1 }));
    const cursor = foreign.ok ? foreign.value.next_cursor : null;
    expect(await page({ cursor })).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "cursor" },
    });
  });
});

describe("plugins, releases and policy history", () => {
  it("pages plugins by enrolment and finds one by id, without its credential", async () => {
    const fleet = [80, 81, 82].map((n) =>
      aPluginRecord({
        id: pluginId(n),
        product: "fleet",
        enrolled_at: at(n),
        last_seen_at: null,
        site_url: null,
      }),
    );
    await writeLedger(
      database.db,
      fleet.map((row) => ({ kind: "plugin", row, credential: { kind: "ed25519", public_key: "key" } })),
    );
    const first = await listPlugins(database.db, PluginQuery.parse({ product: "fleet", limit: 2 }));
    if (!first.ok) throw new Error("refused");
    const second = await listPlugins(
      database.db,
      PluginQuery.parse({ product: "fleet", limit: 2, cursor: first.value.next_cursor }),
    );
    expect(second.ok && [...first.value.items, ...second.value.items]).toEqual(fleet.toReversed());
    expect(await pluginById(database.db, pluginId(81))).toEqual(fleet[1]);
    expect(await pluginById(database.db, pluginId(400))).toBeNull();
  });

  it("lists releases of one product or of all, newest first", async () => {
    const rows = [
      aRelease(),
      aRelease({ version: "1.2.4", published_at: at(60) }),
      aRelease({ product: "other" }),
    ];
    await writeLedger(
      database.db,
      rows.map((row) => ({ kind: "release", row })),
    );
    expect(await listReleases(database.db, "demo-shop")).toEqual({ items: [rows[1], rows[0]] });
    expect((await listReleases(database.db)).items).toHaveLength(3);
  });

  it("lists the latest revisions of the policy", async () => {
    const rows = [1, 2, 3].map((revision) =>
      aPolicy({ revision, reason: `change ${revision}`, updated_at: at(revision) }),
    );
    await writeLedger(
      database.db,
      rows.map((row) => ({ kind: "policy", row })),
    );
    const history = await policyHistory(database.db, 2);
    expect(history.map(({ revision }) => revision)).toEqual([3, 2]);
    expect(history[0]).toEqual({
      revision: 3,
      document: rows[2]?.document,
      changed_by: "awa",
      reason: "change 3",
      changed_at: at(3),
    });
  });
});
