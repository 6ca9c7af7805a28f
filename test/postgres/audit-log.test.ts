import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeLedger } from "../../src/postgres/ledger.ts";
import { anAuditRecord } from "../builders/ledger.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const append = (stream: string, id: string) =>
  writeLedger(database.db, [{ kind: "audit", row: anAuditRecord({ stream, id, data: { id, é: 1.5 } }) }]);
const verify = async (stream: string) => {
  const { rows } = await database.asApp("SELECT entries, broken_at FROM audit_verify($1)", [stream]);
  return { entries: Number(rows[0]?.entries), brokenAt: rows[0]?.broken_at };
};

describe("audit log", () => {
  it("chains every entry under concurrent writers, without gap or fork", async () => {
    await Promise.all(Array.from({ length: 200 }, (_, i) => append(`stream-${i % 2}`, `concurrent-${i}`)));
    for (const stream of ["stream-0", "stream-1"]) {
      expect(await verify(stream)).toEqual({ entries: 100, brokenAt: null });
      const { rows } = await database.asApp("SELECT seq, id FROM audit_log WHERE stream = $1 ORDER BY seq", [
        stream,
      ]);
      expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
      expect(new Set(rows.map((row) => row.id)).size).toBe(100);
    }
  });

  it("adds nothing for an id it has, also among new entries", async () => {
    await append("repeat", "repeat-1");
    await append("repeat", "repeat-1");
    await Promise.all([
      append("repeat", "repeat-2"),
      append("repeat", "repeat-2"),
      append("repeat", "repeat-3"),
    ]);
    expect(await verify("repeat")).toEqual({ entries: 3, brokenAt: null });
  });

  it("can be recomputed outside Postgres from what it stores", async () => {
    await append("outside", "outside-1");
    await append("outside", "outside-2");
    const { rows } = await database.asApp(
      `SELECT stream, seq::text, id, at, actor, action, subject, data::text, hash
       FROM audit_log WHERE stream = 'outside' ORDER BY seq`,
    );
    let previous: Buffer = Buffer.alloc(32);
    for (const row of rows) {
      const hash = createHash("sha256").update(Buffer.of(0)).update(previous);
      const { stream, seq, id, at, actor, action, subject, data } = row;
      for (const field of [stream, seq, id, at.toISOString(), actor, action, subject, data]) {
        const bytes = Buffer.from(field, "utf8");
        const length = Buffer.alloc(4);
        length.writeUInt32BE(bytes.length);
        hash.update(length).update(bytes);
      }
      previous = hash.digest();
      expect(previous.equals(row.hash)).toBe(true);
    }
  });

  it("ignores a chain position that the writer claims", async () => {
    await database.asApp(`
      INSERT INTO audit_log (stream, seq, id, at, actor, action, subject, data, prev_hash, hash)
      VALUES ('claimed', 77, 'claimed-1', now(), 'eve', 'x', 'x', '{}', '\\x00', '\\x00')`);
    expect(await verify("claimed")).toEqual({ entries: 1, brokenAt: null });
  });

  it.each([
    "UPDATE audit_log SET actor = 'eve'",
    "DELETE FROM audit_log",
    "TRUNCATE audit_log",
    "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "DROP TABLE audit_log",
  ])("refuses the application's role: %s", async (statement) => {
    await expect(database.asApp(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it.each(["UPDATE audit_log SET actor = 'eve'", "DELETE FROM audit_log", "TRUNCATE audit_log"])(
    "refuses even the owner, also as a replica: %s",
    async (statement) => {
      await expect(database.asOwner(statement)).rejects.toThrow("audit_log is insert-only");
      await expect(
        database.asOwner(`BEGIN; SET LOCAL session_replication_role = replica; ${statement}; COMMIT`),
      ).rejects.toThrow("audit_log is insert-only");
    },
  );

  it("shows where an owner who switched the triggers off rewrote history", async () => {
    for (const n of [1, 2, 3]) await append("rewritten", `rewritten-${n}`);
    await database.asOwner("ALTER TABLE audit_log DISABLE TRIGGER audit_refuse_change");
    await database.asOwner("UPDATE audit_log SET actor = 'eve' WHERE id = 'rewritten-2'");
    await database.asOwner("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_refuse_change");
    expect(await verify("rewritten")).toEqual({ entries: 3, brokenAt: "2" });
  });
});
