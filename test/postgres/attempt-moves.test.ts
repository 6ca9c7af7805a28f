import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ATTEMPT_STATUSES, TERMINAL_STATUSES } from "../../src/contract/attempt.ts";
import { ATTEMPT_TRANSITIONS, mayMove } from "../../src/core/attempt-transitions.ts";
import { classifyPgError, writeLedger } from "../../src/postgres/ledger.ts";
import { anAttempt, at, attemptId, incidentId, pluginId } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const terminal: readonly string[] = TERMINAL_STATUSES;
const finishedAt = (status: string) => (terminal.includes(status) ? at(900) : null);
const pairs = ATTEMPT_STATUSES.flatMap((from) => ATTEMPT_STATUSES.map((to) => ({ from, to })));

/** The code of the refusal, or null when it was written. */
async function outcomeOf(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (error: unknown) => classifyPgError(error).code ?? "none",
  );
}

describe("moves of an attempt", () => {
  it("lets a terminal status lead nowhere, and every other somewhere", () => {
    for (const status of ATTEMPT_STATUSES) {
      expect(ATTEMPT_TRANSITIONS[status].length === 0, status).toBe(terminal.includes(status));
    }
  });

  it("has the same arrows in SQL as in the core", async () => {
    const { rows } = await database.asOwner(
      `SELECT f AS "from", t AS "to", attempt_may_move(f, t) AS allowed
       FROM unnest($1::text[]) f CROSS JOIN unnest($1::text[]) t`,
      [ATTEMPT_STATUSES],
    );
    expect(rows.length).toBe(ATTEMPT_STATUSES.length ** 2);
    for (const { from, to, allowed } of rows) expect(allowed, `${from} -> ${to}`).toBe(mayMove(from, to));
  });

  it("is held by the trigger for every pair of statuses, and a finished row never changes", async () => {
    // The row is put in its starting status past the trigger, as the owner; the move itself is the ledger's.
    await database.asOwner("ALTER TABLE plugin_autopatch_attempts DISABLE TRIGGER attempt_begins");
    for (const [index, { from, to }] of pairs.entries()) {
      const plugin = index + 1;
      const row = anAttempt({
        id: attemptId(plugin),
        plugin_id: pluginId(plugin),
        incident_id: incidentId(plugin),
        status: from,
        finished_at: finishedAt(from),
      });
      await writeLedger(database.db, [{ kind: "attempt", row }]);
      const moved = { ...row, revision: 2, status: to, finished_at: finishedAt(to) };
      const outcome = await outcomeOf(writeLedger(database.db, [{ kind: "attempt", row: moved }]));
      const allowed = mayMove(from, to) || (from === to && !terminal.includes(from));
      expect(outcome, `${from} -> ${to}`).toBe(allowed ? null : "23514");
    }
    await database.asOwner("ALTER TABLE plugin_autopatch_attempts ENABLE TRIGGER attempt_begins");
  });

  it.each(ATTEMPT_STATUSES)("decides whether an attempt may begin as %s", async (status) => {
    const plugin = 1000 + ATTEMPT_STATUSES.indexOf(status);
    const row = anAttempt({
      id: attemptId(plugin),
      plugin_id: pluginId(plugin),
      status,
      finished_at: finishedAt(status),
    });
    const outcome = await outcomeOf(writeLedger(database.db, [{ kind: "attempt", row }]));
    expect(outcome).toBe(status === "pending" || mayMove("pending", status) ? null : "23514");
  });

  it("keeps what an attempt is about", async () => {
    const row = anAttempt({ id: attemptId(2000), plugin_id: pluginId(2000) });
    await writeLedger(database.db, [{ kind: "attempt", row }]);
    const other = { ...row, revision: 2, incident_id: incidentId(2001) };
    expect(await outcomeOf(writeLedger(database.db, [{ kind: "attempt", row: other }]))).toBe("23514");
  });

  it("needs an end exactly when it has ended", async () => {
    const row = anAttempt({ id: attemptId(2100), plugin_id: pluginId(2100), status: "failed" });
    expect(await outcomeOf(writeLedger(database.db, [{ kind: "attempt", row }]))).toBe("23514");
  });
});
