import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FleetIncident, FleetIncidentQuery } from "../../src/contract/fleet-incident.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { fleetIncidentById, listFleetIncidents } from "../../src/postgres/queries.ts";
import { aFleetIncident, at } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

/** Seven, two of the same instant; the two newest are open. */
const ROWS: FleetIncident[] = Array.from({ length: 7 }, (_, i) =>
  aFleetIncident({
    id: `fli_${i + 1}`,
    key: i % 2 ? "storm" : `cohort:version:demo-shop@1.2.${i}`,
    kind: i % 2 ? "storm" : "cohort",
    opened_at: at(Math.floor(i / 2) * 60),
    ...(i < 5 ? { status: "resolved", resolved_at: at(9000), resolution: "contact is back" } : {}),
  }),
);
const newestFirst = ROWS.toSorted((a, b) => b.opened_at.localeCompare(a.opened_at) || (b.id < a.id ? -1 : 1));

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await write(...ROWS);
});
afterAll(() => database.stop());

const write = (...rows: FleetIncident[]) =>
  writeLedger(
    database.db,
    rows.map((row) => ({ kind: "fleet_incident", row })),
  );
const list = (query: object) => listFleetIncidents(database.db, FleetIncidentQuery.parse(query));

describe("fleet incidents", () => {
  it("come back as they were written, newest first, also page by page", async () => {
    expect(await list({})).toEqual({ ok: true, value: { items: newestFirst, next_cursor: null } });
    const first = await list({ limit: 3 });
    if (!first.ok || first.value.next_cursor === null) throw new Error("expected a second page");
    const second = await list({ limit: 10, cursor: first.value.next_cursor });
    expect(second.ok && [...first.value.items, ...second.value.items]).toEqual(newestFirst);
  });

  it("are filtered by status, and found by id", async () => {
    const open = await list({ status: "open" });
    expect(open.ok && open.value.items.map(({ id }) => id)).toEqual(["fli_7", "fli_6"]);
    expect(await fleetIncidentById(database.db, "fli_2")).toEqual(ROWS[1]);
    expect(await fleetIncidentById(database.db, "fli_99")).toBeNull();
  });

  it("refuse the cursor of another list", async () => {
    expect(await list({ cursor: "bm9uZQ" })).toMatchObject({ ok: false, refusal: { field: "cursor" } });
  });

  it("take only newer revisions, and hold one open per key", async () => {
    const row = aFleetIncident({ id: "fli_20", key: "k", revision: 2, plugin_count: 9 });
    await write(row);
    await write({ ...row, revision: 1, plugin_count: 3 });
    expect(await fleetIncidentById(database.db, "fli_20")).toEqual(row);
    await expect(write({ ...row, id: "fli_21" })).rejects.toThrow();
    await write(
      { ...row, revision: 3, status: "resolved", resolved_at: at(60), resolution: "over" },
      { ...row, id: "fli_21", revision: 1 },
    );
    expect((await fleetIncidentById(database.db, "fli_21"))?.status).toBe("open");
  });
});
