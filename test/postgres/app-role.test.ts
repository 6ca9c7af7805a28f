import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../local/migrate.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

/** Inserted once, never updated. */
const INSERT_ONLY = [
  "merchants",
  "incident_events",
  "approvals",
  "sira_learning_feedback",
  "ops_policy_history",
  "audit_log",
];

describe("the Worker's role", () => {
  it("owns nothing and is nobody special", async () => {
    const { rows } = await database.asOwner(`
      SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
        (SELECT count(*)::int FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') AS owns,
        (SELECT count(*)::int FROM pg_auth_members WHERE member = r.oid) AS memberships
      FROM pg_roles r WHERE rolname = 'vigie_app'`);
    expect(rows[0]).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolbypassrls: false,
      owns: 0,
      memberships: 0,
    });
  });

  it("may read and insert everywhere, update where rows have revisions, and delete nowhere", async () => {
    const { rows } = await database.asOwner(`
      SELECT relname AS table,
        has_table_privilege('vigie_app', oid, 'SELECT, INSERT') AS insert,
        has_table_privilege('vigie_app', oid, 'UPDATE') AS update,
        has_table_privilege('vigie_app', oid, 'DELETE, TRUNCATE, REFERENCES, TRIGGER') AS more
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations'`);
    expect(rows.length).toBe(17);
    for (const row of rows) {
      expect(row).toEqual({
        table: row.table,
        insert: true,
        update: !INSERT_ONLY.includes(row.table),
        more: false,
      });
    }
  });

  it.each([
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER TABLE plugin_autopatch_attempts DISABLE TRIGGER attempt_moves",
    "INSERT INTO schema_migrations (name, sha256) VALUES ('x', 'x')",
    "DELETE FROM plugin_incidents",
  ])("is refused: %s", async (statement) => {
    await expect(database.asApp(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it("gets a login where the privileges allow it, and the owner is told where not", async () => {
    const appPassword = "a password with 'quotes' & an @";
    const { appUrl } = await migrate(database.postgres.adminUrl, { log: () => {}, appPassword });
    expect(new URL(appUrl ?? "").username).toBe("vigie_app");
    const { applied } = await migrate(database.postgres.adminUrl, { log: () => {} });
    expect(applied).toEqual([]);

    await database.asOwner("CREATE ROLE tenant LOGIN PASSWORD 'tenant'");
    await database.asOwner("CREATE DATABASE hosted OWNER tenant");
    const hosted = new URL(database.postgres.adminUrl);
    hosted.username = "tenant";
    hosted.password = "tenant";
    hosted.pathname = "/hosted";
    const lines: string[] = [];
    const tenant = await migrate(hosted.href, { log: (line) => lines.push(line), appPassword: "x" });
    expect(tenant.appUrl).toBeNull();
    expect(tenant.applied.length).toBeGreaterThan(0);
    expect(lines.join("\n")).toContain("it will connect as the owner");
  });
});
