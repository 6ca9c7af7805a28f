import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FeedbackRequest } from "../../src/contract/decision.ts";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { lessonsPage, type Page, votesPage } from "../../src/postgres/queries.ts";
import { aFeedback, anIncident, at, attemptId, incidentId, pluginId } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

async function everyPage<Row>(read: (after: string[] | null) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string[] | null = null;
  do {
    const page: Page<Row> = await read(after);
    rows.push(...page.rows);
    after = page.next;
  } while (after !== null);
  return rows;
}

describe("what SIRA was told", () => {
  it("comes back whole, oldest first, every revision, of one product only, whatever the size of a page", async () => {
    // Several of one instant, so that a page may end within a tie.
    const lessons: FeedbackRequest[] = Array.from({ length: 11 }, (_, i) =>
      aFeedback({ attempt_id: attemptId(i + 1), finished_at: at(Math.floor(i / 3) * 60), revision: 1 }),
    );
    const relapsed = aFeedback({
      attempt_id: attemptId(3),
      revision: 2,
      outcome: "failed",
      reason: "came back in its bake",
      finished_at: at(3600),
    });
    const { target_version: _, ...config } = aFeedback({
      attempt_id: attemptId(20),
      action: "config",
      remedy: "rmd_timeouts",
      incident_type: "webhook_fail_rate",
      revision: 1,
      finished_at: at(7200),
    });
    const other = aFeedback({ attempt_id: attemptId(21), product: "other-pay" });
    const { revision: __, ...untold } = aFeedback({ attempt_id: attemptId(22), finished_at: at(8000) });
    await writeLedger(
      database.db,
      [config, ...lessons.toReversed(), relapsed, other, untold].map((row) => ({ kind: "feedback", row })),
    );
    const expected = [...lessons, relapsed, config, { ...untold, revision: 1 }];
    for (const limit of [1, 4, 14, 100])
      expect(await everyPage((after) => lessonsPage(database.db, "demo-shop", after, limit))).toEqual(
        expected,
      );
  });

  it("includes people's votes, with the signature of their incident", async () => {
    const about = (n: number) => anIncident({ id: incidentId(n), plugin_id: pluginId(n) });
    const vote = (n: number, person: string) => ({
      incident_id: incidentId(n),
      plugin_id: pluginId(n),
      person,
      revision: 1,
      vote: "false_positive" as const,
      at: at(60),
    });
    const votes = [vote(1, "anna"), vote(1, "otto"), vote(2, "anna")];
    await writeLedger(database.db, [
      { kind: "incident", row: about(1) },
      { kind: "incident", row: { ...about(2), signature: "error_spike:boom" } },
      ...votes.map((row) => ({ kind: "vote" as const, row: { ...row, reason: "a test order" } })),
    ]);
    const { product, signature } = about(1);
    const expected = [
      { ...votes[0], product, signature },
      { ...votes[1], product, signature },
      { ...votes[2], product, signature: "error_spike:boom" },
    ];
    for (const limit of [1, 2, 100])
      expect(await everyPage((after) => votesPage(database.db, product, after, limit))).toEqual(expected);
    expect(await everyPage((after) => votesPage(database.db, "other-pay", after, 10))).toEqual([]);
  });
});
