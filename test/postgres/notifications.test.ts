import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LedgerRecord } from "../../src/contract/ledger.ts";
import {
  type MerchantNotificationsRow,
  NotificationQuery,
  type NotificationRow,
} from "../../src/contract/notification.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { listNotifications, merchantExists } from "../../src/postgres/queries.ts";
import { aMerchant, at, incidentId } from "../builders/ledger.ts";
import { aNotice } from "../builders/notice.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const write = (...records: LedgerRecord[]) => writeLedger(database.db, records);
function aRow(over: Partial<NotificationRow> = {}): NotificationRow {
  const { facts: _facts, ...row } = aNotice();
  return { ...row, status: "queued", ...over };
}
const found = async (query: Record<string, unknown>) => {
  const page = await listNotifications(database.db, NotificationQuery.parse(query));
  if (!page.ok) throw new Error(page.refusal.reason);
  return page.value;
};

describe("a notice's row", () => {
  it("keeps the newest revision, whichever arrives last: the object that told writes the first, the desk the others", async () => {
    const sent = aRow({ revision: 3, audience: "ops", status: "sent", sent_at: at(5) });
    await write({ kind: "notification", row: sent });
    await write({ kind: "notification", row: aRow() });
    await write({ kind: "notification", row: aRow({ revision: 2, audience: "ops" }) });
    expect((await found({ incident_id: incidentId() })).items).toEqual([
      { ...sent, detail: null, digest_id: null, fleet_incident_id: null, attempt_id: null },
    ]);
  });

  it("may be about no plugin at all", async () => {
    const row = aRow({
      id: "fli_1.opened",
      kind: "fleet_incident_opened",
      incident_id: null,
      plugin_id: null,
      merchant_id: null,
      fleet_incident_id: "fli_1",
    });
    await write({ kind: "notification", row });
    expect((await found({ kind: "fleet_incident_opened" })).items).toMatchObject([
      { id: "fli_1.opened", incident_id: null, plugin_id: null, fleet_incident_id: "fli_1" },
    ]);
  });

  it("of before the desk has no status, and is read all the same", async () => {
    const {
      status: _status,
      merchant_id: _merchant,
      ...old
    } = aRow({ id: "old", incident_id: incidentId(9) });
    await write({ kind: "notification", row: old });
    expect((await found({ incident_id: incidentId(9) })).items).toMatchObject([
      { id: "old", status: null, revision: 1, audience: "ops" },
    ]);
  });
});

describe("the list of notices", () => {
  it("is filtered by audience, status and merchant, and paged to its end", async () => {
    const rows = Array.from({ length: 7 }, (_, i) =>
      aRow({
        id: `page-${i}`,
        merchant_id: "paged",
        audience: "merchant",
        status: "sent",
        at: at(100 + Math.floor(i / 3)),
      }),
    );
    await write(...rows.map((row) => ({ kind: "notification" as const, row })));
    const ids: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query = { audience: "merchant", merchant_id: "paged", status: "sent", limit: 3, cursor };
      const page: Awaited<ReturnType<typeof found>> = await found(query);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    }
    expect(ids).toEqual(["page-6", "page-5", "page-4", "page-3", "page-2", "page-1", "page-0"]);
    expect((await found({ merchant_id: "paged", status: "failed" })).items).toEqual([]);
    expect(await listNotifications(database.db, NotificationQuery.parse({ cursor: "x" }))).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "cursor" },
    });
  });
});

describe("a merchant's address in the ledger", () => {
  const address = (over: Partial<MerchantNotificationsRow> = {}): LedgerRecord => ({
    kind: "merchant_notifications",
    row: {
      merchant_id: aMerchant().id,
      revision: 1,
      language: "fr",
      url: "https://merchant.org/…",
      format: "slack",
      sealed: "v1.sealed",
      disabled: null,
      updated_at: at(0),
      updated_by: "otto",
      ...over,
    },
  });
  const stored = async () =>
    (
      await database.asOwner(
        "SELECT name, notify_revision, language, notify_url, notify_format, notify_secret, notify_disabled FROM merchants",
      )
    ).rows;

  it("is written to a merchant that is known, newest revision last, and never touches its name", async () => {
    await write({ kind: "merchant", row: aMerchant() });
    await write(address({ revision: 2, disabled: "answered 410" }));
    await write(address());
    expect(await stored()).toEqual([
      {
        name: aMerchant().name,
        notify_revision: 2,
        language: "fr",
        notify_url: "https://merchant.org/…",
        notify_format: "slack",
        notify_secret: "v1.sealed",
        notify_disabled: "answered 410",
      },
    ]);
    expect(await merchantExists(database.db, aMerchant().id)).toBe(true);
    expect(await merchantExists(database.db, "nobody")).toBe(false);
    await expect(database.asApp("UPDATE merchants SET name = 'x'")).rejects.toThrow(/permission denied/);
  });

  it("is taken away again", async () => {
    await write(address({ revision: 3, url: null, sealed: null }));
    expect(await stored()).toMatchObject([{ notify_revision: 3, notify_url: null, notify_secret: null }]);
  });
});
