import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentCommand } from "../../src/contract/agent-command.ts";
import { ATTEMPT_STATUSES } from "../../src/contract/attempt.ts";
import { COMMAND_TYPES } from "../../src/contract/command.ts";
import { Outcome } from "../../src/contract/decision.ts";
import { FLEET_INCIDENT_KINDS } from "../../src/contract/fleet-incident.ts";
import { ACTIONS, SEVERITIES } from "../../src/contract/ids.ts";
import { INCIDENT_STATUSES, INCIDENT_TYPES } from "../../src/contract/incident.ts";
import { NotificationKind, NotificationStatus } from "../../src/contract/notification.ts";
import { ReleaseStatus } from "../../src/contract/ops.ts";
import { PluginRecord } from "../../src/contract/plugin-record.ts";
import { SHADOW_OUTCOMES, SHADOW_VERDICTS } from "../../src/contract/shadow.ts";
import * as schema from "../../src/postgres/schema.ts";
import { startTestDatabase, type TestDatabase } from "./database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

describe("drizzle schema", () => {
  it("names every table and column of the migrations, with type and nullability", async () => {
    const { rows } = await database.asOwner(`
      SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        AND c.relname <> 'schema_migrations'
      ORDER BY c.relname, a.attnum`);
    const real = rows.map(({ table, column, type, required }) => `${table}.${column} ${type} ${required}`);
    const drawn = Object.values(schema)
      .filter((table) => is(table, PgTable))
      .map((table) => getTableConfig(table))
      .flatMap(({ name, columns }) =>
        columns.map(
          (column) => `${name}.${column.name} ${column.getSQLType()} ${column.notNull || column.primary}`,
        ),
      );
    expect(drawn.toSorted()).toEqual(real.toSorted());
  });

  it.each([
    ["plugin_incidents", "type", INCIDENT_TYPES],
    ["plugin_incidents", "severity", SEVERITIES],
    ["plugin_incidents", "status", INCIDENT_STATUSES],
    ["plugin_autopatch_attempts", "status", ATTEMPT_STATUSES],
    ["plugin_autopatch_attempts", "action", ACTIONS],
    ["plugin_agent_commands", "type", COMMAND_TYPES],
    ["plugin_agent_commands", "status", AgentCommand.shape.status.options],
    ["merchant_plugins", "status", PluginRecord.shape.status.options],
    ["merchant_plugins", "cadence", PluginRecord.shape.cadence.options],
    ["shadow_decisions", "action", ACTIONS],
    ["shadow_decisions", "would", SHADOW_VERDICTS],
    ["shadow_decisions", "outcome", SHADOW_OUTCOMES],
    ["notifications", "kind", NotificationKind.options],
    ["notifications", "status", NotificationStatus.options],
    ["sira_learning_feedback", "outcome", Outcome.options],
    ["plugin_releases", "status", ReleaseStatus.options],
    ["plugin_remedies", "status", ReleaseStatus.options],
    ["fleet_incidents", "kind", FLEET_INCIDENT_KINDS],
    ["ops_policy", "autopatch_max_severity", SEVERITIES],
  ])("%s.%s may hold exactly what the contract allows", async (table, column, values) => {
    const { rows } = await database.asOwner(
      `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE conrelid = $1::regclass AND contype = 'c' AND conname = $2`,
      [table, `${table}_${column}_check`],
    );
    const allowed = [...String(rows[0]?.definition).matchAll(/'([^']+)'::text/g)].map((match) => match[1]);
    expect(allowed.toSorted()).toEqual([...values].toSorted());
  });
});
