/** What Postgres holds of one plugin, and the promise that every row of it is there once. */
import { expect } from "vitest";
import type { World } from "./world.ts";

/** After an outage the outbox tries again by its back-off, a minute apart at most. */
const DELIVERY_WAIT_MS = 90_000;

export interface PluginLedger {
  incidents: { id: string; revision: number; type: string; status: string; version: string }[];
  /** In the order they were made. */
  attempts: {
    id: string;
    revision: number;
    status: string;
    target_version: string | null;
    reason: string | null;
  }[];
  commands: {
    id: string;
    revision: number;
    number: number;
    type: string;
    status: string;
    error: string | null;
  }[];
  events: { incident_id: string; number: number; kind: string }[];
  feedback: { attempt_id: string; outcome: string }[];
  notifications: { kind: string; urgency: string }[];
}

/** Waits until the plugin's outbox is empty, then reads everything of it. */
export async function ledgerOf(world: World, pluginId: string): Promise<PluginLedger> {
  await world.delivered(pluginId, DELIVERY_WAIT_MS);
  const read = <R extends object>(columns: string, table: string, order: string) =>
    world.rows<R>(`SELECT ${columns} FROM ${table} WHERE plugin_id = $1 ORDER BY ${order}`, [pluginId]);
  return {
    incidents: await read("id, revision, type, status, version", "plugin_incidents", "detected_at, id"),
    attempts: await read(
      "id, revision, status, target_version, reason",
      "plugin_autopatch_attempts",
      "created_at, id",
    ),
    commands: await read("id, revision, number, type, status, error", "plugin_agent_commands", "number"),
    events: await read("incident_id, number, kind", "incident_events", "incident_id, number"),
    feedback: await read("attempt_id, outcome", "sira_learning_feedback", "finished_at, attempt_id"),
    notifications: await read("kind, urgency", "notifications", "at, id"),
  };
}

/** Kinds of the timeline's lines, in order, of those that are asked for. */
export function kindsOf(ledger: PluginLedger, asked: readonly string[]): string[] {
  return ledger.events.map(({ kind }) => kind).filter((kind) => asked.includes(kind));
}

/**
 * Nothing is missing, nothing is there twice: lines and commands are numbered without gaps, every attempt that can teach has
 * taught once, what the object still remembers is in the ledger at the same revision, and nothing there is still under way.
 */
export async function expectWhole(world: World, pluginId: string, ledger: PluginLedger): Promise<void> {
  for (const { id } of ledger.incidents) {
    const numbers = ledger.events.filter((event) => event.incident_id === id).map(({ number }) => number);
    expect(numbers, `timeline of ${id}`).toEqual(numbers.map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThan(0);
  }
  expect(ledger.commands.map(({ number }) => number)).toEqual(ledger.commands.map((_, index) => index + 1));
  const taught = ledger.attempts.filter(({ status }) =>
    ["success", "rolled_back", "failed"].includes(status),
  );
  expect(ledger.feedback.map(({ attempt_id }) => attempt_id).sort()).toEqual(
    taught.map(({ id }) => id).sort(),
  );

  const { live } = await world.live(pluginId);
  expect(live.attempt).toBeNull();
  const marks = (rows: readonly { id: string; revision: number; status: string }[]) =>
    rows.map(({ id, revision, status }) => ({ id, revision, status }));
  const known = new Set(live.open_incidents.map(({ id }) => id));
  expect(marks(ledger.incidents.filter(({ id }) => known.has(id)))).toEqual(marks(live.open_incidents));
  expect(marks(ledger.commands).slice(-live.commands.length || ledger.commands.length)).toEqual(
    marks(live.commands),
  );
}

/** Every stream of the audit log follows from its first entry. @returns the number of entries */
export async function expectAuditVerifies(world: World): Promise<number> {
  const streams = await world.rows<{ stream: string; entries: number; broken_at: string | null }>(
    `SELECT stream, verified.entries::int, verified.broken_at
     FROM (SELECT DISTINCT stream FROM audit_log) AS streams, LATERAL audit_verify(stream) AS verified`,
  );
  for (const { stream, broken_at } of streams) expect(broken_at, `audit stream ${stream}`).toBeNull();
  return streams.reduce((sum, { entries }) => sum + entries, 0);
}
